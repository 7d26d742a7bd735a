// For everybody: by keyboard alone, with a screen reader, on a narrow screen, in the dark.

import assert from 'node:assert/strict';
import { AXE, composer, openConversation, said, say, test } from './hark.mjs';

/** What axe finds that keeps people out, as `rule: element`. */
async function barriers(page) {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document, { resultTypes: ['violations'] });
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.any[0]?.message ?? ''}`));
  });
}

/** Tabs on until the focus is on what is wanted. */
async function tabTo(page, wanted) {
  for (let presses = 0; presses < 40; presses += 1) {
    if (await wanted.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`${wanted} cannot be reached with Tab`);
}

test('the first conversation needs no mouse', async (place) => {
  const page = await place.open(await place.link('data'));
  const way = page.getByRole('button', { name: /^Just try it/ });
  await way.waitFor();
  await tabTo(page, way);
  await page.keyboard.press('Enter');
  await page.getByRole('option', { name: /^Echo/i }).waitFor();
  await page.keyboard.press('Alt+ArrowDown');
  await composer(page).waitFor();
  await tabTo(page, composer(page));
  await page.keyboard.type('typed');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('in two lines');
  await page.keyboard.press('Enter');
  await said(page, /^echo, typed in two lines/i).waitFor();

  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.keyboard.press('Control+k');
  await page.keyboard.type('typed');
  await page.getByText(/2 messages|1 message/).first().waitFor();
  assert.deepEqual(page.mistakes, []);
});

for (const colorScheme of ['light', 'dark']) {
  test(`no barrier in any view, ${colorScheme}`, async (place) => {
    const page = await place.open(await place.link('data'), { colorScheme, reducedMotion: 'reduce' });
    const way = page.getByRole('button', { name: /^Just try it/ });
    await way.waitFor();
    assert.deepEqual(await barriers(page), [], 'welcome');
    await page.getByRole('button', { name: /^Sign in to a server/ }).click();
    await page.getByRole('textbox', { name: 'Server' }).waitFor();
    assert.deepEqual(await barriers(page), [], 'sign in');
    await page.getByRole('button', { name: 'Back' }).click();
    await way.click();
    await openConversation(page, /^echo/i);
    await say(page, 'words');
    await page.locator('input[type=file]').setInputFiles(place.sound('clip.wav', 2));
    await said(page, /^echo, voice message/i).waitFor();
    assert.deepEqual(await barriers(page), [], 'conversation');
    await page.getByRole('button', { name: 'Settings' }).click();
    assert.deepEqual(await barriers(page), [], 'settings');
  });
}

test('on 360 pixels one thing is shown at a time and nothing sticks out', async (place) => {
  const page = await place.withEcho({ viewport: { width: 360, height: 720 } });
  const width = () => page.evaluate(() => document.scrollingElement.scrollWidth);
  await say(page, `https://example.org/${'long'.repeat(60)}`);
  await said(page, /^echo, https/i).waitFor();
  assert.ok((await width()) <= 360, `the thread is ${await width()} pixels wide`);
  assert.equal(await page.getByRole('option', { name: /^Echo/i }).isVisible(), false);
  await page.getByRole('button', { name: 'Back to inbox' }).click();
  await page.getByRole('option', { name: /^Echo/i }).waitFor();
  assert.ok((await width()) <= 360, `the inbox is ${await width()} pixels wide`);
});
