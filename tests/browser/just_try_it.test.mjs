// The first minute: no account, no server, no typing before there is somebody to talk to.

import assert from 'node:assert/strict';
import { composer, openConversation, said, say, test } from './hark.mjs';

test('one click gives somebody who answers', async (place) => {
  const page = await place.withEcho();
  await say(page, 'Is anybody there?');
  await said(page, /^You, Is anybody there\?, (sent|delivered|read)/).waitFor();
  await said(page, /^echo, Is anybody there\?/i).waitFor();
  assert.equal(await composer(page).inputValue(), '', 'the composer is empty again');
  assert.deepEqual(page.mistakes, []);
});

test('messages stand in the order they were written, each once', async (place) => {
  const page = await place.withEcho();
  const words = Array.from({ length: 5 }, (_, index) => `number ${index + 1} of 5`);
  for (const line of words) await say(page, line);
  await said(page, /^echo, number 5 of 5/i).waitFor();
  for (const who of ['You', 'Echo']) {
    const names = await said(page, new RegExp(`^${who}, number \\d+ of 5`, 'i')).evaluateAll((all) =>
      all.map((one) => /number \d+ of 5/.exec(one.getAttribute('aria-label'))[0]),
    );
    assert.deepEqual(names, words, `what ${who} said`);
  }
  assert.deepEqual(page.mistakes, []);
});

test('a reload, and a restart of Hark, keep everything', async (place) => {
  const page = await place.withEcho();
  await say(page, 'remember this');
  await said(page, /^echo, remember this/i).waitFor();
  await page.reload();
  await openConversation(page, /^echo/i);
  await said(page, /^You, remember this/).waitFor();

  await place.kill(place.window);
  const again = await place.open(await place.link('data'));
  await openConversation(again, /^echo/i);
  await said(again, /^echo, remember this/i).waitFor();
  await say(again, 'and this');
  await said(again, /^echo, and this/i).waitFor();
  assert.deepEqual(again.mistakes, []);
});

test('an unsent text is still there after a reload', async (place) => {
  const page = await place.withEcho();
  await composer(page).fill('not finished');
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByRole('button', { name: /^Inbox/ }).click();
  await page.reload();
  await openConversation(page, /^echo/i);
  assert.equal(await composer(page).inputValue(), 'not finished');
});

test('a link serves one browser only', async (place) => {
  const link = await place.link('data');
  const page = await place.open(link);
  await page.getByRole('button', { name: /^Just try it/ }).waitFor();
  const stranger = await place.open(link);
  await stranger.getByText('This link was used before').waitFor();
  const bare = await place.open(new URL('/', link).href);
  await bare.getByText('This link was used before').waitFor();
});

test('what looks like HTML in a message is text', async (place) => {
  const page = await place.withEcho();
  const hostile = '<img src=x onerror="document.title=\'broken in\'"> <b>bold</b> https://example.org/?a=1&b=2';
  await say(page, hostile);
  const answer = said(page, /^echo, <img/i);
  await answer.waitFor();
  assert.ok((await answer.textContent()).includes('<b>bold</b>'));
  assert.equal(await answer.locator('img[src=x]').count(), 0);
  assert.equal(await answer.getByRole('link').getAttribute('href'), 'https://example.org/?a=1&b=2');
  assert.notEqual(await page.title(), 'broken in');
  assert.deepEqual(page.mistakes, []);
});
