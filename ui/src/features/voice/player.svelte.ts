// What the loudspeaker does, as the engine reports it. Between two reports the head moves by itself here.

import type { Backend, Event, Message, PlayerState } from '../../backend';

export const SPEEDS = [1, 1.5, 2] as const;

export function nextSpeed(speed: number): number {
  return SPEEDS.find((each) => each > speed + 0.01) ?? SPEEDS[0];
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
    if (state.player === 'idle') this.message = null;
    else if (state.player === 'failed') {
      this.onError(new Error(state.reason));
      this.message = null;
    } else if (state.key !== this.message?.key) this.message = this.lookUp(state.key) ?? null;
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
    this.message = message;
    this.backend.invoke('play', { key: message.key, from_ms: from }).catch(this.onError);
  }

  seek(message: Message, position: number): void {
    const target = Math.round(Math.max(0, position));
    if (this.key !== message.key || this.state.player === 'loading') this.playFrom(message, target);
    else this.backend.invoke('seek', { position_ms: target }).catch(this.onError);
  }

  cycleSpeed(): void {
    this.#speed = nextSpeed(this.speed);
    this.backend.invoke('set_speed', { speed: this.#speed }).catch(this.onError);
  }

  stop(): void {
    this.#do('stop');
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
