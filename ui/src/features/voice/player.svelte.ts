// What the loudspeaker does, as the engine reports it. Between two reports the head moves by itself here.

import type { Backend, ConversationId, Event, Message, PlayerState } from '../../backend';
import { oneLine } from '../../text';

export const SPEEDS = [1, 1.5, 2] as const;

/** What the keys and the arrows go by. */
export const STEP_MS = 5_000;

export function nextSpeed(speed: number): number {
  return SPEEDS.find((each) => each > speed + 0.01) ?? SPEEDS[0];
}

/** One step slower or faster; the ends stay. */
export function speedBy(speed: number, by: 1 | -1): number {
  const steps: readonly number[] = by > 0 ? SPEEDS : [...SPEEDS].reverse();
  return steps.find((each) => (by > 0 ? each > speed + 0.01 : each < speed - 0.01)) ?? speed;
}

/** Where the head is `elapsed` ms after the engine said `state`. */
export function headAt(state: PlayerState, elapsed: number): number {
  if (state.player === 'playing') {
    return Math.min(state.duration_ms, state.position_ms + elapsed * state.speed);
  }
  return state.player === 'paused' ? state.position_ms : 0;
}

export class Player {
  state = $state.raw<PlayerState>({ player: 'idle' });
  /** The message that sounds, where the window knows it. */
  message = $state.raw<Message | null>(null);
  /** Where it is from. The chain of unheard ones stays in one conversation, so this is known even if the message is not. */
  conversation = $state<ConversationId | null>(null);
  #speed = $state(1);
  #said = 0;
  #now = $state(0);
  #frame = 0;

  constructor(
    private readonly backend: Backend,
    private readonly onError: (thrown: unknown) => void,
    /** The engine goes on to the next unheard by itself; this finds out which message that is. */
    private readonly lookUp: (key: number) => Message | undefined,
    private readonly time: () => number = () => performance.now(),
  ) {}

  /** Key of the message that is loaded, playing or paused. */
  readonly key = $derived.by(() => {
    const state = this.state;
    return state.player === 'idle' || state.player === 'failed' ? null : state.key;
  });
  readonly playing = $derived(this.state.player === 'playing');
  readonly position = $derived(headAt(this.state, this.#now - this.#said));
  readonly duration = $derived(
    this.state.player === 'playing' || this.state.player === 'paused'
      ? this.state.duration_ms
      : this.message?.content.kind === 'voice'
        ? this.message.content.duration_ms
        : 0,
  );

  /** Who speaks, where the window knows it. */
  get name(): string | null {
    return this.message ? oneLine(this.message.sender_name) : null;
  }

  get speed(): number {
    return this.state.player === 'playing' || this.state.player === 'paused' ? this.state.speed : this.#speed;
  }

  apply(event: Event): void {
    if (event.type === 'player') this.take(event.player);
    else if (event.type === 'message' && event.message.key === this.message?.key)
      this.message = event.message;
  }

  take(state: PlayerState): void {
    this.state = state;
    this.#said = this.#now = this.time();
    if (state.player === 'playing' || state.player === 'paused') this.#speed = state.speed;
    if (state.player === 'idle') this.#load(null);
    else if (state.player === 'failed') {
      this.onError(new Error(state.reason));
      this.#load(null);
    } else if (state.key !== this.message?.key) this.#follow(state.key);
    if (this.playing) this.#run();
  }

  /** The button of a message: play, pause, go on. */
  toggle(message: Message): void {
    if (this.key !== message.key) this.playFrom(message, null);
    else if (this.playing) this.#do('pause');
    else if (this.state.player === 'paused') this.#do('resume');
  }

  /** The mini player's and the keyboard's button. */
  toggleCurrent(): void {
    if (this.playing) this.#do('pause');
    else if (this.state.player === 'paused') this.#do('resume');
  }

  playFrom(message: Message, from: number | null): void {
    this.#load(message);
    this.backend.invoke('play', { key: message.key, from_ms: from }).catch(this.onError);
  }

  seek(message: Message, position: number): void {
    const target = Math.round(Math.max(0, position));
    if (this.key !== message.key || this.state.player === 'loading') this.playFrom(message, target);
    else this.backend.invoke('seek', { position_ms: target }).catch(this.onError);
  }

  /** Of whatever is loaded. */
  seekTo(position: number): void {
    if (this.state.player !== 'playing' && this.state.player !== 'paused') return;
    const target = Math.round(Math.min(Math.max(0, position), this.duration));
    this.backend.invoke('seek', { position_ms: target }).catch(this.onError);
  }

  seekBy(by: number): void {
    this.seekTo(this.position + by);
  }

  cycleSpeed(): void {
    this.#setSpeed(nextSpeed(this.speed));
  }

  stepSpeed(by: 1 | -1): void {
    const speed = speedBy(this.speed, by);
    if (speed !== this.speed) this.#setSpeed(speed);
  }

  #setSpeed(speed: number): void {
    this.#speed = speed;
    this.backend.invoke('set_speed', { speed: this.#speed }).catch(this.onError);
  }

  stop(): void {
    this.#do('stop');
  }

  #load(message: Message | null): void {
    this.message = message;
    this.conversation = message?.conversation ?? null;
  }

  #follow(key: number): void {
    const message = this.lookUp(key);
    if (message) this.#load(message);
    else this.message = null;
  }

  #do(name: 'pause' | 'resume' | 'stop'): void {
    this.backend.invoke(name, {}).catch(this.onError);
  }

  #run(): void {
    if (typeof requestAnimationFrame === 'undefined') return;
    cancelAnimationFrame(this.#frame);
    const step = () => {
      this.#now = this.time();
      if (this.playing) this.#frame = requestAnimationFrame(step);
    };
    this.#frame = requestAnimationFrame(step);
  }
}
