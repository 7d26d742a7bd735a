// The voice button with a real microphone: a source that hums 440 Hz, the real recorder, the real Echo at the other end.

import assert from 'node:assert/strict';
import { composer, said, test } from './hark.mjs';
import { withMicrophone } from './sound.mjs';

const voiceButton = (page) => page.getByRole('button', { name: /^Hold to talk/ });
const sendButton = (page) => page.locator('.dock').getByRole('button', { name: 'Send voice message' });
const time = (page) => page.getByRole('timer');

/** Waits until the recording shows at least so many seconds. */
const spoken = (page, seconds) =>
  page.waitForFunction((least) => {
    const shown = /^(\d+):([\d.]+)$/.exec(document.querySelector('[role=timer]')?.textContent?.trim() ?? '');
    return shown !== null && Number(shown[1]) * 60 + Number(shown[2]) >= least;
  }, seconds);

async function withVoice(place) {
  await withMicrophone(place);
  const page = await place.withEcho();
  await voiceButton(page).waitFor();
  return page;
}

test('hold, talk, let go: the note is sent and answered', async (place) => {
  const page = await withVoice(place);
  const box = await voiceButton(page).boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.getByRole('button', { name: 'Release to send' }).waitFor();
  await spoken(page, 2);
  await page.mouse.up();
  await said(page, /^You, voice message, 0:0[2-9]/).waitFor();
  await said(page, /^echo, voice message, 0:0[2-9]/i).waitFor();
  await composer(page).waitFor();
  assert.deepEqual(page.mistakes, []);
});

test('Space talks by keyboard: tap to lock, pause, hear, go on, send', async (place) => {
  const page = await withVoice(place);
  await page.getByRole('log', { name: 'Messages' }).focus();
  await page.keyboard.press(' ');
  await spoken(page, 1);
  await page.keyboard.press(' ');
  await page.getByRole('group', { name: 'Review before sending' }).waitFor();
  await page.getByRole('button', { name: 'Record more' }).click();
  await spoken(page, 2);
  await page.keyboard.press('Enter');
  await said(page, /^You, voice message, 0:0[2-9]/).waitFor();
  assert.deepEqual(page.mistakes, []);
});

test('a recording goes on while another view is shown, and through a reload of the window', async (place) => {
  const page = await withVoice(place);
  await page.getByRole('log', { name: 'Messages' }).focus();
  await page.keyboard.press(' ');
  await spoken(page, 1);
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByRole('region', { name: /^Recording for/ }).waitFor();
  await page.reload();
  await page.getByRole('option', { name: /^Echo/i }).click();
  await spoken(page, 2);
  assert.equal(await time(page).count(), 1);
  await sendButton(page).click();
  await said(page, /^You, voice message, 0:0[2-9]/).waitFor();
  assert.deepEqual(page.mistakes, []);
});

test('what was discarded can be taken back', async (place) => {
  const page = await withVoice(place);
  await page.getByRole('log', { name: 'Messages' }).focus();
  await page.keyboard.press(' ');
  await spoken(page, 1.5);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('group', { name: 'Review before sending' }).waitFor();
  await sendButton(page).click();
  await said(page, /^You, voice message, 0:0[1-9]/).waitFor();
  assert.deepEqual(page.mistakes, []);
});
