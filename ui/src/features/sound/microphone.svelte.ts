// The microphone test of the settings: open while the page is looked at, closed when it is left.

import { asCommandError, type Backend, type Event, type MicrophoneTest } from '../../backend';

/** What the engine's level means: 0 = −60 dB, 1 = 0 dB. */
export function decibels(level: number): number {
  return Math.round(Math.min(Math.max(level, 0), 1) * 60 - 60);
}

export class Microphone {
  test = $state.raw<MicrophoneTest>({ test: 'off' });
  level = $state(0);
  #open = false;
  #said = $state(0);
  #now = $state(0);
  #frame = 0;

  constructor(
    private readonly backend: Backend,
    private readonly onError: (thrown: unknown) => void,
    private readonly time: () => number = () => performance.now(),
  ) {}

  readonly recording = $derived(this.test.test === 'recording');
  readonly recorded = $derived(this.test.test === 'recorded' ? this.test : null);
  readonly playing = $derived(this.recorded !== null && this.recorded.position_ms !== null);
  /** Where the head is while the five seconds are heard. */
  readonly position = $derived.by(() => {
    const recorded = this.recorded;
    if (!recorded || recorded.position_ms === null) return 0;
    return Math.min(recorded.duration_ms, recorded.position_ms + this.#now - this.#said);
  });

  apply(event: Event): void {
    if (event.type === 'microphone_test') this.take(event.test);
    else if (event.type === 'level' && this.#open) this.level = event.level;
  }

  take(test: MicrophoneTest): void {
    this.test = test;
    if (test.test === 'off' || test.test === 'failed') this.level = 0;
    this.#said = this.#now = this.time();
    if (this.playing) this.#run();
  }

  async open(): Promise<void> {
    this.#open = true;
    try {
      const test = await this.backend.invoke('open_microphone', {});
      // The page may have been left meanwhile.
      if (this.#open) this.take(test);
      else this.close();
    } catch (thrown) {
      this.take({ test: 'failed', reason: asCommandError(thrown).message });
    }
  }

  close(): void {
    this.#open = false;
    this.take({ test: 'off' });
    this.backend.invoke('close_microphone', {}).catch(() => undefined);
  }

  record(): void {
    this.#do('test_microphone');
  }

  play(): void {
    this.#do('play_test');
  }

  #do(name: 'test_microphone' | 'play_test'): void {
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
