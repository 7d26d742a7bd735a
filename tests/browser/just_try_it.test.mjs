// The first minute: no account, no server, no typing before there is somebody to talk to.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { composer, openConversation, said, say, using } from './hark.mjs';

test('one click gives somebody who answers', async (t) => {
  const place = await using(t);
  const page = await place.withEcho();
  await say(page, 'Is anybody there?');
  await said(page, /^You, Is anybody there\?, (sent|delivered|read)/).waitFor();
  await said(page, /^Echo, Is anybody there\?/).waitFor();
  assert.equal(await composer(page).inputValue(), '', 'the composer is empty again');
  assert.deepEqual(page.mistakes, []);
});

test('messages stand in the order they were written, each once', async (t) => {
  const place = await using(t);
  const page = await place.withEcho();
  const words = Array.from({ length: 12 }, (_, index) => `number ${index + 1} of 12`);
  for (const line of words) await say(page, line);
  await said(page, /^Echo, number 12 of 12/).waitFor();
  for (const who of ['You', 'Echo']) {
    const names = await said(page, new RegExp(`^${who}, number \\d+ of 12`)).evaluateAll((all) =>
      all.map((one) => /number \d+ of 12/.exec(one.getAttribute('aria-label'))[0]),
    );
    assert.deepEqual(names, words, `what ${who} said`);
  }
  assert.deepEqual(page.mistakes, []);
});

test('a reload, and a restart of Hark, keep everything', async (t) => {
  const place = await using(t);
  const page = await place.withEcho();
  await say(page, 'remember this');
  await said(page, /^Echo, remember this/).waitFor();
  await page.reload();
  await openConversation(page, /^Echo/);
  await said(page, /^You, remember this/).waitFor();

  await place.kill(place.window);
  const again = await place.open(await place.link('data'));
  await openConversation(again, /^Echo/);
  await said(again, /^Echo, remember this/).waitFor();
  await say(again, 'and this');
  await said(again, /^Echo, and this/).waitFor();
  assert.deepEqual(again.mistakes, []);
});

test('an unsent text is still there after a reload', async (t) => {
  const place = await using(t);
  const page = await place.withEcho();
  await composer(page).fill('not finished');
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByRole('button', { name: /^Inbox/ }).click();
  await page.reload();
  await openConversation(page, /^Echo/);
  assert.equal(await composer(page).inputValue(), 'not finished');
});

test('a link serves one browser only', async (t) => {
  const place = await using(t);
  const link = await place.link('data');
  const page = await place.open(link);
  await page.getByRole('button', { name: /^Just try it/ }).waitFor();
  const stranger = await place.open(link);
  await stranger.getByText('This link was used before').waitFor();
  const bare = await place.open(new URL('/', link).href);
  await bare.getByText('This link was used before').waitFor();
});

test('what looks like HTML in a message is text', async (t) => {
  const place = await using(t);
  const page = await place.withEcho();
  const hostile = '<img src=x onerror="document.title=\'broken in\'"> <b>bold</b> https://example.org/?a=1&b=2';
  await say(page, hostile);
  const answer = said(page, /^Echo, <img/);
  await answer.waitFor();
  assert.ok((await answer.textContent()).includes('<b>bold</b>'));
  assert.equal(await answer.locator('img[src=x]').count(), 0);
  assert.equal(await answer.getByRole('link').getAttribute('href'), 'https://example.org/?a=1&b=2');
  assert.notEqual(await page.title(), 'broken in');
  assert.deepEqual(page.mistakes, []);
});
