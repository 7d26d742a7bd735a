import { describe, expect, it } from 'vitest';
import { barCount, barsHeard, resample, wavePath, waveWidth } from './waveform';

describe('the number of bars', () => {
  it('grows with the length, between 30 and 66', () => {
    expect(barCount(1_000, false)).toBe(30);
    expect(barCount(24_000, false)).toBe(48);
    expect(barCount(47_000, false)).toBe(66);
    expect(barCount(600_000, false)).toBe(66);
  });

  it('stops at 42 where there is little room', () => expect(barCount(600_000, true)).toBe(42));
});

describe('resampling', () => {
  it('makes the loudest bar full height, however quiet the recording', () => {
    expect(Math.max(...resample([1, 5, 20, 3], 30))).toBe(1);
  });

  it('keeps a single short peak when there are more peaks than bars', () => {
    const peaks = new Array<number>(100).fill(10);
    peaks[57] = 1_000;
    const bars = resample(peaks, 30);
    expect(bars.filter((bar) => bar === 1)).toHaveLength(1);
    expect(bars.indexOf(1)).toBe(17);
  });

  it('keeps pauses visible', () => {
    const peaks = [...new Array<number>(50).fill(800), ...new Array<number>(50).fill(0)];
    const bars = resample(peaks, 40);
    expect(bars.slice(0, 20)).toEqual(new Array<number>(20).fill(1));
    expect(bars.slice(20)).toEqual(new Array<number>(20).fill(0));
  });

  it('draws a flat line where the sender sent no peaks, or silence', () => {
    expect(resample([], 30)).toEqual(new Array<number>(30).fill(0));
    expect(resample([0, 0], 3)).toEqual([0, 0, 0]);
  });
});

describe('drawing', () => {
  it('gives every bar a place, and even silence a dot', () => {
    const path = wavePath([0, 1], 0, 2);
    expect(path).toBe('M1.5 17.4v1.2M6.5 2.0v32.0');
    expect(waveWidth(47)).toBe(233);
  });

  it('counts a bar as heard once the head has passed it', () => {
    expect(barsHeard(40, 0)).toBe(0);
    expect(barsHeard(40, 0.5)).toBe(20);
    expect(barsHeard(40, 1)).toBe(40);
  });
});
