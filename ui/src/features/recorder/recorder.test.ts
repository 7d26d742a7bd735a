import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CommandError, type Message, type RecorderState } from '../../backend';
import { aVoice } from '../../dev/builders';
import { recorder as engine, settle } from '../../dev/recorder';
import { Recorder, type Discarded } from './recorder.svelte';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const AMINA = '@amina:x';

const running = (part: Partial<Extract<RecorderState, { recorder: 'recording' }>> = {}): RecorderState => ({
  recorder: 'recording',
  id: 'r1',
  conversation: AMINA,
  duration_ms: 0,
  device: 'Built-in',
  waveform: [],
  silent: false,
  ...part,
});
const paused = (problem: string | null = null): RecorderState => ({
  recorder: 'paused',
  id: 'r1',
  conversation: AMINA,
  duration_ms: 34_000,
  waveform: [1, 2, 3],
  problem,
});

function setUp(handlers: Parameters<typeof engine>[0] = {}) {
  const backend = engine({
    record: () => ({}),
    send_recording: () => aVoice({ mine: true }),
    cancel_recording: () => null,
    pause_recording: () => ({}),
    resume_recording: () => ({}),
    open_recording: () => ({}),
    review: () => ({}),
    pause_review: () => ({}),
    ...handlers,
  });
  const sent: Message[] = [];
  const errors: unknown[] = [];
  const discarded: Discarded[] = [];
  let now = 0;
  const it = new Recorder(
    backend,
    {
      sent: (message) => sent.push(message),
      failed: (thrown) => errors.push(thrown),
      discarded: (gone) => discarded.push(gone),
    },
    () => now,
  );
  const asked = () => backend.calls.map((call) => call.name);
  return { it, backend, asked, sent, errors, discarded, after: (ms: number) => (now += ms) };
}

describe('holding the button', () => {
  it('records while it is down and sends when it is let go', async () => {
    const { it, asked, after, sent } = setUp();
    it.press(AMINA);
    expect(it.in(AMINA)).toBe(true);
    await settle();
    it.take(running());
    after(900);
    await it.release();
    expect(asked()).toEqual(['record', 'send_recording']);
    expect(sent).toHaveLength(1);
  });

  it('goes on hands-free after a tap of less than 250 ms', async () => {
    const { it, asked, after } = setUp();
    it.press(AMINA);
    after(240);
    await it.release();
    it.take(running());
    expect(it.held).toBeNull();
    expect(it.in(AMINA)).toBe(true);
    expect(asked()).toEqual(['record']);
  });

  it('locks when the hand is pulled up, and letting go then sends nothing', async () => {
    const { it, asked, after } = setUp();
    it.press(AMINA);
    it.pullTo({ cancel: 0, lock: 0.4 });
    expect(it.held).toBe(AMINA);
    it.pullTo({ cancel: 0, lock: 1 });
    after(2_000);
    await it.release();
    expect(it.held).toBeNull();
    expect(asked()).not.toContain('send_recording');
  });

  it('cancels when the hand is pulled aside', async () => {
    const { it, asked } = setUp();
    it.press(AMINA);
    it.pullTo({ cancel: 1, lock: 0 });
    await settle();
    expect(asked()).toEqual(['record', 'cancel_recording']);
  });

  it('waits for a slow microphone before it sends', async () => {
    let open: () => void = () => undefined;
    const { it, asked, after } = setUp({
      record: () => new Promise((resolve) => (open = () => resolve({}))),
    });
    it.press(AMINA);
    await settle();
    after(700);
    const sending = it.release();
    await settle();
    expect(asked()).toEqual(['record']);
    open();
    await sending;
    expect(asked()).toEqual(['record', 'send_recording']);
  });

  it('starts the next note while the last one is still being sent, and drops none', async () => {
    const answers: (() => void)[] = [];
    const { it, asked, after, sent } = setUp({
      send_recording: () => new Promise((resolve) => answers.push(() => resolve(aVoice({ mine: true })))),
    });
    for (let note = 0; note < 3; note += 1) {
      it.press(AMINA);
      await settle();
      after(600);
      void it.release();
      await settle();
    }
    while (sent.length < 3) {
      answers.shift()?.();
      await settle();
    }
    expect(asked()).toEqual([
      'record',
      'send_recording',
      'record',
      'send_recording',
      'record',
      'send_recording',
    ]);
  });

  it('starts the next note as soon as the microphone is free, before the last one is in the outbox', async () => {
    const { it, asked, after } = setUp({ send_recording: () => new Promise(() => undefined) });
    it.press(AMINA);
    await settle();
    it.take(running());
    after(600);
    void it.release();
    it.press(AMINA);
    await settle();
    expect(asked()).toEqual(['record', 'send_recording']);
    it.take({ recorder: 'idle' });
    await settle();
    expect(asked()).toEqual(['record', 'send_recording', 'record']);
    expect(it.held).toBe(AMINA);
  });

  it('does not start a second recording over one that runs elsewhere', () => {
    const { it, asked } = setUp();
    it.take(running({ conversation: '@darja:x' }));
    it.press(AMINA);
    expect(it.held).toBeNull();
    expect(asked()).toEqual([]);
  });
});

describe('what goes wrong', () => {
  it('says why where there is no microphone, and is idle again', async () => {
    const { it, errors } = setUp({
      record: () => Promise.reject(new CommandError('no_device', 'There is no microphone.')),
    });
    it.start(AMINA);
    await settle();
    expect(errors).toHaveLength(1);
    expect(it.active).toBe(false);
  });

  it('hints at the button where a hold was too short, and leaves the next recording alone', async () => {
    const { it, asked, after, errors } = setUp({
      send_recording: () => Promise.reject(new CommandError('too_short', 'Too short.')),
    });
    it.press(AMINA);
    await settle();
    it.take(running());
    after(300);
    await it.release();
    expect(it.hint).not.toBeNull();
    expect(errors).toEqual([]);
    expect(asked()).toEqual(['record', 'send_recording']);
    vi.advanceTimersByTime(4_000);
    expect(it.hint).toBeNull();
  });

  it('never empties anything when sending fails: the recording stays as the engine has it', async () => {
    const { it, errors, sent } = setUp({
      send_recording: () => Promise.reject(new CommandError('disk_full', 'The disk is full.')),
    });
    it.take(paused());
    await it.send();
    expect(errors).toHaveLength(1);
    expect(sent).toEqual([]);
    expect(it.in(AMINA)).toBe(true);
    expect(it.duration).toBe(34_000);
    expect(it.sending).toBe(false);
  });

  it('lets go of the hand when the microphone is lost, and keeps time and reason', () => {
    const { it } = setUp();
    it.press(AMINA);
    it.take(running({ duration_ms: 900 }));
    it.take(paused('The microphone was unplugged.'));
    expect(it.held).toBeNull();
    expect(it.problem).toBe('The microphone was unplugged.');
    expect(it.duration).toBe(34_000);
  });
});

describe('cancelling', () => {
  it('is silent under a second', async () => {
    const { it, discarded } = setUp();
    it.take(running());
    await it.cancel();
    expect(discarded).toEqual([]);
    expect(it.undoable).toBeNull();
  });

  it('can be taken back for ten seconds', async () => {
    const { it, backend, discarded } = setUp({ cancel_recording: () => 'r1' });
    it.take(running({ duration_ms: 34_000 }));
    await it.cancel();
    expect(discarded).toEqual([{ id: 'r1', duration: 34_000 }]);
    await it.undo();
    expect(backend.asked('open_recording')).toEqual([{ id: 'r1' }]);
    expect(it.undoable).toBeNull();

    it.take(running({ duration_ms: 34_000 }));
    await it.cancel();
    vi.advanceTimersByTime(10_000);
    await it.undo();
    expect(backend.asked('open_recording')).toHaveLength(1);
  });
});

describe('how it grows', () => {
  it('follows level, bars and time between two states', () => {
    const { it } = setUp();
    it.take(running({ waveform: [10, 20] }));
    it.apply({ type: 'level', level: 0.5, waveform: [700, 30], duration_ms: 160 });
    expect(it.bars).toEqual([10, 20, 700, 30]);
    expect(it.peak).toBe(700);
    expect(it.level).toBe(0.5);
    expect(it.duration).toBe(160);
  });

  it('starts from nothing with the next recording', () => {
    const { it } = setUp();
    it.take(running({ waveform: [900] }));
    it.take({ recorder: 'idle' });
    expect(it.bars).toEqual([]);
    it.take(running({ id: 'r2' }));
    expect(it.bars).toEqual([]);
    expect(it.peak).toBeLessThan(900);
  });

  it('shows the same after a reload of the window, hands-free', () => {
    const { it } = setUp();
    it.take(running({ duration_ms: 52_000, waveform: [1, 2, 3] }));
    expect(it.in(AMINA)).toBe(true);
    expect(it.held).toBeNull();
    expect(it.duration).toBe(52_000);
    expect(it.bars).toEqual([1, 2, 3]);
  });
});

describe('the review', () => {
  it('plays from the start, holds, and goes on where it was held', () => {
    const { it, backend, asked } = setUp();
    it.take(paused());
    it.toggleReview('r1');
    it.apply({
      type: 'review',
      review: { review: 'playing', id: 'r1', position_ms: 0, duration_ms: 34_000 },
    });
    it.toggleReview('r1');
    it.apply({
      type: 'review',
      review: { review: 'paused', id: 'r1', position_ms: 5_000, duration_ms: 34_000 },
    });
    expect(it.position).toBe(5_000);
    it.toggleReview('r1');
    expect(asked()).toEqual(['review', 'pause_review', 'review']);
    expect(backend.asked('review').map((args) => args.from_ms)).toEqual([0, null]);
  });
});
