import { describe, expect, it } from 'vitest';
import { isAddress } from './people.svelte';

describe('a full address', () => {
  it.each([
    '@noor:example.org',
    ' @noor:localhost:8008 ',
    '#walkers:example.org',
    '!room:example.org',
    '!v12room',
  ])('is %s', (text) => expect(isAddress(text)).toBe(true));
  it.each(['noor', '@noor', '@no or:x', '', '@:x y'])('is not %s', (text) =>
    expect(isAddress(text)).toBe(false),
  );
});
