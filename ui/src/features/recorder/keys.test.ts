import { describe, expect, it } from 'vitest';
import type { RecorderState } from '../../backend';
import { recorder as engine, settle } from '../../dev/recorder';
import { RecorderKeys, type Place } from './keys';
import { Recorder } from './recorder.svelte';

const AMINA = '@amina:x';
const press = (key: string, more: Partial<Record<'ctrlKey' | 'shiftKey' | 'repeat', boolean>> = {}) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  repeat: false,
  ...more,
});

function setUp() {
  const backend = engine({
    record: () => ({}),
    send_recording: () => Promise.reject(new Error('not asked for')),
    cancel_recording: () => 'r1',
    pause_recording: () => ({}),
    open_recording: () => ({}),
    review: () => ({}),
  });
  const recorder = new Recorder(
    backend,
    { sent: () => undefined, failed: () => undefined, discarded: () => undefined },
    () => 0,
  );
  const keys = new RecorderKeys(recorder);
  const running: RecorderState = {
    recorder: 'recording',
    id: 'r1',
    conversation: AMINA,
    duration_ms: 5_000,
    device: 'Built-in',
    waveform: [],
    silent: false,
  };
  const asked = () => backend.calls.map((call) => call.name);
  const down = (key: string, place: Place = 'page', open: string | null = AMINA) =>
    keys.down(press(key), place, open);
  return { recorder, keys, running, asked, down };
}

describe('Space', () => {
  it('holds to talk outside of text and controls only', () => {
    const { recorder, down } = setUp();
    expect(down(' ', 'text')).toBe(false);
    expect(down(' ', 'control')).toBe(false);
    expect(down(' ', 'page', null)).toBe(false);
    expect(recorder.held).toBeNull();
    expect(down(' ')).toBe(true);
    expect(recorder.held).toBe(AMINA);
  });

  it('starts once, however often the keyboard repeats it', async () => {
    const { keys, asked, down } = setUp();
    down(' ');
    expect(keys.down(press(' ', { repeat: true }), 'page', AMINA)).toBe(true);
    await settle();
    expect(asked()).toEqual(['record']);
  });

  it('pauses a hands-free recording, and plays a held one', async () => {
    const { recorder, running, asked, down } = setUp();
    recorder.take(running);
    down(' ');
    await settle();
    recorder.take({
      recorder: 'paused',
      id: 'r1',
      conversation: AMINA,
      duration_ms: 5_000,
      waveform: [],
      problem: null,
    });
    down(' ');
    expect(asked()).toEqual(['pause_recording', 'review']);
  });

  it('loses nothing when the window loses the focus: the recording goes on hands-free', async () => {
    const { recorder, keys, down } = setUp();
    down(' ');
    keys.lost();
    expect(keys.up(press(' '))).toBe(false);
    expect(recorder.held).toBeNull();
    expect(recorder.in(AMINA)).toBe(true);
  });
});

describe('the other keys of a recording', () => {
  it('Shift locks while holding', () => {
    const { recorder, down } = setUp();
    down(' ');
    expect(down('Shift')).toBe(true);
    expect(recorder.held).toBeNull();
  });

  it('Escape discards what is being recorded here, and Z takes it back', async () => {
    const { recorder, running, asked, down } = setUp();
    recorder.take(running);
    expect(down('Escape')).toBe(true);
    await settle();
    expect(down('z', 'text')).toBe(false);
    expect(down('z')).toBe(true);
    await settle();
    expect(asked()).toEqual(['cancel_recording', 'open_recording']);
  });

  it('leaves Escape and Enter alone for a recording that is not in view', () => {
    const { recorder, running, down } = setUp();
    recorder.take(running);
    expect(down('Escape', 'page', '@darja:x')).toBe(false);
    expect(down('Enter', 'page', '@darja:x')).toBe(false);
    expect(down(' ', 'page', '@darja:x')).toBe(false);
  });
});
