// The gesture on the voice button, without the button: how far the finger has pulled, and what letting go means.

/** Shorter than this, a press is a tap: hands-free instead of hold-to-talk. */
export const TAP_MS = 250;
const CANCEL_PX = 120;
const LOCK_PX = 72;
/** Until here a hand only trembles. */
const SLACK_PX = 8;

/** Shares 0–1 of the way to cancelling and to locking; only the farther one counts. */
export interface Pull {
  cancel: number;
  lock: number;
}

export const NO_PULL: Pull = { cancel: 0, lock: 0 };

/** `dx` and `dy` from where the press began; cancelling goes towards the start of the line. */
export function pullOf(dx: number, dy: number, rightToLeft: boolean): Pull {
  const aside = Math.max(0, (rightToLeft ? dx : -dx) - SLACK_PX);
  const up = Math.max(0, -dy - SLACK_PX);
  if (aside === 0 && up === 0) return NO_PULL;
  return aside >= up
    ? { cancel: Math.min(1, aside / (CANCEL_PX - SLACK_PX)), lock: 0 }
    : { cancel: 0, lock: Math.min(1, up / (LOCK_PX - SLACK_PX)) };
}
