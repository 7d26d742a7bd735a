import { describe, expect, it } from 'vitest';
import { CommandError, type Settings } from '../../backend';
import { recorder as engine, settle } from '../../dev/recorder';
import { SETTINGS } from '../../dev/sound';
import { Preferences } from './preferences.svelte';
import { Disk, LIMITS, limitStep } from './storage.svelte';

function setUp(handlers: Parameters<typeof engine>[0] = {}) {
  const backend = engine({ set_settings: (settings) => settings, ...handlers });
  const errors: unknown[] = [];
  const it = new Preferences(backend, (thrown) => errors.push(thrown));
  it.take(SETTINGS);
  return { it, backend, errors };
}

describe('a change of the settings', () => {
  it('shows at once and is kept whole', async () => {
    const { it, backend } = setUp();
    const done = it.change({ play_on: false });
    expect(it.current?.play_on).toBe(false);
    await done;
    expect(backend.asked('set_settings')).toEqual([{ ...SETTINGS, play_on: false }]);
  });

  it('goes back where it could not be kept', async () => {
    const { it, errors } = setUp({
      set_settings: () => Promise.reject(new CommandError('disk_full', 'The disk is full.')),
    });
    await it.change({ volume: 0.1 });
    expect(it.current?.volume).toBe(SETTINGS.volume);
    expect(errors).toHaveLength(1);
  });

  it('builds on the one before it, and what is told meanwhile does not flicker', async () => {
    const answers: (() => void)[] = [];
    const { it, backend } = setUp({
      set_settings: (settings) => new Promise<Settings>((resolve) => answers.push(() => resolve(settings))),
    });
    void it.change({ notify: false });
    const second = it.change({ preview: false });
    await settle();
    it.apply({ type: 'settings', settings: SETTINGS });
    expect(it.current?.notify).toBe(false);
    answers.shift()?.();
    await settle();
    answers.shift()?.();
    await second;
    expect(backend.asked('set_settings').at(-1)).toEqual({ ...SETTINGS, notify: false, preview: false });
    expect(it.current).toEqual({ ...SETTINGS, notify: false, preview: false });
  });
});

describe('the disk', () => {
  it('sums up what is kept, and says why where it cannot', async () => {
    const used = { voice: 1, other_media: 2, messages: 3, recordings: 4, free: 5 };
    const disk = new Disk(engine({ storage: () => used, clear_media: () => ({ ...used, voice: 0 }) }));
    await disk.load();
    expect(disk.total).toBe(10);
    await disk.clear();
    expect(disk.total).toBe(9);

    const broken = new Disk(
      engine({ storage: () => Promise.reject(new CommandError('internal', 'It cannot be counted.')) }),
    );
    await broken.load();
    expect(broken.failed).toBe('It cannot be counted.');
  });

  it('has a step for every limit, and the nearest for one that has none', () => {
    expect(LIMITS.map(limitStep)).toEqual(LIMITS.map((_, step) => step));
    expect(LIMITS[limitStep(512 * 1024 * 1024)]).toBe(500_000_000);
  });
});
