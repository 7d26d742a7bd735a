import { describe, expect, it } from 'vitest';
import { followLevel, haloScales } from './envelope';
import { NO_PULL, pullOf } from './pull';

describe('pulling while holding', () => {
  it('ignores a trembling hand', () => expect(pullOf(-6, -7, false)).toEqual(NO_PULL));

  it('locks upwards and cancels towards the start of the line', () => {
    expect(pullOf(0, -72, false)).toEqual({ cancel: 0, lock: 1 });
    expect(pullOf(-120, 0, false)).toEqual({ cancel: 1, lock: 0 });
    expect(pullOf(120, 0, false)).toEqual(NO_PULL);
  });

  it('mirrors the way to cancel where lines run from right to left', () => {
    expect(pullOf(120, 0, true)).toEqual({ cancel: 1, lock: 0 });
    expect(pullOf(-120, 0, true)).toEqual(NO_PULL);
  });

  it('counts only the farther of two ways', () => {
    expect(pullOf(-100, -60, false).lock).toBe(0);
    expect(pullOf(-40, -60, false).cancel).toBe(0);
  });
});

describe('the halos', () => {
  it('rise within 30 ms by two thirds and fall six times slower', () => {
    expect(followLevel(0, 1, 30)).toBeCloseTo(0.632, 2);
    expect(followLevel(1, 0, 30)).toBeCloseTo(0.846, 2);
    expect(followLevel(1, 0, 180)).toBeCloseTo(0.368, 2);
  });

  it('stand at the disc in silence and reach 1.34 and 1.72 of it', () => {
    expect(haloScales(0)).toEqual({ near: 1, far: 1 });
    expect(haloScales(1)).toEqual({ near: 1.34, far: 1.72 });
  });
});
