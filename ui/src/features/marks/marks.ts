// How far my message has come, as one mark: clock → tick → two ticks → blue ticks, and for voice blue headphones.

import type { Message } from '../../backend';

export type Mark = 'waiting' | 'sent' | 'delivered' | 'read' | 'heard';

/** None on messages of others, on system lines, and on failed ones, which say so in words. */
export function markOf(message: Message): Mark | null {
  if (!message.mine || message.content.kind === 'system') return null;
  switch (message.state.state) {
    case 'sending':
      return 'waiting';
    case 'sent':
      return 'sent';
    case 'delivered':
      return 'delivered';
    case 'read':
      return 'read';
    case 'played':
      return message.content.kind === 'voice' ? 'heard' : 'read';
    case 'failed':
      return null;
  }
}
