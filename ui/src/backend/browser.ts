// Browser mode: one WebSocket to the origin this page came from, plus plain HTTP for bytes.

import { CommandError, asCommandError, mediaPath, type Backend, type Link } from './backend';
import type { ApiError, Event } from './generated/api';
import { Protocol } from './socket';

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 8_000;

/** Tries in vain after which it is worth asking whether this page may talk to Hark at all. */
const TRIES_UNTIL_ASKED = 2;

const LOST = 'Hark itself is not answering. Check that it still runs on this computer.';

export function browserBackend(): Backend {
  const events = new Set<(event: Event) => void>();
  const watchers = new Set<(link: Link) => void>();
  let link: Link = 'connecting';
  let wait = FIRST_WAIT_MS;
  let everOpen = false;
  let failures = 0;

  const protocol = new Protocol(emit, () => LOST);

  function emit(event: Event): void {
    for (const listener of events) listener(event);
  }

  function become(next: Link): void {
    if (next === link) return;
    link = next;
    for (const watcher of watchers) watcher(next);
  }

  function connect(): void {
    const address = new URL('/ws', location.href);
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(address);
    socket.onopen = () => {
      wait = FIRST_WAIT_MS;
      failures = 0;
      const again = everOpen;
      everOpen = true;
      become('open');
      protocol.opened(socket);
      // What changed while the link was down is not told again: read everything anew.
      if (again) emit({ type: 'reload' });
    };
    socket.onmessage = (message: MessageEvent<string>) => protocol.received(message.data);
    socket.onclose = () => {
      protocol.closed();
      failures += 1;
      if (link !== 'refused') become(everOpen ? 'lost' : 'connecting');
      if (failures >= TRIES_UNTIL_ASKED) void askWhether();
      setTimeout(connect, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    };
  }
  connect();

  /** A socket that does not open says nothing of the reason; a plain request does: 401 = the link is used up. */
  async function askWhether(): Promise<void> {
    try {
      const answer = await fetch('/', { redirect: 'manual', cache: 'no-store' });
      if (link !== 'open' && answer.status === 401) become('refused');
    } catch {
      // Nobody there: not refused, just gone.
      if (link === 'refused') become(everOpen ? 'lost' : 'connecting');
    }
  }

  return {
    invoke: (name, args) => protocol.invoke(name, args),
    on(listener) {
      events.add(listener);
      return () => events.delete(listener);
    },
    watch(listener) {
      watchers.add(listener);
      listener(link);
      return () => watchers.delete(listener);
    },
    async upload(bytes) {
      let answer: Response;
      try {
        answer = await fetch('/upload', { method: 'PUT', body: bytes });
      } catch {
        throw new CommandError('offline', LOST);
      }
      if (!answer.ok) throw await refusal(answer);
      const { id } = (await answer.json()) as { id: string };
      return id;
    },
    mediaUrl: mediaPath,
    desktop: null,
  };
}

/** The reason of a refused upload, as the engine gave it. */
async function refusal(answer: Response): Promise<CommandError> {
  try {
    const body = (await answer.json()) as Partial<ApiError>;
    if (body.code && body.message) return new CommandError(body.code, body.message);
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) return asCommandError(thrown);
  }
  if (answer.status === 413)
    return new CommandError('bad_sound', 'The file is too big. Choose a shorter one.');
  return new CommandError('internal', `The file could not be handed over (${answer.status}). Try again.`);
}
