// Whether one column is shown at a time. The same limit as the container queries of base.css.

class Viewport {
  #narrow = $state(false);

  constructor() {
    if (typeof window === 'undefined') return;
    const query = window.matchMedia('(max-width: 719px)');
    this.#narrow = query.matches;
    query.addEventListener('change', (change) => (this.#narrow = change.matches));
  }

  get narrow(): boolean {
    return this.#narrow;
  }
}

export const viewport = new Viewport();
