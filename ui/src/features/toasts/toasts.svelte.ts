// At most two short notices over the thread. One with an action stays longer, an error stays until it is answered.

import { asCommandError } from '../../backend';

export interface Toast {
  id: number;
  text: string;
  error: boolean;
  action?: { label: string; run(): void };
}

const LIFE_MS = 6_000;
const AT_MOST = 2;

export class Toasts {
  list = $state<Toast[]>([]);
  #next = 1;
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- nothing draws the timers
  #timers = new Map<number, ReturnType<typeof setTimeout>>();

  say(text: string, action?: Toast['action']): void {
    const id = this.#add({ text, error: false, action });
    this.#start(id);
  }

  /** Anything a command threw. The same sentence is never shown twice at once. */
  fail(thrown: unknown, action?: Toast['action']): void {
    const text = asCommandError(thrown).message;
    if (this.list.some((toast) => toast.text === text)) return;
    this.#add({ text, error: true, action });
  }

  close(id: number): void {
    this.pause(id);
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  pause(id: number): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }

  resume(id: number): void {
    const toast = this.list.find((each) => each.id === id);
    if (toast && !toast.error) this.#start(id);
  }

  #add(toast: Omit<Toast, 'id'>): number {
    const id = this.#next++;
    this.list = [...this.list, { ...toast, id }].slice(-AT_MOST);
    return id;
  }

  #start(id: number): void {
    this.pause(id);
    this.#timers.set(
      id,
      setTimeout(() => this.close(id), LIFE_MS),
    );
  }
}
