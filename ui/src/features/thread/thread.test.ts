import { describe, expect, it, vi } from 'vitest';
import type { Message, Page } from '../../backend';
import { NOON, aMessage, orderOf } from '../../dev/builders';
import { recorder, settle } from '../../dev/recorder';
import { Follow } from './follow';
import { placed } from './order';
import { Thread } from './thread.svelte';

const said = (minutes: number, more: Partial<Message> = {}) =>
  aMessage({ timestamp: NOON + minutes * 60_000, ...more });
const waiting = (minutes: number) =>
  said(minutes, { mine: true, state: { state: 'sending', step: 'waiting' } });
const keys = (messages: readonly Message[]) => messages.map((message) => message.key);

describe('the place of a message', () => {
  it('stays where it is from sending to read', () => {
    const [a, mine, b] = [said(0), waiting(1), said(2)];
    const sent: Message = { ...mine, state: { state: 'sent' }, order: orderOf(NOON + 60_000, mine.key) };
    expect(keys(placed([a, sent, b], { ...sent, state: { state: 'read' } }, false))).toEqual(
      keys([a, sent, b]),
    );
  });

  it('is before what still waits, when another one writes meanwhile', () => {
    const [a, mine, b] = [said(0), waiting(1), said(2)];
    expect(keys(placed([a, mine], b, false))).toEqual(keys([a, b, mine]));
  });

  it('moves when the order of the server is learnt', () => {
    const [a, mine, b] = [said(0), waiting(1), said(2)];
    const sent: Message = { ...mine, state: { state: 'sent' }, order: orderOf(NOON + 60_000, mine.key) };
    expect(keys(placed([a, b, mine], sent, false))).toEqual(keys([a, mine, b]));
  });

  it('goes by order for back-filled history, and waits for its page where there is more to load', () => {
    const [a, b, c, old] = [said(0), said(5), said(3), said(-10)];
    expect(keys(placed([a, b], c, true))).toEqual(keys([a, c, b]));
    expect(keys(placed([a, b], old, true))).toEqual(keys([a, b]));
    expect(keys(placed([a, b], old, false))).toEqual(keys([old, a, b]));
    expect(keys(placed([], old, true))).toEqual(keys([old]));
  });
});

function opened(pages: Record<string, Page>, watched = true) {
  const backend = recorder({
    timeline: ({ before }) => pages[before ?? 'newest'] ?? { messages: [], older: null, first_unread: null },
    mark_read: () => ({}),
    discard: () => ({}),
  });
  return { backend, thread: new Thread('@amina:x', backend, () => watched) };
}

describe('a thread', () => {
  const [a, b, c] = [said(0), said(1), said(2)];

  it('misses nothing that was said while its first page was under way', async () => {
    const pages: Page[] = [
      { messages: [a], older: null, first_unread: null },
      { messages: [a, b], older: null, first_unread: null },
    ];
    const backend = recorder({ timeline: () => pages.shift() as Page, mark_read: () => ({}) });
    const thread = new Thread('@amina:x', backend, () => true);
    const loading = thread.load();
    thread.apply({ type: 'message', message: b, live: true });
    await loading;
    expect(keys(thread.messages)).toEqual(keys([a, b]));
  });

  it('loads older pages in front until the beginning', async () => {
    const { thread } = opened({
      newest: { messages: [c], older: 'p1', first_unread: null },
      p1: { messages: [a, b], older: null, first_unread: null },
    });
    await thread.load();
    expect(thread.hasOlder).toBe(true);
    await thread.loadOlder();
    expect(keys(thread.messages)).toEqual(keys([a, b, c]));
    expect(thread.hasOlder).toBe(false);
  });

  it('asks for a page once, however often the top is reached', async () => {
    const { thread, backend } = opened({
      newest: { messages: [c], older: 'p1', first_unread: null },
      p1: { messages: [a, b], older: null, first_unread: null },
    });
    await thread.load();
    await Promise.all([thread.loadOlder(), thread.loadOlder()]);
    expect(backend.asked('timeline').map((args) => args.before)).toEqual([null, 'p1']);
  });

  it('marks as read what is in sight, once', async () => {
    const { thread, backend } = opened({ newest: { messages: [a, b], older: null, first_unread: a.key } });
    await thread.load();
    thread.seen();
    expect(backend.asked('mark_read')).toEqual([{ conversation: '@amina:x', key: b.key }]);
    expect(thread.newLine).toEqual({ key: a.key, count: 2 });
  });

  it('marks nothing as read while nobody looks, and draws the line there', async () => {
    const { thread, backend } = opened({ newest: { messages: [a], older: null, first_unread: null } }, false);
    await thread.load();
    thread.put(b, true);
    thread.put(c, true);
    expect(backend.asked('mark_read')).toEqual([]);
    expect(thread.newLine).toEqual({ key: b.key, count: 2 });
  });

  it('counts what comes in below while older messages are read', async () => {
    const { thread, backend } = opened({ newest: { messages: [a], older: null, first_unread: null } });
    await thread.load();
    thread.atEnd = false;
    thread.put(b, true);
    expect(thread.below).toBe(1);
    expect(backend.asked('mark_read')).toHaveLength(1);
    thread.atEnd = true;
    thread.seen();
    expect(thread.below).toBe(0);
    expect(backend.asked('mark_read').at(-1)?.key).toBe(b.key);
  });

  it('reads back to a message that was searched for', async () => {
    const { thread } = opened({
      newest: { messages: [c], older: 'p1', first_unread: null },
      p1: { messages: [b], older: 'p2', first_unread: null },
      p2: { messages: [a], older: null, first_unread: null },
    });
    await thread.load();
    expect(await thread.reach(a.key)).toBe(true);
    expect(await thread.reach(-1)).toBe(false);
  });

  it('keeps its older pages over a reload that still joins them', async () => {
    const pages: Record<string, Page> = {
      newest: { messages: [c], older: 'p1', first_unread: null },
      p1: { messages: [a, b], older: null, first_unread: null },
    };
    const { thread } = opened(pages);
    await thread.load();
    await thread.loadOlder();
    const d = said(3);
    pages['newest'] = { messages: [c, d], older: 'p1', first_unread: null };
    await thread.load();
    expect(keys(thread.messages)).toEqual(keys([a, b, c, d]));
  });

  it('does not go back when the answer to a send comes after the news of it', async () => {
    const { thread } = opened({ newest: { messages: [a], older: null, first_unread: null } });
    await thread.load();
    const mine = waiting(1);
    const sent: Message = { ...mine, state: { state: 'sent' }, order: orderOf(NOON + 60_000, mine.key) };
    thread.put(sent, true);
    thread.answered(mine);
    expect(thread.messages.at(-1)?.state.state).toBe('sent');
  });

  it('shows a failed message as on its way as soon as it is tried again', async () => {
    const { thread } = opened({ newest: { messages: [a], older: null, first_unread: null } });
    await thread.load();
    const mine = waiting(1);
    thread.put({ ...mine, state: { state: 'failed', reason: 'no', refused: true } }, true);
    thread.answered(mine);
    expect(thread.messages.at(-1)?.state.state).toBe('sending');
  });

  it('lets a deleted message go', async () => {
    const { thread } = opened({ newest: { messages: [a, b], older: null, first_unread: null } });
    await thread.load();
    await thread.discard(b.key);
    expect(keys(thread.messages)).toEqual([a.key]);
  });

  it('says why it could not be read, and can be asked again', async () => {
    const backend = recorder({
      timeline: vi
        .fn()
        .mockRejectedValueOnce(new Error('The store is locked.'))
        .mockResolvedValue({ messages: [a], older: null, first_unread: null }),
      mark_read: () => ({}),
    });
    const thread = new Thread('@amina:x', backend, () => true);
    await thread.load();
    expect(thread.failed).toBe('The store is locked.');
    await thread.load();
    await settle();
    expect(thread.failed).toBeNull();
    expect(thread.loaded).toBe(true);
  });
});

describe('following the end', () => {
  it('goes on when content grows, and ends only by a hand', () => {
    const follow = new Follow();
    expect(follow.scrolled(0, 500, 900, 10_000)).toBe(false);
    expect(follow.on).toBe(true);
    follow.hand(20_000);
    follow.scrolled(0, 500, 900, 20_100);
    expect(follow.on).toBe(false);
  });

  it('is taken up again at the end', () => {
    const follow = new Follow();
    follow.on = false;
    expect(follow.scrolled(400, 500, 900, 0)).toBe(true);
    expect(follow.on).toBe(true);
  });
});
