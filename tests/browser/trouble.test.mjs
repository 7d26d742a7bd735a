// The server is gone, or says no.

import assert from 'node:assert/strict';
import { openConversation, Person, said, say, test } from './hark.mjs';

/** Alice at the window, signed in on a server of its own, in a conversation with Bob. */
async function aliceAndBob(place) {
  const server = await place.server();
  const bob = await Person.register(server.url, 'bob');
  place.hark('data', 'login', '--homeserver', server.url, '--user', 'alice', '--register');
  const room = place.hark('data', 'dm', bob.id);
  await bob.ask('POST', `/rooms/${encodeURIComponent(room)}/join`, {});
  const page = await place.open(await place.link('data'));
  await openConversation(page, /bob/i);
  return { server, bob, room, page };
}

test('while the server is down one reads and writes, and it all goes out once when it is back', async (place) => {
  const { server, bob, room, page } = await aliceAndBob(place);
  await say(page, 'before');
  await said(page, /^You, before, (sent|delivered|read)/).waitFor();
  await server.kill();
  await page.getByRole('status').filter({ hasText: 'No connection.' }).waitFor();
  await say(page, 'first while away');
  await say(page, 'second while away');
  await said(page, /^You, second while away, sending/).waitFor();

  const back = await server.again();
  await page.getByRole('button', { name: 'Retry now' }).click();
  await said(page, /^You, second while away, (sent|delivered|read)/).waitFor();
  await page.getByRole('status').filter({ hasText: 'No connection.' }).waitFor({ state: 'detached' });
  bob.url = back.url;
  assert.deepEqual(await bob.texts(room), ['before', 'first while away', 'second while away']);
  assert.deepEqual(page.mistakes, []);
});

test('the window opens on what it knows when the server is down', async (place) => {
  const { server, page } = await aliceAndBob(place);
  await say(page, 'kept here');
  await said(page, /^You, kept here, (sent|delivered|read)/).waitFor();
  await place.kill(place.window);
  await server.kill();
  const again = await place.open(await place.link('data'));
  await openConversation(again, /bob/i);
  await said(again, /^You, kept here/).waitFor();
  await again.getByRole('status').filter({ hasText: 'No connection.' }).waitFor();
});

test('a message the server refuses says why, is kept, and goes out by Retry once it may', async (place) => {
  const { bob, page } = await aliceAndBob(place);
  const { room_id: garden } = await bob.ask('POST', '/createRoom', {
    name: 'Garden',
    invite: ['@alice:hark.test'],
    power_level_content_override: { events_default: 50 },
  });
  await openConversation(page, /^Garden/);
  await say(page, 'may I?');
  const message = said(page, /^You, may I\?, not sent/i);
  await message.waitFor();
  await bob.ask('PUT', `/rooms/${encodeURIComponent(garden)}/state/m.room.power_levels/`, { events_default: 0 });
  await message.getByRole('button', { name: 'Retry' }).click();
  await said(page, /^You, may I\?, (sent|delivered|read)/).waitFor();
  assert.deepEqual(await bob.texts(garden), ['may I?']);
  assert.deepEqual(page.mistakes, []);
});

test('an invitation of a stranger waits for an answer, and one of a contact does not', async (place) => {
  const { server, bob, page } = await aliceAndBob(place);
  const [carol, dora] = [await Person.register(server.url, 'carol'), await Person.register(server.url, 'dora')];
  for (const [person, name] of [[carol, 'Cellar'], [dora, 'Attic'], [bob, 'Garden']]) {
    await person.ask('POST', '/createRoom', { name, invite: ['@alice:hark.test'] });
  }
  await page.getByRole('option', { name: /^Garden/ }).waitFor();
  await page.getByRole('button', { name: 'Accept the request of Cellar' }).click();
  await page.getByRole('option', { name: /^Cellar/ }).waitFor();
  await page.getByRole('button', { name: 'Decline the request of Attic' }).click();
  await page.getByRole('button', { name: 'Decline the request of Attic' }).waitFor({ state: 'detached' });
  const answerTo = async (person) => {
    const { rooms } = await person.ask('GET', '/sync?timeout=0');
    const events = Object.values(rooms.join).flatMap(({ timeline }) => timeline.events);
    return events.findLast(({ state_key }) => state_key === '@alice:hark.test').content.membership;
  };
  assert.equal(await answerTo(carol), 'join');
  assert.equal(await answerTo(dora), 'leave');
  assert.deepEqual(page.mistakes, []);
});

test('a refused message can be deleted', async (place) => {
  const { bob, page } = await aliceAndBob(place);
  await bob.ask('POST', '/createRoom', {
    name: 'Garden',
    invite: ['@alice:hark.test'],
    power_level_content_override: { events_default: 50 },
  });
  await openConversation(page, /^Garden/);
  await say(page, 'may I?');
  const message = said(page, /^You, may I\?, not sent/i);
  await message.getByRole('button', { name: 'Delete' }).click();
  await message.waitFor({ state: 'detached' });
});

test('when Hark itself ends the page says so', async (place) => {
  const page = await place.withEcho();
  await place.kill(place.window);
  await page.getByText('Hark is not running.').waitFor();
});
