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

  /** Whether the person's own hand moves the timeline just now. */
  moved(now: number): boolean {
    return now - this.#hand < HAND_MS;
  }

  /** Answers whether the end is in sight. */
  scrolled(offset: number, viewport: number, size: number, now: number): boolean {
    const atEnd = offset + viewport >= size - NEAR_END;
    if (atEnd) this.on = true;
    else if (this.moved(now)) this.on = false;
    return atEnd;
  }
}
