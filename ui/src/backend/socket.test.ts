import { describe, expect, it } from 'vitest';
import { CommandError, mediaPath } from './backend';
import type { Event } from './generated/api';
import { Protocol } from './socket';

function opened() {
  const events: Event[] = [];
  const sent: { id: number; name: string }[] = [];
  const protocol = new Protocol(
    (event) => events.push(event),
    () => 'Hark is not answering.',
  );
  const wire = { send: (frame: string) => sent.push(JSON.parse(frame) as { id: number; name: string }) };
  protocol.opened(wire);
  return { protocol, wire, sent, events };
}

describe('the command protocol', () => {
  it('gives each answer to the command that asked, whatever their order', async () => {
    const { protocol, sent } = opened();
    const first = protocol.invoke('search_people', { term: 'a' });
    const second = protocol.invoke('conversations', { filter: '' });
    protocol.received(JSON.stringify({ id: sent[1]?.id, ok: [] }));
    protocol.received(
      JSON.stringify({ id: sent[0]?.id, ok: [{ user_id: '@a:x', display_name: 'A', avatar: null }] }),
    );
    expect(await second).toEqual([]);
    expect(await first).toHaveLength(1);
  });

  it('turns an error answer into a CommandError with its code', async () => {
    const { protocol, sent } = opened();
    const asked = protocol.invoke('accept', { conversation: '@a:x' });
    protocol.received(JSON.stringify({ id: sent[0]?.id, error: { code: 'not_found', message: 'Gone.' } }));
    await expect(asked).rejects.toMatchObject({ code: 'not_found', message: 'Gone.' });
  });

  it('never sends a message twice: a send in flight when the wire breaks fails as offline', async () => {
    const { protocol, wire, sent } = opened();
    const send = protocol.invoke('send_text', { conversation: '@a:x', text: 'hi' });
    protocol.closed();
    await expect(send).rejects.toMatchObject({ code: 'offline' });
    protocol.opened(wire);
    expect(sent.filter((frame) => frame.name === 'send_text')).toHaveLength(1);
  });

  it('repeats what only reads after a reconnect', async () => {
    const { protocol, wire, sent } = opened();
    const asked = protocol.invoke('conversations', { filter: '' });
    protocol.closed();
    protocol.opened(wire);
    expect(sent.map((frame) => frame.name)).toEqual(['conversations', 'conversations']);
    protocol.received(JSON.stringify({ id: sent[1]?.id, ok: [] }));
    expect(await asked).toEqual([]);
  });

  it('never starts or ends a recording twice', async () => {
    const { protocol, wire, sent } = opened();
    const asked = [
      protocol.invoke('record', { conversation: '@a:x' }),
      protocol.invoke('send_recording', {}),
      protocol.invoke('cancel_recording', {}),
    ];
    protocol.closed();
    for (const each of asked) await expect(each).rejects.toMatchObject({ code: 'offline' });
    protocol.opened(wire);
    expect(sent).toHaveLength(3);
  });

  it('refuses a send at once while there is no wire', async () => {
    const protocol = new Protocol(
      () => undefined,
      () => 'gone',
    );
    await expect(protocol.invoke('send_text', { conversation: '@a:x', text: 'hi' })).rejects.toBeInstanceOf(
      CommandError,
    );
  });

  it('hands events on as they are', () => {
    const { protocol, events } = opened();
    protocol.received(JSON.stringify({ event: { type: 'reload' } }));
    expect(events).toEqual([{ type: 'reload' }]);
  });
});

describe('addresses of pictures', () => {
  it('are made from well-formed mxc URIs only', () => {
    expect(mediaPath('mxc://example.org/AbC_1-2')).toBe('/media/example.org/AbC_1-2');
    expect(mediaPath('mxc://example.org:8448/x')).toBe('/media/example.org%3A8448/x');
    for (const bad of [
      '',
      'https://example.org/x',
      'mxc://example.org/../x',
      'mxc://example.org/a?b',
      'mxc:///x',
    ]) {
      expect(mediaPath(bad), bad).toBeNull();
    }
  });
});
