import { describe, expect, it } from 'vitest';
import { aVoice } from '../../dev/builders';
import { recorder, settle } from '../../dev/recorder';
import { Player, STEP_MS, headAt, nextSpeed, speedBy } from './player.svelte';

const playing = (key: number, position_ms = 0, speed = 1) =>
  ({ player: 'playing', key, position_ms, duration_ms: 16_000, speed }) as const;

function player(handlers: Parameters<typeof recorder>[0] = {}) {
  const backend = recorder({
    play: () => ({}),
    pause: () => ({}),
    resume: () => ({}),
    seek: () => ({}),
    set_speed: () => ({}),
    ...handlers,
  });
  const errors: unknown[] = [];
  const known = aVoice();
  return {
    backend,
    errors,
    known,
    player: new Player(
      backend,
      (error) => errors.push(error),
      (key) => (key === known.key ? known : undefined),
      () => 0,
    ),
  };
}

describe('the head between two reports', () => {
  it('moves at the speed of playback and stops at the end', () => {
    expect(headAt(playing(1, 4_000, 2), 1_500)).toBe(7_000);
    expect(headAt(playing(1, 15_000, 1.5), 5_000)).toBe(16_000);
  });

  it('stands while paused', () => {
    expect(headAt({ ...playing(1, 4_000), player: 'paused' }, 9_999)).toBe(4_000);
  });
});

describe('the play button', () => {
  it('plays, pauses and goes on with the same message', () => {
    const { player: it, backend } = player();
    const message = aVoice();
    it.toggle(message);
    it.take(playing(message.key));
    it.toggle(message);
    it.take({ ...playing(message.key, 2_000), player: 'paused' });
    it.toggle(message);
    expect(backend.calls.map((call) => call.name)).toEqual(['play', 'pause', 'resume']);
  });

  it('changes to another message at once', () => {
    const { player: it, backend } = player();
    const [first, second] = [aVoice(), aVoice()];
    it.toggle(first);
    it.take(playing(first.key));
    it.toggle(second);
    expect(backend.asked('play').map((args) => args.key)).toEqual([first.key, second.key]);
  });

  it('starts where the waveform was pressed if nothing plays, else seeks', () => {
    const { player: it, backend } = player();
    const message = aVoice();
    it.seek(message, 7_000.4);
    it.take(playing(message.key, 7_000));
    it.seek(message, -50);
    expect(backend.asked('play')).toEqual([{ key: message.key, from_ms: 7_000 }]);
    expect(backend.asked('seek')).toEqual([{ position_ms: 0 }]);
  });
});

describe('what plays', () => {
  it('is followed when the engine goes on to the next unheard by itself', () => {
    const { player: it, known } = player();
    it.take(playing(known.key));
    expect(it.message).toBe(known);
  });

  it('is forgotten when it ends, and a failure is told', () => {
    const { player: it, known, errors } = player();
    it.take(playing(known.key));
    it.take({ player: 'failed', key: known.key, reason: 'No loudspeaker. Plug one in.' });
    expect(it.key).toBeNull();
    expect(it.message).toBeNull();
    expect(errors).toHaveLength(1);
  });

  it('goes through the speeds and back to the first', async () => {
    const { player: it, backend } = player();
    it.cycleSpeed();
    it.cycleSpeed();
    it.cycleSpeed();
    await settle();
    expect(backend.asked('set_speed').map((args) => args.speed)).toEqual([1.5, 2, 1]);
    expect(nextSpeed(1.25)).toBe(1.5);
  });

  it('is known by its conversation where the chain goes on out of sight', () => {
    const { player: it, known } = player();
    it.take(playing(known.key));
    it.take(playing(known.key + 1));
    expect(it.message).toBeNull();
    expect(it.conversation).toBe(known.conversation);
    it.take({ player: 'idle' });
    expect(it.conversation).toBeNull();
  });
});

describe('the keys of the player', () => {
  it('go five seconds back and forward within the message', () => {
    const { player: it, backend } = player();
    it.take(playing(1, 4_000));
    it.seekBy(STEP_MS);
    it.seekBy(-STEP_MS);
    it.take(playing(1, 14_000));
    it.seekBy(STEP_MS);
    expect(backend.asked('seek').map((args) => args.position_ms)).toEqual([9_000, 0, 16_000]);
  });

  it('do nothing while nothing is loaded', () => {
    const { player: it, backend } = player();
    it.seekBy(STEP_MS);
    expect(backend.calls).toEqual([]);
  });

  it('step the speed without going round', () => {
    expect([1, 1.5, 2].map((speed) => speedBy(speed, 1))).toEqual([1.5, 2, 2]);
    expect([1, 1.5, 2].map((speed) => speedBy(speed, -1))).toEqual([1, 1, 1.5]);
  });
});
