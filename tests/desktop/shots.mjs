// Pictures of the desktop window for the README: `cargo xtask shots`. The people are made up; all else is real.

import { execFileSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PASSWORD, Person, Place } from '../browser/hark.mjs';
import { Desk } from './desk.mjs';
import { withSound } from './sound.mjs';

const docs = fileURLToPath(new URL('../../docs/', import.meta.url));
const place = Place.make();

/** A friend with an engine of their own, so that their voice messages are what Hark makes. */
function friend(server, name, display) {
  place.hark(name, 'login', '--homeserver', server.url, '--user', name, '--register');
  return { send: (...words) => place.hark(name, 'send', '@anna:hark.test', ...words), name, display };
}

async function named(server, name, display) {
  const body = { type: 'm.login.password', identifier: { type: 'm.id.user', user: name }, password: PASSWORD };
  const person = Object.assign(new Person(), { url: server.url });
  const { user_id, access_token } = await person.ask('POST', '/login', body);
  Object.assign(person, { id: user_id, token: access_token });
  await person.ask('PUT', `/profile/${encodeURIComponent(user_id)}/displayname`, { displayname: display });
  return person;
}

function speech(name, words, voice) {
  const path = place.path(name);
  execFileSync('espeak-ng', ['-v', voice, '-s', '150', '-w', path, words]);
  return path;
}

try {
  const server = await place.server();
  place.hark('data', 'login', '--homeserver', server.url, '--user', 'anna', '--register');
  await named(server, 'anna', 'Anna');
  const people = [
    ['tom', 'Tom Okafor', ['The boiler man comes at ten', 'I left the key with Mrs Lind']],
    ['mum', 'Mum', ['Did you get home well?']],
    ['leo', 'Léo', ['Photos from Sunday are on the table', 'Bring the big bag']],
    ['mia', 'Mia Sandberg', []],
  ];
  const friends = {};
  for (const [name, display, lines] of people) {
    const one = friend(server, name, display);
    friends[name] = await named(server, name, display);
    place.hark(name, 'dm', '@anna:hark.test');
    place.hark('data', 'dm', `@${name}:hark.test`);
    for (const line of lines) one.send(line);
  }
  const mia = '@mia:hark.test';
  place.hark('mia', 'send', '@anna:hark.test', 'Are we still on for the lake this weekend?');
  place.hark('data', 'send', mia, 'Yes! I checked the weather. Saturday looks better.');
  place.hark('mia', 'voice', '@anna:hark.test', speech('a.wav', 'Wonderful. Then I will pick you up at eight, and we take the long way, past the mill. Bring something warm for the evening.', 'en-gb'));
  place.hark('data', 'voice', mia, speech('b.wav', 'Eight is fine. I will make sandwiches.', 'en-us'));
  place.hark('mia', 'send', '@anna:hark.test', 'Perfect. Léo asks whether there is room for one more.');
  const last = place.hark('data', 'send', mia, 'There is always room for Léo');
  const room = encodeURIComponent(place.hark('data', 'dm', mia));
  await friends.mia.ask('POST', `/rooms/${room}/receipt/m.read/${encodeURIComponent(last)}`, {});

  for (const [file, theme] of [['window.png', 'Adwaita'], ['window-dark.png', 'Adwaita:dark']]) {
    const desk = await Desk.make();
    try {
      await withSound(desk);
      desk.environment.GTK_THEME = theme;
      cpSync(place.path('data'), desk.path('data'), { recursive: true });
      const window = await desk.drive('data');
      await window.ask('POST', '/window/rect', { width: 1280, height: 800 });
      await window.until('the thread', () => {
        const rows = [...document.querySelectorAll('[role="option"]')];
        rows.find((row) => row.textContent.includes('Mia'))?.click();
        return document.querySelector('[role="log"]') !== null;
      });
      await window.find('[role="log"] *', /^You, There is always room.*read/);
      await window.run(() => document.activeElement?.blur());
      await window.run(() => document.fonts.ready.then(() => true));
      await desk.picture(`${docs}${file}`);
      console.log(`docs/${file}`);
    } finally {
      await desk.end();
    }
  }
} catch (error) {
  console.error(`${error.stack}${await place.account()}`);
  process.exitCode = 1;
} finally {
  await place.end();
}
