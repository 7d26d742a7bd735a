import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Toasts } from './toasts.svelte';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a notice that can be taken back', () => {
  it('stays for its time, whether the pointer rests on it or not', () => {
    const toasts = new Toasts();
    const id = toasts.offer('Recording discarded', 10_000, { label: 'Undo', run: () => undefined });
    toasts.pause(id);
    vi.advanceTimersByTime(9_900);
    toasts.resume(id);
    expect(toasts.list).toHaveLength(1);
    vi.advanceTimersByTime(200);
    expect(toasts.list).toEqual([]);
  });

  it('is held by the pointer where it only tells something', () => {
    const toasts = new Toasts();
    toasts.say('Address copied');
    const id = toasts.list[0]?.id ?? 0;
    toasts.pause(id);
    vi.advanceTimersByTime(60_000);
    expect(toasts.list).toHaveLength(1);
    toasts.resume(id);
    vi.advanceTimersByTime(6_100);
    expect(toasts.list).toEqual([]);
  });
});
