// A backend for unit tests of state modules: it answers what the test says and remembers what was asked.

import { CommandError, type Answer, type Args, type Backend, type CommandName } from '../backend';

type Call = { [K in CommandName]: { name: K; args: Args<K> } }[CommandName];
type Handlers = { [K in CommandName]?: (args: Args<K>) => Answer<K> | Promise<Answer<K>> };

export interface Recorder extends Backend {
  calls: Call[];
  /** The arguments of every call of one command, in order. */
  asked<K extends CommandName>(name: K): Args<K>[];
}

export function recorder(handlers: Handlers = {}): Recorder {
  const calls: Call[] = [];
  return {
    calls,
    asked<K extends CommandName>(name: K): Args<K>[] {
      return calls
        .filter((call): call is Extract<Call, { name: K }> => call.name === name)
        .map((call) => call.args);
    },
    async invoke<K extends CommandName>(name: K, args: Args<K>): Promise<Answer<K>> {
      calls.push({ name, args } as Extract<Call, { name: K }>);
      const handler = handlers[name];
      if (!handler) throw new CommandError('internal', `the test does not answer ${name}`);
      return handler(args);
    },
    on: () => () => undefined,
    watch: () => () => undefined,
    upload: () => Promise.resolve('upload-1'),
    mediaUrl: () => null,
    desktop: null,
  };
}

/** Lets every promise that is ready go on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}
