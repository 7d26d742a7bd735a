// The window as a program among others: it closes to the bar where there is one, is there once a folder, and ends in order.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, until, within } from './desk.mjs';

test('closing leaves Hark in the bar, and its menu brings the window back and ends it', async (desk) => {
  const bar = await desk.bar();
  const hark = await desk.hark('data', '--try');
  await desk.visible(true);
  await bar.menu(/^Hide Hark$/);
  await desk.close();
  await desk.visible(false);
  assert.equal(hark.exitCode, null, 'it still runs');
  assert.match(desk.terminal('data', 'list'), /Echo/i);
  await bar.click(/^Show Hark$/);
  await desk.visible(true);
  await bar.click(/^Quit Hark$/);
  assert.equal(await within('the end', hark.gone), 0);
});

test('closing ends Hark where nothing shows its icon', async (desk) => {
  const hark = await desk.hark('data');
  await desk.visible(true);
  await desk.close();
  assert.equal(await within('the end', hark.gone), 0);
  assert.equal(existsSync(desk.path('data/owner.json')), false, 'its door is closed');
});

test('a hidden start shows nothing until the menu asks for the window', async (desk) => {
  const bar = await desk.bar();
  const hark = desk.launch('data', '--hidden');
  await bar.menu(/^Show Hark$/);
  await until('the folder to be open', () => /the folder is open/.test(hark.errors));
  assert.deepEqual(await desk.windows(), []);
  await bar.click(/^Show Hark$/);
  await desk.visible(true);
});

test('a second start on a folder shows the first window and ends; another folder has a window of its own', async (desk) => {
  await desk.bar();
  await desk.hark('data');
  await desk.visible(true);
  await desk.close();
  await desk.visible(false);
  assert.equal(await desk.harkOnce('data'), 0);
  await desk.visible(true);
  await desk.hark('other');
  await until('two windows', async () => (await desk.windows()).length === 2);
});

test('asked to end by the system it ends in order, and the terminal can go on at once', async (desk) => {
  const hark = await desk.hark('data', '--try');
  hark.kill('SIGTERM');
  assert.equal(await within('the end', hark.gone), 0);
  assert.match(desk.terminal('data', 'list'), /Echo/i);
});

test('the window remembers its size', async (desk) => {
  const first = await desk.hark('data');
  await desk.visible(true);
  const [window] = await desk.windows();
  await desk.tell('xdotool', 'windowsize', '--sync', window, '800', '600');
  first.kill('SIGTERM');
  await within('the end', first.gone);
  const kept = JSON.parse(readFileSync(join(desk.folder, 'data', 'window.json'), 'utf8'));
  assert.deepEqual([kept.main.width, kept.main.height], [800, 600]);
});
