// The first minute in the real window: no account, no server, somebody who answers.

import assert from 'node:assert/strict';
import { test } from './desk.mjs';
import { withSound } from './sound.mjs';

const composer = (window) => window.find('textarea, [role=textbox]', /^Message$/);

async function withEcho(desk) {
  const window = await desk.drive('data');
  await window.click('button', /^Just try it/);
  await window.click('[role=option]', /echo/i);
  await said(window, /^echo, Hello! I am Echo/i);
  return window;
}

const said = (window, words) => window.find('[role=log] [role=group]', words);

test('one click gives somebody who answers', async (desk) => {
  const window = await withEcho(desk);
  await window.type(await composer(window), 'Is anybody there?\uE007');
  await said(window, /^You, Is anybody there\?/);
  await said(window, /^echo, Is anybody there\?/i);
});

test('hold, talk, let go: the message arrives, and Echo says it back', async (desk) => {
  await withSound(desk);
  const window = await withEcho(desk);
  const button = await window.find('button', /^Hold to talk/);
  await window.hold(button, () => window.until('a second to be recorded', () => /\b0:0[1-9]\b/.test(document.body.innerText)));
  await said(window, /^You, Voice message/i);
  await said(window, /^echo, Voice message/i);
});

test('what the terminal sends beside the window appears in it', async (desk) => {
  const window = await withEcho(desk);
  const [echo] = JSON.parse(`[${desk.terminal('data', 'list', '--json').split('\n').join(',')}]`);
  desk.terminal('data', 'send', echo.id, 'from the terminal');
  await said(window, /^You, from the terminal/);
});

test('a matrix link of a second start brings up a question, and nothing else is done', async (desk) => {
  const window = await withEcho(desk);
  assert.equal(await desk.harkOnce('data', 'matrix:u/somebody:example.org'), 0);
  await window.until('the question', () => {
    const dialog = document.querySelector('[role=dialog]');
    const fields = [...(dialog?.querySelectorAll('input') ?? [])].map((field) => field.value);
    return [dialog?.textContent, ...fields].some((text) => text?.includes('@somebody:example.org'));
  });
  assert.doesNotMatch(desk.terminal('data', 'list'), /somebody/);
});

test('the page runs no script but its own and leads nowhere else', async (desk) => {
  const window = await withEcho(desk);
  const ran = await window.run(() => {
    const script = document.createElement('script');
    script.textContent = 'globalThis.brokenIn = true';
    document.head.append(script);
    return globalThis.brokenIn ?? false;
  });
  assert.equal(ran, false);
  const before = await window.run(() => location.href);
  await window.run(() => location.assign('https://example.org/'));
  await window.until('the window to stay', (before) => location.href === before, before);
  const size = await window.run(() => getComputedStyle(document.querySelector('[role=option]')).display);
  assert.notEqual(size, 'block', 'its own styles apply');
});
