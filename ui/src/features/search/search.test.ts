import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Hit } from '../../backend';
import { aMessage } from '../../dev/builders';
import { recorder, settle } from '../../dev/recorder';
import { Search } from './search.svelte';
import { highlight, pieces } from './snippet';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const hit = (snippet: string): Hit => ({ message: aMessage(), conversation_name: 'Amina', snippet });

describe('searching', () => {
  it('asks once the typing pauses', async () => {
    const backend = recorder({ search: ({ words }) => [hit(words)] });
    const it = new Search(backend, () => undefined);
    for (const words of ['r', 'ri', 'ridge']) it.type(words);
    await vi.advanceTimersByTimeAsync(500);
    expect(backend.asked('search').map((args) => args.words)).toEqual(['ridge']);
    expect(it.hits).toHaveLength(1);
  });

  it('throws away an answer that comes too late', async () => {
    let answerFirst: (hits: Hit[]) => void = () => undefined;
    const backend = recorder({
      search: ({ words }) =>
        words === 'old' ? new Promise((resolve) => (answerFirst = resolve)) : [hit('new')],
    });
    const it = new Search(backend, () => undefined);
    it.type('old');
    await vi.advanceTimersByTimeAsync(200);
    it.type('new');
    await vi.advanceTimersByTimeAsync(200);
    answerFirst([hit('old')]);
    await settle();
    expect(it.hits.map((each) => each.snippet)).toEqual(['new']);
  });

  it('forgets everything when it is cleared', async () => {
    const it = new Search(recorder({ search: () => [hit('x')] }), () => undefined);
    it.type('x');
    await vi.advanceTimersByTimeAsync(200);
    it.clear();
    expect(it.hits).toEqual([]);
    expect(it.active).toBe(false);
  });
});

describe('what was found', () => {
  it('is marked between the two control characters', () => {
    expect(pieces('the \u0002ridge\u0003 and the \u0002Ridge\u0003way')).toEqual([
      { text: 'the ', found: false },
      { text: 'ridge', found: true },
      { text: ' and the ', found: false },
      { text: 'Ridge', found: true },
      { text: 'way', found: false },
    ]);
  });

  it('survives a mark that is never closed, and markup is only text', () => {
    expect(
      pieces('a \u0002b <b>c')
        .map((piece) => piece.text)
        .join(''),
    ).toBe('a b <b>c');
  });

  it('is found in names as typed, signs included', () => {
    expect(
      highlight('Ridge walkers (old)', 'ridge (o')
        .filter((piece) => piece.found)
        .map((piece) => piece.text),
    ).toEqual(['Ridge', '(o']);
  });
});
