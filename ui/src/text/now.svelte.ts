// The current minute, for everything that says "today" or "yesterday": such words change at midnight without a reload.

class Now {
  #ms = $state(Date.now());

  constructor() {
    if (typeof window !== 'undefined') setInterval(() => (this.#ms = Date.now()), 20_000);
  }

  get ms(): number {
    return this.#ms;
  }
}

export const now = new Now();
