// From messages to what stands on the screen, one row each: day pills, the line before what is new, system lines, and
// bubbles that know whether they begin or end a group. Pure, so that every rule has its test.

import type { Message } from '../../backend';
import { sameDay } from '../../text';

/** One sender's messages stay together while less than this lies between them. */
export const GROUP_MS = 5 * 60_000;

export type Row =
  | { type: 'day'; key: string; time: number }
  | { type: 'new'; key: string; count: number }
  | { type: 'system'; key: string; message: Message }
  | { type: 'bubble'; key: string; message: Message; first: boolean; last: boolean };

export interface NewLine {
  /** Stands before this message. */
  key: number;
  count: number;
}

/** In a conversation of two, that I came into my own room or asked the other one in is not worth a line. */
function goesWithoutSaying(message: Message): boolean {
  if (message.content.kind !== 'system' || !message.mine) return false;
  const { what } = message.content.change;
  return what === 'joined' || what === 'invited';
}

export function rowsOf(messages: readonly Message[], newLine: NewLine | null, pair = false): Row[] {
  const rows: Row[] = [];
  let before: Message | null = null;
  for (const message of messages) {
    if (pair && goesWithoutSaying(message)) continue;
    if (!before || !sameDay(before.timestamp, message.timestamp)) {
      rows.push({ type: 'day', key: `day-${message.key}`, time: message.timestamp });
      before = null;
    }
    if (newLine?.key === message.key) {
      rows.push({ type: 'new', key: 'new', count: newLine.count });
      before = null;
    }
    if (message.content.kind === 'system') {
      rows.push({ type: 'system', key: String(message.key), message });
      before = message;
      continue;
    }
    const joins = before !== null && together(before, message);
    if (joins) open(rows);
    rows.push({ type: 'bubble', key: String(message.key), message, first: !joins, last: true });
    before = message;
  }
  return rows;
}

/** The last bubble is not the last of its group after all. */
function open(rows: Row[]): void {
  const row = rows[rows.length - 1];
  if (row?.type === 'bubble') row.last = false;
}

function together(a: Message, b: Message): boolean {
  return (
    a.content.kind !== 'system' &&
    a.sender === b.sender &&
    Math.abs(b.timestamp - a.timestamp) < GROUP_MS &&
    a.state.state !== 'failed'
  );
}

/** Whether the time stands on the bubble always, or only while the pointer is over it. */
export function showsTime(message: Message, last: boolean): boolean {
  return last || message.edited || message.state.state === 'sending' || message.content.kind === 'voice';
}

/** Up to three emoji and nothing else: drawn big, without a bubble. */
export function isBigEmoji(body: string): boolean {
  const text = body.trim();
  if (text === '' || text.length > 40 || !/^(\p{Extended_Pictographic}|\p{Emoji_Component}|\s)+$/u.test(text))
    return false;
  const graphemes = [...new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text)]
    .map((each) => each.segment)
    .filter((each) => each.trim() !== '');
  return (
    graphemes.length <= 3 &&
    graphemes.every((each) => /\p{Extended_Pictographic}|\p{Regional_Indicator}/u.test(each))
  );
}
