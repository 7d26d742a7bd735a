import { describe, expect, it } from 'vitest';
import { CommandError, type KeptRecording, type Message } from '../../backend';
import { aVoice } from '../../dev/builders';
import { recorder as engine, settle } from '../../dev/recorder';
import { Kept } from './kept.svelte';

const recording = (part: Partial<KeptRecording> = {}): KeptRecording => ({
  id: 'k1',
  conversation: '@amina:x',
  duration_ms: 72_000,
  waveform: [],
  started_at: 0,
  ended_at: 72_000,
  why: 'cut_off',
  ...part,
});

function setUp(list: KeptRecording[], handlers: Parameters<typeof engine>[0] = {}) {
  let there = list;
  const gone = ({ id }: { id: string }) => {
    there = there.filter((each) => each.id !== id);
    return {};
  };
  const backend = engine({
    recordings: () => there,
    delete_recording: gone,
    keep_recording: ({ id }) => {
      there = there.map((each) => (each.id === id ? { ...each, why: 'draft' } : each));
      return {};
    },
    send_kept_recording: (args) => {
      gone(args);
      return aVoice({ mine: true });
    },
    ...handlers,
  });
  const sent: Message[] = [];
  const errors: unknown[] = [];
  const it = new Kept(
    backend,
    (message) => sent.push(message),
    (thrown) => errors.push(thrown),
  );
  return { it, sent, errors, add: (more: KeptRecording) => (there = [...there, more]) };
}

describe('recordings that were cut off', () => {
  it('are asked about at the start, one after the other, until none is left', async () => {
    const { it, sent } = setUp([recording(), recording({ id: 'k2' })]);
    await it.start();
    expect(it.asking).toBe(true);
    await it.send('k1');
    expect(it.cutOff.map((each) => each.id)).toEqual(['k2']);
    expect(it.asking).toBe(true);
    await it.keep('k2');
    expect(it.asking).toBe(false);
    expect(it.draftOf('@amina:x')?.id).toBe('k2');
    expect(sent).toHaveLength(1);
  });

  it('do not interrupt when they are found later', async () => {
    const { it, add } = setUp([]);
    await it.start();
    add(recording());
    it.apply({ type: 'recordings' });
    await settle();
    expect(it.cutOff).toHaveLength(1);
    expect(it.asking).toBe(false);
  });

  it('stay where a decision could not be carried out', async () => {
    const { it, errors } = setUp([recording()], {
      send_kept_recording: () => Promise.reject(new CommandError('disk_full', 'The disk is full.')),
    });
    await it.start();
    await it.send('k1');
    expect(errors).toHaveLength(1);
    expect(it.cutOff).toHaveLength(1);
    expect(it.asking).toBe(true);
  });
});
