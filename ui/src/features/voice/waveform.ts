// From the sender's peaks (about 100 values, 0–1024) to the bars that are drawn.

const BAR_STEP = 5;
const BAR_WIDTH = 3;
const FULL = 32;
const LEAST = 1.2;
export const WAVE_HEIGHT = 36;

/** More bars for a longer message, so that length shows duration. */
export function barCount(durationMs: number, narrow: boolean): number {
  const wanted = Math.round(26 + (0.9 * durationMs) / 1000);
  return Math.min(Math.max(wanted, 30), narrow ? 42 : 66);
}

/**
 * Exactly `count` values 0–1, the loudest at 1. Each bar takes the loudest of the peaks it covers, so that a short
 * word between pauses does not vanish; where there are fewer peaks than bars they are joined by straight lines.
 */
export function resample(peaks: readonly number[], count: number): number[] {
  const at = (index: number) => peaks[Math.min(Math.max(index, 0), peaks.length - 1)] ?? 0;
  const bars = Array.from({ length: count }, (_, bar) => {
    if (peaks.length <= count) {
      const place = count === 1 ? 0 : (bar * (peaks.length - 1)) / (count - 1);
      const left = Math.floor(place);
      const share = place - left;
      return at(left) * (1 - share) + at(left + 1) * share;
    }
    const from = Math.floor((bar * peaks.length) / count);
    const to = Math.max(from + 1, Math.floor(((bar + 1) * peaks.length) / count));
    return Math.max(...peaks.slice(from, to));
  });
  const loudest = Math.max(0, ...bars);
  return bars.map((bar) => (loudest > 0 ? bar / loudest : 0));
}

export function waveWidth(count: number): number {
  return count * BAR_STEP - (BAR_STEP - BAR_WIDTH);
}

/** The bars from `from` up to (not including) `to` as one SVG path of upright strokes. */
export function wavePath(bars: readonly number[], from: number, to: number): string {
  let path = '';
  for (let index = from; index < to; index += 1) {
    const height = Math.max(LEAST, (bars[index] ?? 0) * FULL);
    const x = index * BAR_STEP + BAR_WIDTH / 2;
    path += `M${x} ${((WAVE_HEIGHT - height) / 2).toFixed(1)}v${height.toFixed(1)}`;
  }
  return path;
}

/** How many bars lie before the head. */
export function barsHeard(count: number, progress: number): number {
  if (progress <= 0) return 0;
  const head = progress * waveWidth(count);
  return Math.min(count, Math.floor((head + BAR_STEP - BAR_WIDTH) / BAR_STEP));
}
