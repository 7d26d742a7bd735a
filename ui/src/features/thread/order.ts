// Where a changed or new message goes in the list that is on screen. The engine says it: messages compare by `order`,
// which may change when the server's order is learnt; what still waits sorts last.

import type { Message } from '../../backend';

function before(a: Message, b: Message): boolean {
  return a.order < b.order;
}

/**
 * Puts `message` into `messages` (oldest first) in place of the one with its key. History from before what is loaded is
 * left out while there is more to load (`hasOlder`): it comes with its page.
 */
export function placed(messages: readonly Message[], message: Message, hasOlder: boolean): Message[] {
  const known = messages.findIndex((each) => each.key === message.key);
  const stays =
    known >= 0 && !isBefore(message, messages[known - 1]) && !isBefore(messages[known + 1], message);
  if (stays) return messages.with(known, message);
  const rest = known >= 0 ? messages.toSpliced(known, 1) : [...messages];
  // From the end: what is new nearly always belongs there.
  const at = rest.findLastIndex((each) => !before(message, each)) + 1;
  if (at === 0 && known < 0 && hasOlder && rest.length > 0) return rest;
  return rest.toSpliced(at, 0, message);
}

function isBefore(a: Message | undefined, b: Message | undefined): boolean {
  return a !== undefined && b !== undefined && before(a, b);
}

/** Two neighbouring pages as one list; what both have is taken from `newer`. */
export function joined(older: readonly Message[], newer: readonly Message[]): Message[] {
  const known = new Set(newer.map((message) => message.key));
  return [...older.filter((message) => !known.has(message.key)), ...newer];
}
