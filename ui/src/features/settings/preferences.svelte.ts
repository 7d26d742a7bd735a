// What is set on this computer. A change shows at once and goes back where the engine could not keep it.

import type { Backend, Event, Settings, SoundDevice } from '../../backend';

export class Preferences {
  current = $state.raw<Settings | null>(null);
  #kept: Settings | null = null;
  #writes: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(
    private readonly backend: Backend,
    private readonly onError: (thrown: unknown) => void,
  ) {}

  take(settings: Settings): void {
    this.#kept = settings;
    // While changes are on their way, what is shown is newer than what is told.
    if (this.#waiting === 0) this.current = settings;
  }

  apply(event: Event): void {
    if (event.type === 'settings') this.take(event.settings);
  }

  /** One after the other, because the engine replaces all of them at once. */
  change(part: Partial<Settings>): Promise<void> {
    const { current } = this;
    if (!current) return Promise.resolve();
    const wanted = { ...current, ...part };
    this.current = wanted;
    this.#waiting += 1;
    const write = this.#writes.then(() => this.#write(wanted));
    this.#writes = write;
    return write;
  }

  /** None = whatever the system uses. */
  chooseInput(device: SoundDevice | null): Promise<void> {
    return this.change({ input: device?.id ?? null, input_name: device?.name ?? null });
  }

  chooseOutput(device: SoundDevice | null): Promise<void> {
    return this.change({ output: device?.id ?? null, output_name: device?.name ?? null });
  }

  async #write(wanted: Settings): Promise<void> {
    try {
      this.#kept = await this.backend.invoke('set_settings', wanted);
    } catch (thrown) {
      this.onError(thrown);
    } finally {
      this.#waiting -= 1;
      if (this.#waiting === 0) this.current = this.#kept;
    }
  }
}
