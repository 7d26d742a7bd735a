// What is looked for, and what was found. An answer that comes after the next letter was typed is thrown away.

import type { Backend, Hit } from '../../backend';

const PAUSE_MS = 120;
const LIMIT = 50;

export class Search {
  words = $state('');
  hits = $state.raw<Hit[]>([]);
  busy = $state(false);
  #asked = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly backend: Backend,
    private readonly onError: (thrown: unknown) => void,
  ) {}

  readonly active = $derived(this.words.trim() !== '');

  type(words: string): void {
    this.words = words;
    clearTimeout(this.#timer);
    const asked = ++this.#asked;
    if (!this.active) {
      this.hits = [];
      this.busy = false;
      return;
    }
    this.busy = true;
    this.#timer = setTimeout(() => void this.#ask(asked), PAUSE_MS);
  }

  clear(): void {
    this.type('');
  }

  async #ask(asked: number): Promise<void> {
    try {
      const hits = await this.backend.invoke('search', { words: this.words.trim(), limit: LIMIT });
      if (asked === this.#asked) this.hits = hits;
    } catch (thrown) {
      if (asked === this.#asked) this.onError(thrown);
    } finally {
      if (asked === this.#asked) this.busy = false;
    }
  }
}
