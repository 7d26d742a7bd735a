// At most two short notices over the thread. One with an action stays longer, an error stays until it is answered.

import { asCommandError } from '../../backend';

export interface Toast {
  id: number;
  text: string;
  error: boolean;
  /** Shown with a ring that empties until then; the pointer does not hold it, because the time is the engine's. */
  until?: number;
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

  /** A notice that can be taken back for `ms`; answers its id. */
  offer(text: string, ms: number, action: Toast['action']): number {
    const id = this.#add({ text, error: false, action, until: Date.now() + ms });
    this.#start(id, ms);
    return id;
  }

  /** Anything a command threw. The same sentence is never shown twice at once. */
  fail(thrown: unknown, action?: Toast['action']): void {
    const text = asCommandError(thrown).message;
    if (this.list.some((toast) => toast.text === text)) return;
    this.#add({ text, error: true, action });
  }

  close(id: number): void {
    this.#stop(id);
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  /** The pointer rests on it. */
  pause(id: number): void {
    if (this.#of(id)?.until === undefined) this.#stop(id);
  }

  #stop(id: number): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }

  resume(id: number): void {
    const toast = this.#of(id);
    if (toast && !toast.error && toast.until === undefined) this.#start(id);
  }

  #of(id: number): Toast | undefined {
    return this.list.find((each) => each.id === id);
  }

  #add(toast: Omit<Toast, 'id'>): number {
    const id = this.#next++;
    this.list = [...this.list, { ...toast, id }].slice(-AT_MOST);
    return id;
  }

  #start(id: number, ms = LIFE_MS): void {
    this.#stop(id);
    this.#timers.set(
      id,
      setTimeout(() => this.close(id), ms),
    );
  }
}
