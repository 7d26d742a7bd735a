import { describe, expect, it } from 'vitest';
import type { SystemChange } from '../../backend';
import { NOON, aMessage } from '../../dev/builders';
import { GROUP_MS, isBigEmoji, rowsOf, showsTime } from './rows';

const MINUTE = 60_000;
const shape = (rows: ReturnType<typeof rowsOf>) =>
  rows.map((row) => (row.type === 'bubble' ? `${row.first ? '<' : '-'}${row.last ? '>' : '-'}` : row.type));

describe('grouping', () => {
  it('joins one sender within five minutes, and no longer', () => {
    const rows = rowsOf(
      [0, 1, 2, 2 + GROUP_MS / MINUTE].map((minutes) => aMessage({ timestamp: NOON + minutes * MINUTE })),
      null,
    );
    expect(shape(rows)).toEqual(['day', '<-', '--', '->', '<>']);
  });

  it('parts senders, also the two of a group', () => {
    const rows = rowsOf([aMessage(), aMessage({ sender: '@b:x' }), aMessage({ mine: true })], null);
    expect(shape(rows)).toEqual(['day', '<>', '<>', '<>']);
  });

  it('starts anew at a day, at the line of what is new, after a system line and after a failure', () => {
    const [a, b, c, d, e, f] = [
      aMessage(),
      aMessage(),
      aMessage({ content: { kind: 'system', change: { what: 'joined', who: 'B' } } }),
      aMessage({ mine: true, state: { state: 'failed', reason: 'no', refused: true } }),
      aMessage({ mine: true }),
      aMessage({ mine: true, timestamp: NOON + 86_400_000 }),
    ];
    const rows = rowsOf([a, b, c, d, e, f], { key: b.key, count: 1 });
    expect(shape(rows)).toEqual(['day', '<>', 'new', '<>', 'system', '<>', '<>', 'day', '<>']);
  });

  it('leaves out of a conversation of two what goes without saying', () => {
    const system = (change: SystemChange, mine: boolean) =>
      aMessage({ mine, content: { kind: 'system', change } });
    const start = [
      system({ what: 'created', by: 'Me' }, true),
      system({ what: 'joined', who: 'Me' }, true),
      system({ what: 'invited', who: 'B', by: 'Me' }, true),
      system({ what: 'joined', who: 'B' }, false),
    ];
    expect(shape(rowsOf(start, null, true))).toEqual(['day', 'system', 'system']);
    expect(shape(rowsOf(start, null, false))).toEqual(['day', 'system', 'system', 'system', 'system']);
  });

  it('says each day once', () => {
    const rows = rowsOf(
      [0, 1, 1, 3].map((days) => aMessage({ timestamp: NOON + days * 86_400_000 })),
      null,
    );
    expect(rows.filter((row) => row.type === 'day')).toHaveLength(3);
  });
});

describe('the time on a bubble', () => {
  it('stands on the last of a group, and on what is edited or waiting', () => {
    expect(showsTime(aMessage(), false)).toBe(false);
    expect(showsTime(aMessage(), true)).toBe(true);
    expect(showsTime(aMessage({ edited: true }), false)).toBe(true);
    expect(showsTime(aMessage({ mine: true, state: { state: 'sending', step: 'waiting' } }), false)).toBe(
      true,
    );
  });
});

describe('big emoji', () => {
  it.each(['👍', '👍🎉', '👩‍👧‍👦 ❤️ 🇩🇪'])('are up to three and nothing else: %s', (body) =>
    expect(isBigEmoji(body)).toBe(true),
  );
  it.each(['', '👍👍👍👍', 'ok 👍', '12', '#', '🙂!'])('are not: %s', (body) =>
    expect(isBigEmoji(body)).toBe(false),
  );
});
