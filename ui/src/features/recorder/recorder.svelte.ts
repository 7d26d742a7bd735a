// What is being recorded, as the engine reports it, and what the person does with it. The recording belongs to the app:
// nothing here depends on which conversation is in view. Only "held" is the window's own: whether a finger or a key is
// still down. Whatever goes wrong, what was said stays where the engine keeps it.

import {
  asCommandError,
  type Backend,
  type ConversationId,
  type Event,
  type Message,
  type RecorderState,
  type ReviewState,
} from '../../backend';
import { t } from '../../text';
import { NO_PULL, TAP_MS, type Pull } from './pull';

/** As many bars as the widest bar can show. */
const BARS = 160;
/** A quiet voice still shows; silence does not become a mountain range. */
const LEAST_PEAK = 260;
const HINT_MS = 3_000;
export const UNDO_MS = 10_000;

export type Phase = 'idle' | 'starting' | 'recording' | 'paused';

/** A recording thrown away that can be taken back. */
export interface Discarded {
  id: string;
  duration: number;
}

interface Listener {
  sent(message: Message): void;
  failed(thrown: unknown): void;
  discarded(gone: Discarded): void;
}

export class Recorder {
  state = $state.raw<RecorderState>({ recorder: 'idle' });
  review = $state.raw<ReviewState>({ review: 'idle' });
  /** For whom the button or Space is held down now. */
  held = $state.raw<ConversationId | null>(null);
  pull = $state.raw<Pull>(NO_PULL);
  /** 0–1. */
  level = $state(0);
  duration = $state(0);
  /** The newest bars, 0–1024. */
  bars = $state.raw<readonly number[]>([]);
  /** The loudest bar so far: what fills the height. */
  peak = $state(LEAST_PEAK);
  /** A short word at the button: why nothing was sent. */
  hint = $state<string | null>(null);
  /** What a reader hears. */
  said = $state('');
  #sends = $state(0);
  undoable = $state.raw<Discarded | null>(null);
  #pressedAt = 0;
  #started: Promise<boolean> = Promise.resolve(true);
  /** Settled once the recording that is being sent has left the microphone. */
  #freed: Promise<unknown> = Promise.resolve();
  #free: () => void = () => undefined;
  #hintTimer: ReturnType<typeof setTimeout> | undefined;
  #undoTimer: ReturnType<typeof setTimeout> | undefined;
  #reviewSaid = $state(0);
  #now = $state(0);
  #frame = 0;

  constructor(
    private readonly backend: Backend,
    private readonly listener: Listener,
    private readonly time: () => number = () => performance.now(),
  ) {}

  readonly phase: Phase = $derived(this.state.recorder);
  readonly conversation: ConversationId | null = $derived(
    this.state.recorder === 'idle' ? this.held : this.state.conversation,
  );
  /** While the engine is asked to send: a second press does nothing. */
  readonly sending = $derived(this.#sends > 0);
  readonly active = $derived(this.conversation !== null);
  readonly problem = $derived(this.state.recorder === 'paused' ? this.state.problem : null);
  readonly silent = $derived(this.state.recorder === 'recording' && this.state.silent);
  readonly device = $derived(this.state.recorder === 'recording' ? this.state.device : null);
  /** The whole of what is held back, 100 bars. */
  readonly whole = $derived(this.state.recorder === 'paused' ? this.state.waveform : []);
  readonly listening = $derived(this.review.review === 'playing');
  /** Where the head of the review is. */
  readonly position = $derived.by(() => {
    const review = this.review;
    if (review.review === 'idle') return 0;
    if (review.review === 'paused') return review.position_ms;
    return Math.min(review.duration_ms, review.position_ms + this.#now - this.#reviewSaid);
  });

  in(conversation: ConversationId | null): boolean {
    return conversation !== null && this.conversation === conversation;
  }

  reviewing(id: string): boolean {
    return this.review.review !== 'idle' && this.review.id === id;
  }

  apply(event: Event): void {
    if (event.type === 'recorder') this.take(event.recorder);
    else if (event.type === 'level') this.#hear(event.level, event.waveform, event.duration_ms);
    else if (event.type === 'review') this.#takeReview(event.review);
  }

  take(state: RecorderState): void {
    const before = this.state;
    this.state = state;
    if (state.recorder === 'idle') {
      this.#free();
      this.#forget();
    } else if (state.recorder === 'starting') this.#begin();
    else if (state.recorder === 'recording') {
      if (before.recorder !== 'recording' || before.id !== state.id) {
        this.bars = [];
        this.peak = LEAST_PEAK;
        this.said = this.held ? t('said-recording') : t('said-hands-free');
      }
      this.#grow(state.waveform, true);
      this.duration = state.duration_ms;
    } else {
      // Held back is not held down: a finger that is still there has nothing to let go any more.
      this.held = null;
      this.duration = state.duration_ms;
      this.level = 0;
      this.said = state.problem ?? t('said-paused');
    }
  }

  /** The finger or the key went down. Right after a note was let go the next one waits for it, and is not dropped. */
  press(conversation: ConversationId): void {
    if (this.held || (this.#running && !this.sending)) return;
    this.hint = null;
    this.held = conversation;
    this.pull = NO_PULL;
    this.#pressedAt = this.time();
    this.#begin();
    const free = this.#running ? this.#freed : Promise.resolve();
    this.#started = free.then(() => this.#record(conversation));
  }

  /** Start hands-free at once: Enter, or a click without a hand. */
  start(conversation: ConversationId): void {
    this.press(conversation);
    this.lock();
  }

  /** The hand moved while holding: far enough up it locks, far enough aside it cancels. */
  pullTo(pull: Pull): void {
    if (!this.held) return;
    this.pull = pull;
    if (pull.lock >= 1) this.lock();
    else if (pull.cancel >= 1) void this.cancel();
  }

  /** Let go: a tap locks, a longer hold sends. */
  async release(): Promise<void> {
    if (!this.held) return;
    if (this.time() - this.#pressedAt < TAP_MS) this.lock();
    else await this.send();
  }

  /** Hands-free from here on. Also what happens when the window loses sight of the hand: nothing is lost. */
  lock(): void {
    if (!this.held) return;
    // Until the engine tells of the recording, it is known by whom it is for.
    if (this.state.recorder === 'idle') this.state = { recorder: 'starting', conversation: this.held };
    this.held = null;
    this.pull = NO_PULL;
    if (this.state.recorder === 'recording') this.said = t('said-hands-free');
  }

  async send(): Promise<void> {
    const wasHeld = this.held !== null;
    if (!this.active || (this.sending && !wasHeld)) return;
    this.lock();
    this.#sends += 1;
    this.#freed = new Promise<void>((free) => (this.#free = free));
    const free = this.#free;
    await this.#send(this.#started);
    free();
    this.#sends -= 1;
  }

  async cancel(): Promise<void> {
    if (!this.active) return;
    const length = this.duration;
    this.lock();
    try {
      if (!(await this.#started)) return;
      const id = await this.backend.invoke('cancel_recording', {});
      if (id === null) return;
      this.said = t('said-discarded');
      this.#offerUndo({ id, duration: length });
    } catch (thrown) {
      this.#failed(thrown);
    }
  }

  async undo(): Promise<void> {
    const gone = this.undoable;
    if (!gone) return;
    this.#endUndo();
    await this.open(gone.id);
  }

  /** A recording that was put aside becomes the paused one. */
  async open(id: string): Promise<boolean> {
    try {
      await this.backend.invoke('open_recording', { id });
      return true;
    } catch (thrown) {
      this.#failed(thrown);
      return false;
    }
  }

  pause(): Promise<void> {
    return this.#do('pause_recording');
  }

  resume(): Promise<void> {
    return this.#do('resume_recording');
  }

  /** Stop to hear what was said so far. */
  async pauseAndListen(): Promise<void> {
    await this.pause();
    if (this.state.recorder === 'paused') this.listen(this.state.id, 0);
  }

  listen(id: string, from: number | null): void {
    const from_ms = from === null ? null : Math.round(Math.max(0, from));
    this.backend.invoke('review', { id, from_ms }).catch((thrown: unknown) => this.#failed(thrown));
  }

  toggleReview(id: string): void {
    if (this.listening && this.reviewing(id)) void this.#do('pause_review');
    else this.listen(id, this.reviewing(id) ? null : 0);
  }

  /** What Space does hands-free: hold what runs, hear what is held. */
  pauseOrHear(): void {
    if (this.state.recorder === 'recording') void this.pause();
    else if (this.state.recorder === 'paused') this.toggleReview(this.state.id);
  }

  /** The microphone hears nothing: go on with another one, after what was said. */
  async changeMicrophone(choose: () => Promise<void>): Promise<void> {
    const running = this.state.recorder === 'recording';
    if (running) await this.pause();
    try {
      await choose();
    } catch (thrown) {
      this.#failed(thrown);
    }
    await this.resume();
  }

  /** Something to say at the button for a moment. */
  say(hint: string): void {
    this.hint = this.said = hint;
    clearTimeout(this.#hintTimer);
    this.#hintTimer = setTimeout(() => (this.hint = null), HINT_MS);
  }

  get #running(): boolean {
    return this.state.recorder === 'recording' || this.state.recorder === 'starting';
  }

  async #send(started: Promise<boolean>): Promise<void> {
    try {
      if (!(await started)) return;
      const message = await this.backend.invoke('send_recording', {});
      this.said = t('said-sent');
      this.listener.sent(message);
    } catch (thrown) {
      // The engine threw it away: there was nothing in it.
      if (asCommandError(thrown).code === 'too_short') this.say(t('too-short'));
      else this.#failed(thrown);
    }
  }

  async #record(conversation: ConversationId): Promise<boolean> {
    try {
      await this.backend.invoke('record', { conversation });
      return true;
    } catch (thrown) {
      this.held = null;
      if (this.state.recorder === 'starting') this.take({ recorder: 'idle' });
      this.#failed(thrown);
      return false;
    }
  }

  async #do(name: 'pause_recording' | 'resume_recording' | 'pause_review'): Promise<void> {
    try {
      await this.backend.invoke(name, {});
    } catch (thrown) {
      this.#failed(thrown);
    }
  }

  #failed(thrown: unknown): void {
    this.held = null;
    this.listener.failed(thrown);
  }

  #begin(): void {
    this.bars = [];
    this.duration = this.level = 0;
    this.peak = LEAST_PEAK;
  }

  #forget(): void {
    // The engine may still speak of the time before the press that is under way.
    if (!this.held) this.#begin();
  }

  #hear(level: number, waveform: readonly number[], duration: number): void {
    this.level = level;
    if (this.state.recorder !== 'recording') return;
    this.duration = duration;
    this.#grow(waveform, false);
  }

  #grow(waveform: readonly number[], anew: boolean): void {
    if (waveform.length === 0) return;
    this.bars = (anew ? [...waveform] : [...this.bars, ...waveform]).slice(-BARS);
    this.peak = Math.max(this.peak, ...waveform);
  }

  #offerUndo(gone: Discarded): void {
    this.undoable = gone;
    clearTimeout(this.#undoTimer);
    this.#undoTimer = setTimeout(() => this.#endUndo(), UNDO_MS);
    this.listener.discarded(gone);
  }

  #endUndo(): void {
    clearTimeout(this.#undoTimer);
    this.undoable = null;
  }

  #takeReview(review: ReviewState): void {
    this.review = review;
    this.#reviewSaid = this.#now = this.time();
    if (review.review !== 'playing' || typeof requestAnimationFrame === 'undefined') return;
    cancelAnimationFrame(this.#frame);
    const step = () => {
      this.#now = this.time();
      if (this.listening) this.#frame = requestAnimationFrame(step);
    };
    this.#frame = requestAnimationFrame(step);
  }
}
