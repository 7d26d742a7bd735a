import { describe, expect, it } from 'vitest';
import { colourOf, initials } from './initials';

describe('initials', () => {
  it.each([
    ['Amina Okafor', 'AO'],
    ['noor', 'N'],
    ['@noor:example.org', 'NE'],
    ['田中 美咲', '美'],
    ['김서연', '서'],
    ['محمد الفارسی', 'ما'],
    ['Дарья Ковальчук', 'ДК'],
    ['  ', ''],
    ['🎉', ''],
  ])('of %s are %s', (name, letters) => expect(initials(name)).toBe(letters));
});

describe('the colour of a person', () => {
  it('stays the same and is one of eight', () => {
    const colours = Array.from({ length: 200 }, (_, index) => colourOf(`@person${index}:x`));
    expect(colourOf('@amina:x')).toBe(colourOf('@amina:x'));
    expect(new Set(colours)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7]));
  });
});
