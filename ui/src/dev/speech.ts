/** Peaks as speech has them: words with a rise and a fall, pauses between. The same seed gives the same peaks. */
export function speech(seed: number, count = 100): number[] {
  let state = seed * 2654435761;
  const random = () => (state = (state * 1103515245 + 12345) >>> 0) / 2 ** 32;
  const peaks: number[] = [];
  while (peaks.length < count) {
    const word = 4 + Math.floor(random() * 11);
    const loud = 0.35 + random() * 0.65;
    for (let i = 0; i < word; i += 1) {
      peaks.push(
        Math.round(1024 * loud * Math.sin((Math.PI * (i + 0.6)) / (word + 0.6)) * (0.7 + random() * 0.3)),
      );
    }
    for (let i = 0, pause = Math.floor(random() * 4); i < pause; i += 1)
      peaks.push(Math.round(random() * 60));
  }
  return peaks.slice(0, count);
}
