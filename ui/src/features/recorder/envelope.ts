// How the halos follow the voice: quick to rise, slow to fall, so that they breathe with the words and do not flicker.

const ATTACK_MS = 30;
const RELEASE_MS = 180;

/** Where the halo stands `elapsed` ms later, on its way from `now` to `level`; both 0–1. */
export function followLevel(now: number, level: number, elapsed: number): number {
  const time = level > now ? ATTACK_MS : RELEASE_MS;
  return now + (level - now) * (1 - Math.exp(-Math.max(0, elapsed) / time));
}

/** Sizes of the two halos in discs. */
export function haloScales(level: number): { near: number; far: number } {
  return { near: 1 + 0.34 * level, far: 1 + 0.72 * level };
}
