// What Hark keeps on the disk, and how much it may keep.

import { asCommandError, type Backend, type Storage } from '../../backend';

const GB = 1_000_000_000;

/** The steps of the slider, in bytes. */
export const LIMITS = [0.25, 0.5, 1, 2, 3, 5, 10, 20, 50].map((each) => each * GB);

/** The step that is nearest to what is set. */
export function limitStep(bytes: number): number {
  const off = LIMITS.map((limit) => Math.abs(Math.log(limit / Math.max(1, bytes))));
  return off.indexOf(Math.min(...off));
}

export class Disk {
  used = $state.raw<Storage | null>(null);
  failed = $state<string | null>(null);
  clearing = $state(false);

  constructor(private readonly backend: Backend) {}

  readonly total = $derived(
    this.used ? this.used.voice + this.used.other_media + this.used.messages + this.used.recordings : 0,
  );

  async load(): Promise<void> {
    try {
      this.used = await this.backend.invoke('storage', {});
      this.failed = null;
    } catch (thrown) {
      this.failed = asCommandError(thrown).message;
    }
  }

  async clear(): Promise<void> {
    if (this.clearing) return;
    this.clearing = true;
    try {
      this.used = await this.backend.invoke('clear_media', {});
      this.failed = null;
    } catch (thrown) {
      this.failed = asCommandError(thrown).message;
    } finally {
      this.clearing = false;
    }
  }
}
