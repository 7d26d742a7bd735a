// Whether the timeline follows its end. Content that grows or is measured anew also moves the scroll position, so only
// a movement of the person's own hand may end the following; reaching the end again takes it up.

const NEAR_END = 48;
const HAND_MS = 700;

export class Follow {
  on = true;
  #hand = Number.NEGATIVE_INFINITY;

  /** A wheel, a finger, a key, a pressed scrollbar. */
  hand(now: number): void {
    this.#hand = now;
  }

  /** Answers whether the end is in sight. */
  scrolled(offset: number, viewport: number, size: number, now: number): boolean {
    const atEnd = offset + viewport >= size - NEAR_END;
    if (atEnd) this.on = true;
    else if (now - this.#hand < HAND_MS) this.on = false;
    return atEnd;
  }
}
