// Finding someone to write to: among the people the server knows, or by a full address.

import type { Backend, Person } from '../../backend';

const PAUSE_MS = 200;

/** `@name:server`, `!room:server` or `#alias:server`: enough to open it without looking anyone up. */
export function isAddress(text: string): boolean {
  return /^([@#][^\s:]+:[^\s]+|![^\s]+)$/.test(text.trim());
}

export class People {
  term = $state('');
  found = $state.raw<Person[]>([]);
  busy = $state(false);
  problem = $state<string | null>(null);
  #asked = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly backend: Backend) {}

  readonly address = $derived(isAddress(this.term) ? this.term.trim() : null);

  type(term: string): void {
    this.term = term;
    this.problem = null;
    clearTimeout(this.#timer);
    const asked = ++this.#asked;
    if (term.trim() === '') {
      this.found = [];
      this.busy = false;
      return;
    }
    this.busy = true;
    this.#timer = setTimeout(() => void this.#ask(asked), PAUSE_MS);
  }

  async #ask(asked: number): Promise<void> {
    try {
      const found = await this.backend.invoke('search_people', { term: this.term.trim() });
      if (asked === this.#asked) this.found = found;
    } catch (thrown) {
      if (asked === this.#asked) {
        this.found = [];
        this.problem = thrown instanceof Error ? thrown.message : String(thrown);
      }
    } finally {
      if (asked === this.#asked) this.busy = false;
    }
  }
}
