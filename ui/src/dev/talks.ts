// Scenes of the recorder: each state of button, bar and dialogs. The still ones are for pictures, the others move.

import type { KeptRecording, RecorderState } from '../backend';
import type { Scene } from './scenes';
import { speech } from './speech';

const kept = (part: Partial<KeptRecording> & { conversation: string }): KeptRecording => {
  const ended_at = new Date(new Date().setHours(22, 14, 0, 0)).getTime() - 86_400_000;
  return {
    id: 'kept1',
    duration_ms: 72_000,
    waveform: speech(17),
    started_at: ended_at - 72_000,
    ended_at,
    why: 'cut_off',
    ...part,
  };
};

type Running = Extract<RecorderState, { recorder: 'recording' }>;
type Paused = Extract<RecorderState, { recorder: 'paused' }>;

/** The scenes, over a thread that is at rest. */
export function talkScenes(rest: () => Scene & { open: string }, other: string): Record<string, () => Scene> {
  const recording = (part: Partial<Running>, more: Partial<Scene> = {}): Scene => {
    const scene = rest();
    return {
      ...scene,
      recorder: {
        recorder: 'recording',
        id: 'r0',
        conversation: scene.open,
        duration_ms: 34_100,
        device: 'Built-in microphone',
        waveform: speech(41, 128),
        silent: false,
        ...part,
      },
      ...more,
    };
  };
  const paused = (part: Partial<Paused>, more: Partial<Scene> = {}): Scene => {
    const scene = rest();
    return {
      ...scene,
      recorder: {
        recorder: 'paused',
        id: 'r0',
        conversation: scene.open,
        duration_ms: 34_100,
        waveform: speech(33),
        problem: null,
        ...part,
      },
      ...more,
    };
  };
  return {
    rest,
    hold: () => recording({ duration_ms: 7_400 }, { held: true, still: true }),
    locked: () => recording({}, { still: true }),
    talk: () => recording({ duration_ms: 0, waveform: [] }),
    silent: () => recording({ silent: true, device: 'WH-CH720N', waveform: speech(2, 128).map(() => 3) }),
    review: () =>
      paused(
        {},
        {
          review: { review: 'paused', id: 'r0', position_ms: 15_000, duration_ms: 34_100 },
          still: true,
        },
      ),
    'mic-lost': () =>
      paused(
        { problem: 'WH-CH720N was unplugged. All 0:34 are kept; plug it in or go on with another.' },
        { settings: { input: 'gone', input_name: 'WH-CH720N' } },
      ),
    'no-mic': () => ({
      ...rest(),
      microphoneProblem: 'There is no microphone. Plug one in, then try again.',
    }),
    elsewhere: () => {
      const scene = recording({ duration_ms: 52_300 }, { open: other, still: true });
      return { ...scene, conversations: scene.conversations.map((row) => ({ ...row, typing: [] })) };
    },
    'sound-tested': () => ({
      ...rest(),
      settings: { input: 'headset', input_name: 'Jabra Evolve 65' },
      microphoneTest: { test: 'recorded', waveform: speech(7), duration_ms: 5_000, position_ms: 1_000 },
    }),
    'sound-failed': () => ({
      ...rest(),
      settings: { input: 'gone', input_name: 'WH-CH720N' },
      microphoneTest: {
        test: 'failed',
        reason: 'Another program holds the microphone. Close it, then try again.',
      },
    }),
    desktop: () => ({ ...rest(), desktop: true }),
    recovered: () => {
      const scene = rest();
      return { ...scene, recordings: [kept({ conversation: scene.open })] };
    },
    'voice-draft': () => {
      const scene = rest();
      return { ...scene, recordings: [kept({ conversation: scene.open, why: 'draft' })] };
    },
  };
}
