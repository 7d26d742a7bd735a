import { describe, expect, it } from 'vitest';
import { Attention } from './attention';
import { recorder as engine, settle } from './dev/recorder';

describe('attention', () => {
  it('is told once per change, and again after the engine started anew', () => {
    const backend = engine({ set_attention: () => ({}) });
    let watched = true;
    const attention = new Attention(backend, () => watched);
    attention.tell('@amina:x');
    attention.tell('@amina:x');
    watched = false;
    attention.tell('@amina:x');
    attention.forget();
    attention.tell('@amina:x');
    expect(backend.asked('set_attention')).toEqual([
      { focused: true, conversation: '@amina:x' },
      { focused: false, conversation: '@amina:x' },
      { focused: false, conversation: '@amina:x' },
    ]);
  });

  it('is told again where telling failed', async () => {
    let fails = true;
    const backend = engine({ set_attention: () => (fails ? Promise.reject(new Error('gone')) : {}) });
    const attention = new Attention(backend, () => true);
    attention.tell(null);
    await settle();
    fails = false;
    attention.tell(null);
    expect(backend.asked('set_attention')).toHaveLength(2);
  });
});
