// What a reader hears of a message: who, what, how far, when.

import type { Message } from '../../backend';
import { clock, duration, oneLine, t } from '../../text';
import { summary, systemWords } from '../inbox';
import { markOf } from '../marks';

export function spokenMessage(message: Message): string {
  if (message.content.kind === 'system') return systemWords(message.content.change, message.mine);
  const parts = [message.mine ? t('you') : oneLine(message.sender_name)];
  if (message.content.kind === 'voice') {
    parts.push(t('voice-spoken', { length: duration(message.content.duration_ms) }));
    if (!message.mine && !message.content.played) parts.push(t('not-played'));
  } else parts.push(summary(message.content, message.mine).text);
  if (message.edited) parts.push(t('edited'));
  const mark = markOf(message);
  if (mark) parts.push(t(`mark-${mark}`));
  if (message.state.state === 'failed') parts.push(t('not-sent'), message.state.reason);
  parts.push(clock(message.timestamp));
  return parts.join(', ');
}
