// The window as a whole: it owns one state module per feature, hands every event to those it concerns, and knows what
// is open. It draws nothing.

import { SvelteSet } from 'svelte/reactivity';
import { Attention } from './attention';
import type { Backend, Conversation, ConversationId, Event, Hit, Message, Status } from './backend';
import { Composer } from './features/composer';
import { Inbox, type Activity } from './features/inbox';
import type { View } from './features/rail';
import { Kept, Recorder, UNDO_MS } from './features/recorder';
import { Search } from './features/search';
import { Session } from './features/session';
import { Preferences } from './features/settings';
import { Microphone, Sound } from './features/sound';
import { Thread } from './features/thread';
import { Toasts } from './features/toasts';
import { Player } from './features/voice';
import { viewport } from './parts';
import { Welcome, type Step } from './features/welcome';
import { duration, oneLine, t } from './text';

export class HarkWindow {
  readonly session: Session;
  readonly inbox: Inbox;
  readonly search: Search;
  readonly player: Player;
  readonly recorder: Recorder;
  readonly kept: Kept;
  readonly sound: Sound;
  readonly microphone: Microphone;
  readonly preferences: Preferences;
  readonly toasts = new Toasts();
  readonly welcome: Welcome;

  view = $state<View>('inbox');
  openId = $state<ConversationId | null>(null);
  thread = $state.raw<Thread | null>(null);
  composer = $state.raw<Composer | null>(null);
  /** The message the timeline should show and flash. */
  target = $state.raw<{ key: number } | null>(null);
  /** Somebody followed a link to this address: the new conversation is offered, and nothing done. */
  linked = $state<string | null>(null);
  readonly answering = new SvelteSet<ConversationId>();
  readonly #attention: Attention;
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
    this.player = new Player(backend, fail, (key) => this.#here(key) ?? this.inbox.lastWith(key));
    const sent = (message: Message) =>
      this.thread?.id === message.conversation && this.thread.answered(message);
    this.recorder = new Recorder(backend, {
      sent,
      failed: fail,
      discarded: (gone) =>
        this.toasts.offer(t('discarded', { length: duration(gone.duration) }), UNDO_MS, {
          label: t('undo'),
          run: () => void this.recorder.undo(),
        }),
    });
    this.kept = new Kept(backend, sent, fail);
    this.preferences = new Preferences(backend, fail);
    this.microphone = new Microphone(backend, fail);
    this.sound = new Sound(
      backend,
      () => this.preferences.current,
      (devices) => {
        this.session.microphoneProblem = devices.microphone_problem;
        this.session.soundProblem = devices.sound_problem;
      },
    );
    this.#attention = new Attention(backend, watched);
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
    const { key, conversation } = this.player;
    if (key === null) return false;
    if (this.view === 'settings') return true;
    return conversation ? conversation !== this.openId : this.#here(key) === undefined;
  }

  /** Something is recorded for a conversation that is not in view. */
  get miniRecorder(): boolean {
    return this.recorder.active && (this.view === 'settings' || !this.recorder.in(this.openId));
  }

  /** Where one can talk now: the open conversation, if it is in view and a message could be sent to it. */
  get talksIn(): ConversationId | null {
    if (this.view === 'settings' || !this.composer || this.open?.membership !== 'joined') return null;
    return this.openId;
  }

  /** What the row of a conversation says of microphone, loudspeaker and drafts. */
  activityOf(id: ConversationId): Activity | null {
    if (this.recorder.in(id)) {
      const length = this.recorder.duration;
      return { what: this.recorder.phase === 'paused' ? 'draft' : 'recording', length };
    }
    if (this.player.key !== null && this.player.conversation === id)
      return { what: 'playing', at: this.player.position };
    const draft = this.kept.list.find((each) => each.conversation === id);
    return draft ? { what: 'draft', length: draft.duration_ms } : null;
  }

  nameOf(id: ConversationId): string {
    return oneLine(this.inbox.get(id)?.name ?? id);
  }

  async start(): Promise<void> {
    await this.session.start(this.#status);
    if (this.session.account) await this.#enter();
    this.attend();
  }

  /** The window or its focus changed: tell the engine what a person sees. */
  attend(): void {
    if (this.session.ready) this.#attention.tell(this.view === 'settings' ? null : this.openId);
  }

  /** Why something cannot be done now. It may have changed since it was read. */
  explain(why: string): void {
    this.toasts.say(why);
    void this.sound.load();
  }

  /** To the conversation that is recorded for. */
  showRecording(): void {
    const { conversation } = this.recorder;
    if (conversation) this.show(conversation, null);
  }

  show(conversation: ConversationId, key: number | null): void {
    this.view = 'inbox';
    this.search.clear();
    this.select(conversation);
    if (key !== null) this.target = { key };
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
    this.attend();
  }

  showHit(hit: Hit): void {
    this.select(hit.message.conversation);
    this.target = { key: hit.message.key };
  }

  /** To the message that plays. */
  showPlaying(): void {
    const { conversation, key } = this.player;
    if (conversation) this.show(conversation, key);
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
    this.recorder.take({ recorder: 'idle' });
    this.kept.clear();
    this.view = 'inbox';
    this.welcome.go('choose');
    this.session.account = null;
  }

  #status = (status: Status): void => {
    this.player.take(status.player);
    this.recorder.take(status.recorder);
    this.preferences.take(status.settings);
  };

  #here(key: number): Message | undefined {
    return this.thread?.messages.find((message) => message.key === key);
  }

  async #enter(): Promise<void> {
    try {
      await this.inbox.load();
      await this.kept.start();
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
    this.recorder.apply(event);
    this.kept.apply(event);
    this.preferences.apply(event);
    this.microphone.apply(event);
    if (event.type === 'show') this.show(event.conversation, event.key);
    if (event.type === 'link') this.linked = event.who;
    // What records has a microphone.
    if (event.type === 'recorder' && event.recorder.recorder === 'recording')
      this.session.microphoneProblem = null;
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
      await this.session.refresh(this.#status);
      this.#attention.forget();
      this.attend();
      if (!this.session.account) {
        this.reset();
        return;
      }
      await this.inbox.load();
      await this.kept.load();
      await this.thread?.load();
    } catch (thrown) {
      this.fail(thrown);
    }
  }
}
