import { describe, expect, it } from 'vitest';
import { CommandError, type Event } from '../../backend';
import { recorder as engine, settle } from '../../dev/recorder';
import { DEVICES, SETTINGS } from '../../dev/sound';
import { Microphone, decibels } from './microphone.svelte';
import { Sound } from './sound.svelte';

describe('the devices', () => {
  it('name the microphone a recording goes on with where the chosen one is gone', async () => {
    let chosen: string | null = 'gone';
    const sound = new Sound(
      engine({ devices: () => DEVICES }),
      () => ({ ...SETTINGS, input: chosen }),
      () => undefined,
    );
    await sound.load();
    expect(sound.fallback?.name).toBe('Built-in microphone');
    chosen = 'headset';
    expect(sound.fallback).toBeUndefined();
  });

  it('say why they cannot be read, until they can', async () => {
    let broken = true;
    const sound = new Sound(
      engine({
        devices: () => {
          if (broken) throw new CommandError('internal', 'The sound server does not answer.');
          return DEVICES;
        },
      }),
      () => SETTINGS,
      () => undefined,
    );
    await sound.load();
    expect(sound.failed).toBe('The sound server does not answer.');
    broken = false;
    await sound.load();
    expect(sound.failed).toBeNull();
    expect(sound.inputs).toHaveLength(2);
  });
});

describe('the microphone test', () => {
  it('listens while its page is open, and is closed even if the page was left before it opened', async () => {
    let open: () => void = () => undefined;
    const backend = engine({
      open_microphone: () =>
        new Promise((resolve) => (open = () => resolve({ test: 'listening', device: 'Built-in' }))),
      close_microphone: () => ({}),
    });
    const microphone = new Microphone(backend, () => undefined);
    const opening = microphone.open();
    microphone.close();
    open();
    await opening;
    await settle();
    expect(microphone.test).toEqual({ test: 'off' });
    expect(backend.calls.at(-1)?.name).toBe('close_microphone');
  });

  it('follows the level only while it is open', async () => {
    const backend = engine({ open_microphone: () => ({ test: 'listening', device: 'Built-in' }) });
    const microphone = new Microphone(backend, () => undefined);
    const level: Event = { type: 'level', level: 0.4, waveform: [], duration_ms: 0 };
    microphone.apply(level);
    expect(microphone.level).toBe(0);
    await microphone.open();
    microphone.apply(level);
    expect(microphone.level).toBe(0.4);
  });

  it('says its level in decibels from silence to full', () => {
    expect([0, 0.5, 1, 7].map(decibels)).toEqual([-60, -30, 0, 0]);
  });
});
