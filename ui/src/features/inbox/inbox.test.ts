import { describe, expect, it } from 'vitest';
import { NOON, aConversation, aMessage, aVoice } from '../../dev/builders';
import { recorder } from '../../dev/recorder';
import { Inbox, matches } from './inbox.svelte';
import { previewOf, spokenRow } from './preview';

const row = (id: string, minutes: number, more = {}) =>
  aConversation({ id, name: id, activity_ts: NOON + minutes * 60_000, ...more });

async function inbox(rows = [row('@a:x', 1), row('@b:x', 3), row('@c:x', 2)]) {
  const it = new Inbox(recorder({ conversations: () => rows }));
  await it.load();
  return it;
}
const ids = (rows: { id: string }[]) => rows.map((each) => each.id);

describe('the inbox', () => {
  it('lists the newest first and moves a row up when something happens in it', async () => {
    const it = await inbox();
    expect(ids(it.shown)).toEqual(['@b:x', '@c:x', '@a:x']);
    it.apply({ type: 'conversation', conversation: row('@a:x', 9) });
    expect(ids(it.shown)).toEqual(['@a:x', '@b:x', '@c:x']);
  });

  it('replaces a row in place instead of adding it twice', async () => {
    const it = await inbox();
    it.apply({ type: 'conversation', conversation: row('@c:x', 2, { name: 'Cem' }) });
    expect(ids(it.shown)).toEqual(['@b:x', '@c:x', '@a:x']);
    expect(it.get('@c:x')?.name).toBe('Cem');
  });

  it('keeps invitations apart until they are answered', async () => {
    const it = await inbox([row('@a:x', 1), row('@new:x', 2, { membership: 'invited' })]);
    expect(ids(it.shown)).toEqual(['@a:x']);
    expect(ids(it.invitations)).toEqual(['@new:x']);
    it.apply({ type: 'conversation', conversation: row('@new:x', 2) });
    expect(it.invitations).toEqual([]);
    expect(ids(it.shown)).toEqual(['@new:x', '@a:x']);
  });

  it('shows only what is unread, or only groups, when asked', async () => {
    const it = await inbox([row('@a:x', 1, { unread: 2 }), row('!g:x', 2, { kind: 'group' })]);
    it.show = 'unread';
    expect(ids(it.shown)).toEqual(['@a:x']);
    it.show = 'groups';
    expect(ids(it.shown)).toEqual(['!g:x']);
  });

  it('goes to the next unread below, then from the top, never to where one is', async () => {
    const it = await inbox([row('@a:x', 3, { unread: 1 }), row('@b:x', 2), row('@c:x', 1, { unread: 4 })]);
    expect(it.nextUnread('@b:x')?.id).toBe('@c:x');
    expect(it.nextUnread('@c:x')?.id).toBe('@a:x');
    it.drop('@c:x');
    expect(it.nextUnread('@a:x')).toBeUndefined();
  });

  it('steps to neighbours and stops at the ends', async () => {
    const it = await inbox();
    expect(it.neighbour(null, 1)?.id).toBe('@b:x');
    expect(it.neighbour('@b:x', 1)?.id).toBe('@c:x');
    expect(it.neighbour('@b:x', -1)).toBeUndefined();
  });

  it('finds by every word, in name or address', () => {
    expect(matches(row('@soren:matrix.org', 0, { name: 'Søren Ångström' }), 'sør matrix')).toBe(true);
    expect(matches(row('@soren:matrix.org', 0, { name: 'Søren Ångström' }), 'sør oslo')).toBe(false);
  });
});

describe('the preview line', () => {
  const last = aMessage({ content: { kind: 'text', body: 'two\nlines' } });

  it('puts failed before typing, typing before a draft, a draft before what waits, all before the last message', () => {
    const failed = aMessage({ mine: true, state: { state: 'failed', reason: 'no', refused: true } });
    const everything = { last, draft: 'dear', waiting: 2, typing: ['Amina'] };
    expect(previewOf(aConversation({ ...everything, last: failed }), false).kind).toBe('failed');
    expect(previewOf(aConversation(everything), false).kind).toBe('typing');
    expect(previewOf(aConversation({ ...everything, typing: [] }), false).kind).toBe('draft');
    expect(previewOf(aConversation({ ...everything, typing: [], draft: null }), false)).toEqual({
      kind: 'waiting',
      count: 2,
    });
    expect(previewOf(aConversation({ last }), false)).toMatchObject({ kind: 'message', text: 'two lines' });
  });

  it('does not show the draft of the conversation that is open', () => {
    expect(previewOf(aConversation({ last, draft: 'dear' }), true).kind).toBe('message');
  });

  it('names the sender in groups, and marks voice not yet heard', () => {
    const heard = previewOf(aConversation({ kind: 'group', last: aVoice({}, true) }), false);
    const unheard = previewOf(aConversation({ kind: 'group', last: aVoice({}, false) }), false);
    expect(heard).toMatchObject({ who: 'Amina', icon: 'voice', text: 'Voice message · 0:16', fresh: false });
    expect(unheard).toMatchObject({ fresh: true });
  });

  it('is heard as name, unread, what, whether played, when', () => {
    const conversation = aConversation({ unread: 2, last: aVoice({}, false) });
    expect(spokenRow(conversation, previewOf(conversation, false), '9:31')).toBe(
      'Amina Okafor, 2 unread, Voice message · 0:16, not played yet, 9:31',
    );
  });
});

describe('microphone and loudspeaker in a row', () => {
  const here = () => aConversation({ last: aMessage(), draft: 'dear' });

  it('say what is recorded or played out of sight, before drafts and messages', () => {
    expect(previewOf(here(), false, { what: 'recording', length: 52_300 })).toEqual({
      kind: 'recording',
      text: 'Recording · 0:52',
    });
    expect(previewOf(here(), false, { what: 'playing', at: 24_000 })).toEqual({
      kind: 'playing',
      text: 'Playing · 0:24',
    });
    expect(previewOf(here(), true, { what: 'recording', length: 52_300 }).kind).toBe('message');
  });

  it('give way to who is typing', () => {
    const typing = { ...here(), typing: ['Amina'] };
    expect(previewOf(typing, false, { what: 'recording', length: 1 }).kind).toBe('typing');
  });

  it('name a recording that waits as a draft, also to a reader', () => {
    const row = here();
    const preview = previewOf(row, true, { what: 'draft', length: 72_000 });
    expect(preview).toEqual({ kind: 'draft', text: 'Voice message · 1:12', voice: true });
    expect(spokenRow(row, preview, '10:00')).toContain('Draft: Voice message · 1:12');
  });
});
