// The conversations, newest first. Rows come whole from the engine and replace what is here by `id`.

import type { Backend, Conversation, ConversationId, Event, Message } from '../../backend';
import { oneLine } from '../../text';

export type Show = 'all' | 'unread' | 'groups';

/** Newest first; equal times keep a fixed order, so that nothing swaps places by itself. */
export function byActivity(a: Conversation, b: Conversation): number {
  return b.activity_ts - a.activity_ts || (a.id < b.id ? -1 : 1);
}

/** Each word must occur in the name or the id. */
export function matches(conversation: Conversation, words: string): boolean {
  const hay = `${oneLine(conversation.name)} ${conversation.id}`.toLocaleLowerCase();
  return words
    .toLocaleLowerCase()
    .split(/\s+/)
    .every((word) => hay.includes(word));
}

export class Inbox {
  loaded = $state(false);
  show = $state<Show>('all');
  #rows = $state.raw<Conversation[]>([]);

  constructor(private readonly backend: Backend) {}

  /** Where I take part; what the inbox lists. */
  readonly joined = $derived(this.#rows.filter((row) => row.membership !== 'invited'));
  /** Waiting for my answer. */
  readonly invitations = $derived(this.#rows.filter((row) => row.membership === 'invited'));
  readonly unreadCount = $derived(this.joined.filter((row) => row.unread > 0).length);
  readonly waiting = $derived(this.#rows.reduce((sum, row) => sum + row.waiting, 0));
  readonly shown = $derived.by(() => {
    if (this.show === 'unread') return this.joined.filter((row) => row.unread > 0);
    if (this.show === 'groups') return this.joined.filter((row) => row.kind === 'group');
    return this.joined;
  });

  async load(): Promise<void> {
    const rows = await this.backend.invoke('conversations', { filter: '' });
    this.#rows = [...rows].sort(byActivity);
    this.loaded = true;
  }

  clear(): void {
    this.#rows = [];
    this.loaded = false;
    this.show = 'all';
  }

  apply(event: Event): void {
    if (event.type === 'conversation') this.put(event.conversation);
    else if (event.type === 'conversation_removed') this.drop(event.id);
  }

  put(row: Conversation): void {
    this.#rows = [...this.#rows.filter((each) => each.id !== row.id), row].sort(byActivity);
  }

  drop(id: ConversationId): void {
    this.#rows = this.#rows.filter((each) => each.id !== id);
  }

  get(id: ConversationId | null): Conversation | undefined {
    return id === null ? undefined : this.#rows.find((row) => row.id === id);
  }

  /** The newest message of a conversation, if it is the one with this key. */
  lastWith(key: number): Message | undefined {
    return this.#rows.find((row) => row.last?.key === key)?.last ?? undefined;
  }

  find(words: string, limit: number): Conversation[] {
    return this.#rows.filter((row) => matches(row, words)).slice(0, limit);
  }

  /** The row `by` places from `id` in what is listed; the first one where `id` is not listed. */
  neighbour(id: ConversationId | null, by: 1 | -1): Conversation | undefined {
    const at = this.shown.findIndex((row) => row.id === id);
    return at < 0 ? this.shown[0] : this.shown[at + by];
  }

  /** The next conversation with something unread, below `id` and then from the top. */
  nextUnread(id: ConversationId | null): Conversation | undefined {
    const at = this.joined.findIndex((row) => row.id === id);
    return [...this.joined.slice(at + 1), ...this.joined.slice(0, at + 1)].find(
      (row) => row.unread > 0 && row.id !== id,
    );
  }

  async accept(id: ConversationId): Promise<Conversation> {
    const row = await this.backend.invoke('accept', { conversation: id });
    this.put(row);
    return row;
  }

  async leave(id: ConversationId): Promise<void> {
    await this.backend.invoke('leave', { conversation: id });
    this.drop(id);
  }

  async markRead(row: Conversation): Promise<void> {
    if (row.last) await this.backend.invoke('mark_read', { conversation: row.id, key: row.last.key });
  }
}
