// A sound file becomes a voice message; Echo says it back; it plays.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { isolated, said, test } from './hark.mjs';
import { withLoudspeaker } from './sound.mjs';

const chooser = (page) => page.locator('input[type=file]');

test('a sound file goes out as a voice message and comes back as one, with its length and shape', async (place) => {
  const page = await place.withEcho();
  await chooser(page).setInputFiles(place.sound('clip.wav', 4));
  await said(page, /^You, voice message, 0:04, (sent|delivered|read|heard)/).waitFor();
  const answer = said(page, /^echo, voice message, 0:04, not played yet/i);
  await answer.waitFor();
  const heights = await answer.getByRole('slider').locator('path').first().getAttribute('d');
  assert.ok(new Set(heights.match(/v-?[\d.]+/g)).size > 5, `the waveform has a shape: ${heights}`);
  assert.deepEqual(page.mistakes, []);
});

test('a voice message plays, is scrubbed, and is then heard', async (place) => {
  await withLoudspeaker(place);
  const page = await place.withEcho();
  await chooser(page).setInputFiles(place.sound('clip.wav', 6));
  const answer = said(page, /^echo, voice message, 0:06/i);
  await answer.getByRole('button', { name: isolated(/^Play voice message, 0:06/) }).click();
  await answer.getByRole('button', { name: 'Pause' }).waitFor();
  const head = answer.getByRole('slider', { name: 'Position' });
  await head.focus();
  await head.press('ArrowRight');
  await page.waitForFunction((slider) => Number(slider.getAttribute('aria-valuenow')) >= 5, await head.elementHandle());
  await answer.getByRole('button', { name: isolated(/^Play voice message, 0:06/) }).waitFor();
  await said(page, /^echo, voice message, 0:06, \d/i).waitFor();
  assert.deepEqual(page.mistakes, []);
});

test('without a loudspeaker the window says so', async (place) => {
  Object.assign(place.environment, { PULSE_SERVER: `unix:${place.path('nowhere')}`, ALSA_CONFIG_PATH: place.path('none') });
  writeFileSync(place.path('none'), '');
  const page = await place.withEcho();
  await page.getByRole('status').filter({ hasText: /sound|loudspeaker|speaker/i }).first().waitFor();
});

test('a file that is no sound is refused with a reason and nothing is sent', async (place) => {
  const page = await place.withEcho();
  const path = place.path('clip.wav');
  writeFileSync(path, 'this is a letter, not a sound');
  await chooser(page).setInputFiles(path);
  await page.getByRole('button', { name: 'Remove this file' }).click();
  assert.equal(await said(page, /^(You|Echo), voice message/i).count(), 0);
  assert.deepEqual(page.mistakes, []);
});
