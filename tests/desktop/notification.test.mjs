// What is said while nobody looks is told on the desktop, once, and leads back into the window.

import assert from 'node:assert/strict';
import { test, until } from './desk.mjs';

test('a message that comes while the window is away is told, and a click brings the window back', async (desk) => {
  const bar = await desk.bar();
  await desk.hark('data', '--try');
  await desk.visible(true);
  await desk.close();
  await desk.visible(false);
  const [echo] = desk.terminal('data', 'list', '--json').split('\n').map((line) => JSON.parse(line));
  desk.terminal('data', 'send', echo.id, 'Are you awake?');
  let told = [];
  await until('the notification', async () => {
    const { raised } = await bar.ask({ do: 'notifications' });
    told = raised.filter((one) => one.body.includes('Are you awake?'));
    return told.length > 0;
  });
  assert.equal(told.length, 1, 'Echo\'s answer is told, and my own words are not');
  assert.match(told[0].summary, /Echo/);
  await bar.ask({ do: 'activate', id: told[0].id });
  await desk.visible(true);
});
