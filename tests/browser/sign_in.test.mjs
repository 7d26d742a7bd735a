// Signing in, with everything a person gets wrong.

import assert from 'node:assert/strict';
import { openConversation, PASSWORD, Person, said, say, test } from './hark.mjs';

async function form(place) {
  const page = await place.open(await place.link('data'));
  await page.getByRole('button', { name: /^Sign in to a server/ }).click();
  return page;
}

async function fill(page, server, user, password) {
  await page.getByRole('textbox', { name: 'Server' }).fill(server);
  await page.getByRole('textbox', { name: 'User name' }).fill(user);
  await page.getByRole('textbox', { name: 'Password' }).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

test('a wrong password and a wrong address are told apart, and nothing typed is lost', async (place) => {
  const server = await place.server();
  await Person.register(server.url, 'carol');
  const page = await form(place);

  await fill(page, 'http://127.0.0.1:1', 'carol', PASSWORD);
  const wrongServer = page.getByRole('alert');
  await wrongServer.waitFor();
  const first = await wrongServer.textContent();
  assert.equal(await page.getByRole('textbox', { name: 'User name' }).inputValue(), 'carol');

  await fill(page, server.url, 'carol', 'a guess');
  await page.getByRole('alert').filter({ hasText: /password/i }).waitFor();
  assert.doesNotMatch(first, /password/i);

  await fill(page, server.url, 'carol', PASSWORD);
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
  assert.deepEqual(page.mistakes, []);
});

test('a new account is made, and its first message reaches a stranger', async (place) => {
  const server = await place.server();
  const dave = await Person.register(server.url, 'dave');
  const page = await form(place);
  await page.getByText('Make a new one').click();
  await page.getByRole('textbox', { name: 'Server' }).fill(server.url);
  await page.getByRole('textbox', { name: 'User name' }).fill('erin');
  await page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByRole('navigation', { name: 'Main' }).waitFor();

  await page.getByRole('button', { name: 'New conversation' }).first().click();
  const who = page.getByRole('dialog').getByRole('textbox');
  await who.fill(dave.id);
  await who.press('Enter');
  await say(page, 'Hello Dave');
  await said(page, /^You, Hello Dave, (sent|delivered|read)/).waitFor();
  const { rooms } = await dave.ask('GET', '/sync?timeout=0');
  assert.equal(Object.keys(rooms.invite).length, 1, 'one invitation waits for Dave');
  assert.deepEqual(page.mistakes, []);
});

test('a server of one’s own starts with a name and a password', async (place) => {
  const page = await place.open(await place.link('data'));
  await page.getByRole('button', { name: /^Host on this computer/ }).click();
  await page.getByRole('textbox', { name: 'User name' }).fill('frank');
  await page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Start the server' }).click();
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByRole('button', { name: /^Account/ }).click();
  const address = /http:\/\/127\.0\.0\.1:\d+/.exec(await page.getByText(/http:\/\/127\.0\.0\.1:\d+/).first().textContent())[0];
  const versions = await (await fetch(`${address}/_matrix/client/versions`)).json();
  assert.ok(versions.versions.length > 0, 'it is a Matrix server');

  await page.getByRole('button', { name: 'Stop…' }).click();
  await page.getByRole('button', { name: 'Stop the server' }).click();
  await page.getByText('Stopped', { exact: true }).waitFor();
  assert.throws(() => place.hosted('status'), 'it has ended');
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await page.getByText('Running', { exact: true }).waitFor();

  const running = place.hosted('status');
  await place.kill(place.window);
  assert.equal(place.hosted('status'), running, 'it goes on without the window');
  assert.deepEqual(page.mistakes, []);
});
