import { describe, expect, it } from 'vitest';
import type { MessageState } from '../../backend';
import { aMessage, aVoice } from '../../dev/builders';
import { markOf } from './marks';

describe('the mark of my message', () => {
  it('goes clock, tick, two ticks, blue ticks', () => {
    const states: MessageState[] = [
      { state: 'sending', step: 'waiting' },
      { state: 'sent' },
      { state: 'delivered' },
      { state: 'read' },
    ];
    expect(states.map((state) => markOf(aMessage({ mine: true, state })))).toEqual([
      'waiting',
      'sent',
      'delivered',
      'read',
    ]);
  });

  it('ends in headphones for voice only', () => {
    expect(markOf(aVoice({ mine: true, state: { state: 'played' } }))).toBe('heard');
    expect(markOf(aMessage({ mine: true, state: { state: 'played' } }))).toBe('read');
  });

  it('is absent on messages of others and on what failed', () => {
    expect(markOf(aMessage({ state: { state: 'sent' } }))).toBeNull();
    expect(
      markOf(aMessage({ mine: true, state: { state: 'failed', reason: 'no', refused: true } })),
    ).toBeNull();
  });
});
