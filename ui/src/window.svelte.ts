// The window as a whole: it owns one state module per feature, hands every event to those it concerns, and knows what
// is open. It draws nothing.

import { SvelteSet } from 'svelte/reactivity';
import type { Backend, Conversation, ConversationId, Event, Hit, Message } from './backend';
import { Composer } from './features/composer';
import { Inbox } from './features/inbox';
import type { View } from './features/rail';
import { Search } from './features/search';
import { Session } from './features/session';
import { Thread } from './features/thread';
import { Toasts } from './features/toasts';
import { Player } from './features/voice';
import { viewport } from './parts';
import { Welcome, type Step } from './features/welcome';

export class HarkWindow {
  readonly session: Session;
  readonly inbox: Inbox;
  readonly search: Search;
  readonly player: Player;
  readonly toasts = new Toasts();
  readonly welcome: Welcome;

  view = $state<View>('inbox');
  openId = $state<ConversationId | null>(null);
  thread = $state.raw<Thread | null>(null);
  composer = $state.raw<Composer | null>(null);
  /** The message the timeline should show and flash. */
  target = $state.raw<{ key: number } | null>(null);
  readonly answering = new SvelteSet<ConversationId>();
  #enteredBy: Step | null = null;

  constructor(
    readonly backend: Backend,
    /** Whether somebody looks at the window now. */
    private readonly watched: () => boolean,
  ) {
    const fail = (thrown: unknown) => this.fail(thrown);
    this.session = new Session(backend);
    this.inbox = new Inbox(backend);
    this.search = new Search(backend, fail);
    this.player = new Player(backend, fail, (key) => this.#here(key));
    this.welcome = new Welcome(backend, (account, how) => {
      this.#enteredBy = how;
      this.session.signedIn(account);
      void this.#enter();
    });
    backend.on((event) => this.#apply(event));
  }

  get open(): Conversation | undefined {
    return this.inbox.get(this.openId);
  }

  /** Something plays whose thread is not open. */
  get miniPlayer(): boolean {
    const { key, message } = this.player;
    if (key === null) return false;
    return message ? message.conversation !== this.openId : this.#here(key) === undefined;
  }

  async start(): Promise<void> {
    await this.session.start((player) => this.player.take(player));
    if (this.session.account) await this.#enter();
  }

  fail = (thrown: unknown): void => this.toasts.fail(thrown);

  select(id: ConversationId | null): void {
    if (id !== this.openId) {
      this.composer?.close();
      this.thread?.close();
      this.thread = this.composer = null;
      this.target = null;
      this.openId = id;
    }
    this.#openThread();
  }

  showHit(hit: Hit): void {
    this.select(hit.message.conversation);
    this.target = { key: hit.message.key };
  }

  /** To the message that plays. */
  showPlaying(): void {
    const message = this.player.message;
    if (!message) return;
    this.view = 'inbox';
    this.select(message.conversation);
    this.target = { key: message.key };
  }

  opened(row: Conversation): void {
    this.inbox.put(row);
    this.view = 'inbox';
    this.search.clear();
    this.select(row.id);
  }

  async accept(id: ConversationId): Promise<void> {
    if (this.answering.has(id)) return;
    this.answering.add(id);
    try {
      const row = await this.inbox.accept(id);
      // The invitation may become a conversation of another name (a room becomes its person).
      if (row.id !== id) this.inbox.drop(id);
      this.opened(row);
    } catch (thrown) {
      this.fail(thrown);
    } finally {
      this.answering.delete(id);
    }
  }

  async leave(id: ConversationId): Promise<void> {
    try {
      await this.inbox.leave(id);
      if (this.openId === id) this.select(null);
    } catch (thrown) {
      this.fail(thrown);
    }
  }

  markRead(row: Conversation): void {
    this.inbox.markRead(row).catch(this.fail);
  }

  step(by: 1 | -1): void {
    const row = this.inbox.neighbour(this.openId, by);
    if (row) this.select(row.id);
  }

  nextUnread(): void {
    const row = this.inbox.nextUnread(this.openId);
    if (row) this.select(row.id);
  }

  playOrPause(): void {
    if (this.player.key !== null) this.player.toggleCurrent();
    else {
      const message = this.thread?.voiceToPlay();
      if (message) this.player.toggle(message);
    }
  }

  /** After signing out, or to sign in again. */
  reset(): void {
    this.select(null);
    this.inbox.clear();
    this.search.clear();
    this.player.take({ player: 'idle' });
    this.view = 'inbox';
    this.welcome.go('choose');
    this.session.account = null;
  }

  #here(key: number): Message | undefined {
    return this.thread?.messages.find((message) => message.key === key);
  }

  async #enter(): Promise<void> {
    try {
      await this.inbox.load();
      // "Just try it" leads straight to Echo, where the inbox stays in sight beside it.
      if (this.#enteredBy === 'choose') this.#openFirst();
    } catch (thrown) {
      this.fail(thrown);
    }
  }

  #openFirst(): void {
    const first = this.inbox.joined[0];
    if (!first || this.openId || viewport.narrow) return;
    this.#enteredBy = null;
    this.select(first.id);
  }

  #openThread(): void {
    const row = this.open;
    if (!row || this.thread || row.membership === 'invited') return;
    this.thread = new Thread(row.id, this.backend, this.watched, row.kind === 'person');
    const { thread } = this;
    this.composer = new Composer(
      row.id,
      row.draft ?? '',
      this.backend,
      (message) => thread.answered(message),
      this.fail,
    );
    void thread.load();
  }

  #apply(event: Event): void {
    if (event.type === 'reload') {
      void this.#reload();
      return;
    }
    const hadAccount = this.session.account !== null;
    this.session.apply(event);
    this.inbox.apply(event);
    this.thread?.apply(event);
    this.player.apply(event);
    // What sounds has a loudspeaker.
    if (event.type === 'player' && event.player.player === 'playing') this.session.soundProblem = null;
    if (event.type === 'account' && hadAccount && event.account === null) this.reset();
    if (event.type === 'conversation') {
      this.#openThread();
      if (this.#enteredBy === 'choose') this.#openFirst();
    }
    if (event.type === 'conversation_removed' && event.id === this.openId) this.select(null);
  }

  async #reload(): Promise<void> {
    try {
      await this.session.refresh((player) => this.player.take(player));
      if (!this.session.account) {
        this.reset();
        return;
      }
      await this.inbox.load();
      await this.thread?.load();
    } catch (thrown) {
      this.fail(thrown);
    }
  }
}
