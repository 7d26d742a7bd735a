// One open conversation: its pages by cursor, changes in place by key, what is new, and what I have read.

import type { Backend, ConversationId, Event, Message, Page } from '../../backend';
import { joined, placed } from './order';
import { rowsOf, type NewLine } from './rows';

const PAGE = 50;
/** A jump to a message far back reads bigger pages, but not for ever. */
const JUMP_PAGE = 200;
const JUMP_PAGES = 50;
const RISE_MS = 400;
/** How often the newest page is asked for while it keeps changing. */
const TRIES = 4;

export class Thread {
  messages = $state.raw<Message[]>([]);
  loaded = $state(false);
  loadingOlder = $state(false);
  failed = $state<string | null>(null);
  newLine = $state.raw<NewLine | null>(null);
  /** Newest foreign message that came while the thread was open, for the live region. */
  arrived = $state.raw<Message | null>(null);
  /** The bubble that just came in at the bottom; it rises into its place. */
  rising = $state<number | null>(null);
  /** Messages of others below what is in sight. */
  below = $state(0);
  /** Set by the timeline: whether the newest message is in sight. */
  atEnd = true;
  #older = $state<string | null>(null);
  #readKey: number | null = null;
  #closed = false;
  #stirred = false;

  constructor(
    readonly id: ConversationId,
    private readonly backend: Backend,
    /** Whether somebody looks at this window now. */
    private readonly watched: () => boolean,
    /** A conversation of two. */
    private readonly pair = false,
  ) {}

  readonly rows = $derived.by(() => rowsOf(this.messages, this.newLine, this.pair));
  readonly hasOlder = $derived(this.#older !== null);

  async load(): Promise<void> {
    try {
      const page = await this.#newest();
      if (this.#closed) return;
      // After a reload the older pages that are still joined to the new one stay.
      const overlaps = page.messages.some((message) =>
        this.messages.some((each) => each.key === message.key),
      );
      if (overlaps) this.messages = joined(this.messages, page.messages);
      else {
        this.messages = page.messages;
        this.#older = page.older;
      }
      if (page.first_unread !== null && !this.newLine) this.newLine = this.#lineBefore(page.first_unread);
      this.loaded = true;
      this.failed = null;
      this.seen();
    } catch (thrown) {
      if (!this.#closed) this.failed = thrown instanceof Error ? thrown.message : String(thrown);
    }
  }

  /** What changed while the answer was under way may be missing in it: then it is asked for again. */
  async #newest(): Promise<Page> {
    for (let tries = 1; ; tries += 1) {
      this.#stirred = false;
      const page = await this.backend.invoke('timeline', {
        conversation: this.id,
        before: null,
        limit: PAGE,
      });
      if (!this.#stirred || tries === TRIES) return page;
    }
  }

  /** The page before what is loaded; it is put in front once `ready` says that nothing moves under the hand. */
  async loadOlder(limit = PAGE, ready: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    const before = this.#older;
    if (before === null || this.loadingOlder) return;
    this.loadingOlder = true;
    try {
      const page = await this.backend.invoke('timeline', { conversation: this.id, before, limit });
      await ready();
      if (this.#closed) return;
      this.messages = joined(page.messages, this.messages);
      this.#older = page.older;
    } finally {
      this.loadingOlder = false;
    }
  }

  /** Reads back until the message is here; false where it is not to be found. */
  async reach(key: number): Promise<boolean> {
    for (let page = 0; page < JUMP_PAGES; page += 1) {
      if (this.messages.some((message) => message.key === key)) return true;
      if (!this.hasOlder) return false;
      await this.loadOlder(JUMP_PAGE);
    }
    return false;
  }

  apply(event: Event): void {
    if (event.type === 'message' && event.message.conversation === this.id)
      this.put(event.message, event.live);
    else if (event.type === 'message_removed' && event.conversation === this.id) this.drop(event.key);
  }

  put(message: Message, live: boolean): void {
    this.#stirred = true;
    if (!this.loaded) return;
    const known = this.messages.some((each) => each.key === message.key);
    this.messages = placed(this.messages, message, this.hasOlder);
    if (known || !live) return;
    if (this.atEnd) this.#rise(message.key);
    if (message.mine) return;
    this.arrived = message;
    if (this.atEnd && this.watched()) this.seen();
    else {
      this.below += 1;
      if (!this.newLine) this.newLine = this.#lineBefore(message.key);
      else if (message.content.kind !== 'system')
        this.newLine = { ...this.newLine, count: this.newLine.count + 1 };
    }
  }

  /** The answer to a command of mine. It may come after events that already know more; those stand. */
  answered(message: Message): void {
    const known = this.messages.find((each) => each.key === message.key);
    if (!known || known.state.state === 'failed') this.put(message, true);
  }

  drop(key: number): void {
    this.messages = this.messages.filter((message) => message.key !== key);
  }

  /** Everything down to the end is in sight: tell the engine once. */
  seen(): void {
    if (!this.loaded || !this.atEnd || !this.watched()) return;
    this.below = 0;
    const newest = this.messages.findLast((message) => !message.mine);
    if (!newest || newest.key === this.#readKey) return;
    this.#readKey = newest.key;
    this.backend.invoke('mark_read', { conversation: this.id, key: newest.key }).catch(() => {
      // Not told: tell again at the next occasion.
      this.#readKey = null;
    });
  }

  retry(key: number): Promise<unknown> {
    return this.backend.invoke('retry', { key }).then((message) => this.answered(message));
  }

  discard(key: number): Promise<unknown> {
    return this.backend.invoke('discard', { key }).then(() => this.drop(key));
  }

  /** The voice message P should play: the first not heard, else the last one. */
  voiceToPlay(): Message | undefined {
    return (
      this.messages.find(
        (message) => !message.mine && message.content.kind === 'voice' && !message.content.played,
      ) ?? this.messages.findLast((message) => message.content.kind === 'voice')
    );
  }

  close(): void {
    this.#closed = true;
  }

  #rise(key: number): void {
    this.rising = key;
    setTimeout(() => {
      if (this.rising === key) this.rising = null;
    }, RISE_MS);
  }

  #lineBefore(key: number): NewLine | null {
    const at = this.messages.findIndex((message) => message.key === key);
    if (at < 0) return null;
    const count = this.messages
      .slice(at)
      .filter((message) => !message.mine && message.content.kind !== 'system').length;
    return { key, count: Math.max(1, count) };
  }
}
