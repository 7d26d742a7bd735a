// Where a changed or new message goes in the list that is on screen.

import type { Message } from '../../backend';

/** Mine and not yet with the server: such messages stand at the end, whatever arrives meanwhile. */
export function waits(message: Message): boolean {
  return message.mine && (message.state.state === 'sending' || message.state.state === 'failed');
}

/**
 * Puts `message` into `messages` (oldest first): in place by its key where it is known; at the live end before what
 * still waits; or by its time where it is back-filled history. History older than what is loaded is left out while
 * there is more to load (`hasOlder`): it comes with its page.
 */
export function placed(
  messages: readonly Message[],
  message: Message,
  live: boolean,
  hasOlder: boolean,
): Message[] {
  const known = messages.findIndex((each) => each.key === message.key);
  if (known >= 0) return messages.with(known, message);
  if (live) {
    const at = waits(message) ? messages.length : endOfSent(messages);
    return messages.toSpliced(at, 0, message);
  }
  const at = messages.findIndex((each) => waits(each) || each.timestamp > message.timestamp);
  if (at === 0 && hasOlder) return [...messages];
  return messages.toSpliced(at < 0 ? messages.length : at, 0, message);
}

function endOfSent(messages: readonly Message[]): number {
  let at = messages.length;
  while (at > 0) {
    const last = messages[at - 1];
    if (!last || !waits(last)) break;
    at -= 1;
  }
  return at;
}

/** Two neighbouring pages as one list; what both have is taken from `newer`. */
export function joined(older: readonly Message[], newer: readonly Message[]): Message[] {
  const known = new Set(newer.map((message) => message.key));
  return [...older.filter((message) => !known.has(message.key)), ...newer];
}
