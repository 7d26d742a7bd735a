// Which microphones and loudspeakers there are. The engine tells no changes, so they are read whenever somebody looks.

import type { Backend, Devices, Settings, SoundDevice } from '../../backend';

export class Sound {
  devices = $state.raw<Devices | null>(null);
  /** One plain sentence where they could not be read. */
  failed = $state<string | null>(null);
  #asked = 0;

  constructor(
    private readonly backend: Backend,
    private readonly settings: () => Settings | null,
    private readonly onRead: (devices: Devices) => void,
  ) {}

  readonly inputs = $derived(this.devices?.inputs ?? []);
  readonly outputs = $derived(this.devices?.outputs ?? []);

  /** The microphone a recording goes on with where the chosen one is gone. */
  get fallback(): SoundDevice | undefined {
    const chosen = this.settings()?.input ?? null;
    if (chosen !== null && this.inputs.some((device) => device.id === chosen)) return undefined;
    return this.inputs.find((device) => device.default && !device.monitor);
  }

  async load(): Promise<void> {
    const asked = ++this.#asked;
    try {
      const devices = await this.backend.invoke('devices', {});
      if (asked !== this.#asked) return;
      this.devices = devices;
      this.failed = null;
      this.onRead(devices);
    } catch (thrown) {
      if (asked === this.#asked) this.failed = thrown instanceof Error ? thrown.message : String(thrown);
    }
  }
}
