// The command protocol over one socket, without the socket: numbering, answers, what survives a lost connection.
// Commands that only read or that set a state may be sent again after a reconnect. The others fail with "offline",
// because nobody knows whether the engine did them.

import { CommandError, type Answer, type Args, type CommandName } from './backend';
import type { ApiError, Event } from './generated/api';

const REPEATABLE: ReadonlySet<CommandName> = new Set<CommandName>([
  'status',
  'conversations',
  'timeline',
  'search',
  'search_people',
  'mark_read',
  'set_typing',
  'set_draft',
  'retry_connection',
  'recordings',
  'devices',
  'open_microphone',
  'close_microphone',
  'set_settings',
  'storage',
  'set_attention',
]);

interface Pending {
  name: CommandName;
  frame: string;
  sent: boolean;
  resolve(answer: unknown): void;
  reject(error: CommandError): void;
}

type Incoming = { id: number; ok: unknown } | { id: number; error: ApiError } | { event: Event };

export interface Wire {
  send(frame: string): void;
}

export class Protocol {
  #next = 1;
  #wire: Wire | null = null;
  #pending = new Map<number, Pending>();

  constructor(
    private readonly onEvent: (event: Event) => void,
    private readonly lostMessage: () => string,
  ) {}

  invoke<K extends CommandName>(name: K, args: Args<K>): Promise<Answer<K>> {
    return new Promise<Answer<K>>((resolve, reject) => {
      if (!this.#wire && !REPEATABLE.has(name)) {
        reject(new CommandError('offline', this.lostMessage()));
        return;
      }
      const id = this.#next++;
      const pending: Pending = {
        name,
        frame: JSON.stringify({ id, name, args }),
        sent: false,
        resolve: (answer) => resolve(answer as Answer<K>),
        reject,
      };
      this.#pending.set(id, pending);
      this.#send(pending);
    });
  }

  opened(wire: Wire): void {
    this.#wire = wire;
    for (const pending of this.#pending.values()) this.#send(pending);
  }

  /** The wire broke: what may be repeated waits for the next one, the rest is answered now. */
  closed(): void {
    this.#wire = null;
    for (const [id, pending] of this.#pending) {
      if (REPEATABLE.has(pending.name)) {
        pending.sent = false;
      } else {
        this.#pending.delete(id);
        pending.reject(new CommandError('offline', this.lostMessage()));
      }
    }
  }

  received(frame: string): void {
    const incoming = JSON.parse(frame) as Incoming;
    if ('event' in incoming) {
      this.onEvent(incoming.event);
      return;
    }
    const pending = this.#pending.get(incoming.id);
    if (!pending) return;
    this.#pending.delete(incoming.id);
    if ('error' in incoming) pending.reject(new CommandError(incoming.error.code, incoming.error.message));
    else pending.resolve(incoming.ok);
  }

  #send(pending: Pending): void {
    if (!this.#wire || pending.sent) return;
    pending.sent = true;
    this.#wire.send(pending.frame);
  }
}
