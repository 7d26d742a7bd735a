// Messages and conversations for tests: sensible where nothing is said.

import type { Conversation, Message } from '../backend';

let keys = 1;

export const NOON = Date.UTC(2026, 4, 14, 10, 0, 0);

/** As the engine makes it, in short: by time, then by key; what waits sorts last. */
export function orderOf(timestamp: number, key: number): string {
  return `${String(timestamp).padStart(16, '0')}-${String(key).padStart(9, '0')}`;
}

export function aMessage(part: Partial<Message> = {}): Message {
  const mine = part.mine ?? false;
  const key = part.key ?? keys++;
  const order = part.state?.state === 'sending' ? `z${key}` : orderOf(part.timestamp ?? NOON, key);
  return {
    key,
    order,
    conversation: '@amina:x',
    room_id: '!room:x',
    event_id: `$${keys}`,
    txn_id: null,
    sender: mine ? '@me:x' : '@amina:x',
    sender_name: mine ? 'Me' : 'Amina Okafor',
    mine,
    timestamp: NOON,
    content: { kind: 'text', body: 'hello' },
    state: { state: 'sent' },
    edited: false,
    ...part,
  };
}

export function aVoice(part: Partial<Message> = {}, played = true): Message {
  return aMessage({
    content: { kind: 'voice', source: 'mxc://x/1', duration_ms: 16_000, waveform: [1, 2, 3], played },
    ...part,
  });
}

export function aConversation(part: Partial<Conversation> = {}): Conversation {
  return {
    id: '@amina:x',
    room_id: '!room:x',
    kind: 'person',
    name: 'Amina Okafor',
    avatar: null,
    membership: 'joined',
    last: null,
    draft: null,
    unread: 0,
    highlights: 0,
    typing: [],
    waiting: 0,
    activity_ts: NOON,
    encrypted: false,
    muted: false,
    ...part,
  };
}
