import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CommandError, type Message } from '../../backend';
import { aMessage } from '../../dev/builders';
import { recorder, settle } from '../../dev/recorder';
import { Composer, LIMIT, lengthOf } from './composer.svelte';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function composer(handlers: Parameters<typeof recorder>[0] = {}, draft = '') {
  const backend = recorder({
    send_text: ({ text }) => aMessage({ mine: true, content: { kind: 'text', body: text } }),
    set_draft: () => ({}),
    set_typing: () => ({}),
    ...handlers,
  });
  const sent: Message[] = [];
  const errors: unknown[] = [];
  const it = new Composer(
    '@amina:x',
    draft,
    backend,
    (message) => sent.push(message),
    (error) => errors.push(error),
  );
  return { it, backend, sent, errors };
}

describe('a draft', () => {
  it('is kept once the typing pauses, not at every letter', () => {
    const { it, backend } = composer();
    for (const text of ['h', 'he', 'hey']) {
      it.type(text);
      vi.advanceTimersByTime(200);
    }
    expect(backend.asked('set_draft')).toEqual([]);
    vi.advanceTimersByTime(2_000);
    expect(backend.asked('set_draft')).toEqual([{ conversation: '@amina:x', text: 'hey' }]);
  });

  it('is kept at once when the conversation is left, and only if it changed', () => {
    const { it, backend } = composer({}, 'dear');
    it.close();
    expect(backend.asked('set_draft')).toEqual([]);
    it.type('dear Amina');
    it.close();
    expect(backend.asked('set_draft')).toEqual([{ conversation: '@amina:x', text: 'dear Amina' }]);
  });

  it('is gone from the engine after sending', async () => {
    const { it, backend } = composer({}, 'dear');
    await it.send();
    expect(backend.asked('set_draft')).toEqual([{ conversation: '@amina:x', text: '' }]);
  });
});

describe('sending', () => {
  it('empties the field at once and trims', async () => {
    const { it, backend, sent } = composer();
    it.type('  see you \n');
    const done = it.send();
    expect(it.text).toBe('');
    await done;
    expect(backend.asked('send_text')).toEqual([{ conversation: '@amina:x', text: 'see you' }]);
    expect(sent).toHaveLength(1);
  });

  it('gives the text back when the engine cannot take it, before what was typed meanwhile', async () => {
    const { it, errors } = composer({
      send_text: () => Promise.reject(new CommandError('disk_full', 'The disk is full.')),
    });
    it.type('first');
    const done = it.send();
    it.type('second');
    await done;
    expect(it.text).toBe('first\nsecond');
    expect(errors).toHaveLength(1);
  });

  it('sends nothing that is empty or too long', async () => {
    const { it, backend } = composer();
    it.type('   ');
    await it.send();
    it.type('x'.repeat(LIMIT + 1));
    await it.send();
    expect(it.counter).toBe('over');
    expect(backend.asked('send_text')).toEqual([]);
  });

  it('counts an emoji as one, and shows the counter from 90 per cent', () => {
    const { it } = composer();
    expect(lengthOf('👍a')).toBe(2);
    it.type('x'.repeat(3_599));
    expect(it.counter).toBeNull();
    it.type('x'.repeat(3_600));
    expect(it.counter).toBe('near');
    it.type('👍'.repeat(LIMIT));
    expect(it.counter).toBe('near');
    expect(it.canSend).toBe(true);
  });
});

describe('typing', () => {
  const told = (backend: ReturnType<typeof recorder>) =>
    backend.asked('set_typing').map((args) => args.typing);

  it('is told once in three seconds and taken back after a pause', () => {
    const { it, backend } = composer();
    for (let index = 0; index < 20; index += 1) {
      it.type('x'.repeat(index + 1));
      vi.advanceTimersByTime(100);
    }
    expect(told(backend)).toEqual([true]);
    vi.advanceTimersByTime(5_000);
    expect(told(backend)).toEqual([true, false]);
  });

  it('is taken back by sending and by emptying the field', async () => {
    const { it, backend } = composer();
    it.type('a');
    await it.send();
    it.type('b');
    it.type('');
    expect(told(backend)).toEqual([true, false, true, false]);
  });
});

describe('a sound file', () => {
  it('is shown while it becomes a voice message, then goes', async () => {
    const { it, backend, sent } = composer({ send_voice_file: () => aMessage({ mine: true }) });
    const done = it.attach(new File(['x'], 'walk.wav'));
    expect(it.attachment).toMatchObject({ state: 'preparing', name: 'walk.wav' });
    await done;
    expect(it.attachment).toBeNull();
    expect(backend.asked('send_voice_file')).toEqual([{ conversation: '@amina:x', upload: 'upload-1' }]);
    expect(sent).toHaveLength(1);
  });

  it('stays with the reason when it is no sound', async () => {
    const { it } = composer({
      send_voice_file: () => Promise.reject(new CommandError('bad_sound', 'This is not a sound file.')),
    });
    await it.attach(new File(['x'], 'letter.wav'));
    await settle();
    expect(it.attachment).toMatchObject({ state: 'refused', reason: 'This is not a sound file.' });
    it.forgetAttachment();
    expect(it.attachment).toBeNull();
  });
});
