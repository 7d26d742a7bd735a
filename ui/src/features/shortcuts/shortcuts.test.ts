import { describe, expect, it } from 'vitest';
import { SHOWN, SHOWN_TALK, SHOWN_THREAD, actionOf } from './shortcuts';

const press = (
  key: string,
  held: Partial<Record<'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey', boolean>> = {},
) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...held,
});

describe('the keys', () => {
  it('tell the next unread from the next conversation by Shift', () => {
    expect(actionOf(press('ArrowDown', { altKey: true }), true)).toBe('next');
    expect(actionOf(press('ArrowDown', { altKey: true, shiftKey: true }), true)).toBe('next-unread');
  });

  it('never take a letter away from a text field', () => {
    expect(actionOf(press('p'), true)).toBeNull();
    expect(actionOf(press('?', { shiftKey: true }), true)).toBeNull();
    expect(actionOf(press('p'), false)).toBe('play');
  });

  it('work in a text field where they do not type', () => {
    expect(actionOf(press('k', { ctrlKey: true }), true)).toBe('search');
    expect(actionOf(press('Escape'), true)).toBe('back');
  });

  it('take the command key for Ctrl', () =>
    expect(actionOf(press('k', { metaKey: true }), false)).toBe('search'));

  it('leave plain arrows and other combinations to the page', () => {
    expect(actionOf(press('ArrowDown'), false)).toBeNull();
    expect(actionOf(press('p', { ctrlKey: true }), false)).toBeNull();
  });

  it('promise nothing that does not exist yet', () => {
    const shown = [...SHOWN, ...SHOWN_TALK, ...SHOWN_THREAD].flatMap((line) => line.keys);
    for (const later of ['R', 'T', 'E', 'S', 'F', 'M', 'I']) expect(shown).not.toContain(later);
  });

  it('go five seconds back and forward, and one step slower and faster, outside of text', () => {
    expect(actionOf(press('ArrowLeft'), false)).toBe('five-back');
    expect(actionOf(press('ArrowRight'), false)).toBe('five-on');
    expect(actionOf(press('ArrowLeft'), true)).toBeNull();
    expect(actionOf(press(','), false)).toBe('slower');
    expect(actionOf(press('.'), false)).toBe('faster');
    expect(actionOf(press(',', { ctrlKey: true }), false)).toBe('settings');
  });
});
