import { describe, expect, it } from 'vitest';
import { Appearance, parseScheme } from './appearance.svelte';

function place(stored: string | null) {
  const kept = new Map(stored === null ? [] : [['hark.scheme', stored]]);
  return {
    kept,
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };
}
const root = () => ({ dataset: {} }) as unknown as HTMLElement;
const system = (matches: boolean) => ({ matches, addEventListener: () => undefined });

describe('appearance', () => {
  it('is what was chosen last time', () => {
    const element = root();
    new Appearance(element, place('dark'), system(false));
    expect(element.dataset).toEqual({ theme: 'dark' });
  });

  it('follows the system until something is chosen, also its wish for contrast', () => {
    const element = root();
    new Appearance(element, place(null), system(true));
    expect(element.dataset).toEqual({ contrast: 'more' });
  });

  it('keeps a choice', () => {
    const stored = place(null);
    const element = root();
    const appearance = new Appearance(element, stored, system(false));
    appearance.choose('contrast');
    expect(stored.kept.get('hark.scheme')).toBe('contrast');
    appearance.choose('light');
    expect(element.dataset).toEqual({ theme: 'light' });
  });

  it('takes nonsense for nothing chosen', () => expect(parseScheme('purple')).toBe('system'));
});
