import { describe, expect, it } from 'vitest';
import { badge, clock, dayName, duration, oneLine, plain, rowTime, size, t } from './index';
import catalogue from './en.ftl?raw';

const at = (iso: string) => new Date(iso).getTime();
const now = at('2026-05-14T15:00:00');

describe('times of rows', () => {
  it('say the clock today, then the day, then the date, then the year', () => {
    expect(rowTime(at('2026-05-14T09:05:00'), now)).toBe(clock(at('2026-05-14T09:05:00')));
    expect(rowTime(at('2026-05-13T23:59:00'), now)).toBe('Yesterday');
    expect(rowTime(at('2026-05-11T12:00:00'), now)).toMatch(/^Mon/);
    expect(rowTime(at('2026-02-03T12:00:00'), now)).toMatch(/3.*Feb|Feb.*3/);
    expect(rowTime(at('2024-02-03T12:00:00'), now)).toContain('2024');
  });

  it('count calendar days, not 24 hours', () => {
    expect(dayName(at('2026-05-13T23:58:00'), at('2026-05-14T00:02:00'))).toBe('Yesterday');
    expect(dayName(at('2026-05-14T00:01:00'), at('2026-05-14T23:59:00'))).toBe('Today');
  });

  it('take a clock that runs ahead for today', () => {
    expect(dayName(at('2026-05-15T00:10:00'), at('2026-05-14T23:59:00'))).toBe('Today');
  });
});

describe('lengths and sizes', () => {
  it('show minutes and seconds, and hours only where there are some', () => {
    expect(duration(0)).toBe('0:00');
    expect(duration(9_400)).toBe('0:09');
    expect(duration(754_000)).toBe('12:34');
    expect(duration(3_723_000)).toBe('1:02:03');
  });

  it('round file sizes to what a person compares', () => {
    expect(size(84_000)).toMatch(/^84.kB/);
    expect(size(2_400_000)).toMatch(/^2.4.MB/);
    expect(size(12)).toMatch(/^12/);
  });

  it('keep badges short', () => {
    expect(badge(7)).toBe('7');
    expect(badge(1_234)).toBe('999+');
  });
});

describe('foreign text', () => {
  it('loses the characters that reorder what stands around it', () => {
    expect(oneLine('\u202Emoc.live\u202C')).toBe('moc.live');
    expect(plain('a\u2066b\u2069c\u0007')).toBe('abc');
  });

  it('keeps lines in messages and joins them in names', () => {
    expect(plain('a\n\nb\tc')).toBe('a\n\nb\tc');
    expect(oneLine('  a\n b ')).toBe('a b');
  });

  it('keeps joiners that scripts and emoji need', () => {
    expect(plain('👩‍👧 नमस्‍ते \u200F')).toBe('👩‍👧 नमस्‍ते \u200F');
  });
});

describe('the catalogue', () => {
  const files = import.meta.glob<string>(
    ['../**/*.{ts,svelte}', '!../**/*.test.ts', '!../dev/**', '!../backend/generated/**'],
    {
      query: '?raw',
      import: 'default',
      eager: true,
    },
  );
  const sources = Object.values(files).join('\n');
  const known = [...catalogue.matchAll(/^([a-z][a-z0-9-]*) =/gm)].map((match) => match[1] ?? '');

  it('has every message the window asks for by name', () => {
    const asked = [...sources.matchAll(/\bt\(\s*'([a-z0-9-]+)'/g)].map((match) => match[1] ?? '');
    expect(asked.length).toBeGreaterThan(100);
    expect(asked.filter((id) => !known.includes(id))).toEqual([]);
  });

  it('has no message that nobody asks for', () => {
    const composed = [...sources.matchAll(/t\(`([a-z-]*)\$\{[^}]*\}([a-z-]*)`\)/g)].map(
      (match) => new RegExp(`^${match[1]}[a-z-]+${match[2]}$`),
    );
    const unused = known.filter(
      (id) =>
        !sources.includes(`'${id}'`) &&
        !composed.some((pattern) => pattern.source !== '^[a-z-]+$' && pattern.test(id)),
    );
    expect(unused).toEqual([]);
  });

  it('fills in numbers in words', () => {
    expect(t('found-messages', { count: 1, places: 1 })).toBe('1 message, in 1 conversation');
    expect(t('found-messages', { count: 12, places: 3 })).toBe('12 messages, in 3 conversations');
  });

  it('isolates a name that runs the other way', () => {
    expect(t('typing-one', { name: 'ليلى' })).toBe('\u2068ليلى\u2069 is typing…');
    expect(t('typing-one', { name: 'Layla' })).toBe('Layla is typing…');
  });
});
