// What the browser tests stand on: the built programs as processes, a Chromium, and a page that must not make errors.
//
// `test` gives each test a workplace whose processes and folders end with it; a test that fails says what its pages showed
// and what its programs complained of. Nothing here sleeps: programs are waited for by the line they print, the page by
// what it shows.

import { spawn, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test as nodeTest } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const fromUi = createRequire(join(root, 'ui', 'package.json'));
const { chromium } = fromUi('playwright-core');

export const AXE = fromUi('axe-core').source;
export const PASSWORD = 'correct horse battery';
/** How long anything may take; a busy machine is no defect. */
export const DEADLINE = 20_000;

const programs = process.env.HARK_PROGRAMS ?? join(process.env.CARGO_TARGET_DIR ?? join(root, 'target'), 'debug');
const BROWSERS = ['/usr/bin/chromium', '/usr/bin/google-chrome', '/snap/bin/chromium'];
const CHROMIUM = process.env.HARK_CHROMIUM ?? BROWSERS.find((path) => existsSync(path));

/** A test with a place to work in, cleared away when it ends, whatever happened. */
export function test(name, work) {
  nodeTest(name, async () => {
    const place = Place.make();
    try {
      await work(place);
    } catch (error) {
      throw new Error(`${error.message}${await place.account()}`, { cause: error });
    } finally {
      await place.end();
    }
  });
}

/** Programs, pages and files of one test. */
export class Place {
  static make() {
    return new Place(mkdtempSync(join(tmpdir(), 'hark-browser-')));
  }

  constructor(folder) {
    this.folder = folder;
    this.children = new Set();
    this.pages = [];
    this.environment = { ...process.env, HARK_KEY: 'file' };
    delete this.environment.DISPLAY;
    delete this.environment.WAYLAND_DISPLAY;
  }

  path(name) {
    return join(this.folder, name);
  }

  /** Starts a program and waits for a line it prints that fits. */
  async start(program, args, line) {
    const child = spawn(join(programs, program), args, { env: this.environment, stdio: ['ignore', 'pipe', 'pipe'] });
    this.children.add(child);
    child.errors = '';
    child.stderr.on('data', (data) => (child.errors += data));
    child.gone = new Promise((resolve) => child.once('exit', resolve));
    const found = new Promise((resolve) => {
      createInterface({ input: child.stdout }).on('line', (text) => {
        const match = line.exec(text);
        if (match) resolve(match);
      });
    });
    const ended = child.gone.then((code) => {
      throw new Error(`${program} ${args[0]} ended with ${code}: ${child.errors}`);
    });
    ended.catch(() => {});
    child.match = await Promise.race([found, ended]);
    return child;
  }

  /** `hark-server status` or `stop` on the folder of a server that was hosted from the window. */
  hosted(command, server = this.path('data/server')) {
    const args = [command, '--data', server];
    return execFileSync(join(programs, 'hark-server'), args, { encoding: 'utf8', timeout: DEADLINE }).trim();
  }

  /** Ends a program as a power cut does. */
  async kill(child) {
    child.kill('SIGKILL');
    await child.gone;
    this.children.delete(child);
  }

  /** Runs `hark` to its end and returns what it printed. */
  hark(data, ...args) {
    const input = args[0] === 'login' ? `${PASSWORD}\n` : '';
    return execFileSync(join(programs, 'hark'), [...args, '--data', this.path(data)], {
      env: this.environment,
      input,
      encoding: 'utf8',
      timeout: DEADLINE,
    }).trim();
  }

  /** A homeserver as a process; `again` starts it on the same folder and port. */
  async server({ port = 0 } = {}) {
    const options = ['--server-name', 'hark.test', '--registration', 'open', '--rate-limits', 'off'];
    const args = ['serve', '--data', this.path('server'), '--listen', `127.0.0.1:${port}`, ...options];
    const process = await this.start('hark-server', args, /http:\/\/127\.0\.0\.1:(\d+)/);
    const own = Number(process.match[1]);
    return {
      url: `http://127.0.0.1:${own}`,
      kill: () => this.kill(process),
      again: () => this.server({ port: own }),
    };
  }

  /** `hark browser` on a data folder: the link to open. */
  async link(data) {
    const args = ['browser', '--listen', '127.0.0.1:0', '--no-open', '--data', this.path(data)];
    this.window = await this.start('hark', args, /(http:\/\/127\.0\.0\.1:\d+\/\?token=\S+)/);
    return this.window.match[1];
  }

  /** A page of a Chromium of this place's own, open at the window. */
  async open(link, options = {}) {
    this.browser ??= await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-background-networking'],
    });
    const context = await this.browser.newContext({ viewport: { width: 1180, height: 760 }, locale: 'en-GB', ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(DEADLINE);
    this.pages.push(page);
    page.mistakes = [];
    page.on('pageerror', (error) => page.mistakes.push(String(error)));
    page.on('console', (message) => {
      // A socket that cannot be opened is reported by the browser itself; that is what being offline looks like.
      if (message.type() === 'error' && !/WebSocket|ERR_CONNECTION|Failed to load/.test(message.text())) {
        page.mistakes.push(message.text());
      }
    });
    await page.goto(link);
    return page;
  }

  /** The window of a fresh folder after "Just try it", with Echo's conversation open. */
  async withEcho(options) {
    const page = await this.open(await this.link('data'), options);
    await page.getByRole('button', { name: /^Just try it/ }).click();
    await openConversation(page, /^echo/i);
    await said(page, /^echo, Hello! I am Echo/i).waitFor();
    return page;
  }

  /** A sound file of so many seconds. */
  sound(name, seconds = 3) {
    const path = this.path(name);
    writeFileSync(path, wav(seconds));
    return path;
  }

  /** What stood on the pages, and what the programs complained of. */
  async account() {
    const said = [];
    for (const page of this.pages) {
      const shown = await page.locator('body').innerText({ timeout: 1_000 }).catch((error) => String(error));
      said.push(`\n── ${page.url()} showed:\n${shown}`, ...page.mistakes.map((mistake) => `mistake: ${mistake}`));
    }
    for (const child of this.children) if (child.errors) said.push(`\n── ${child.spawnargs.join(' ')}:\n${child.errors}`);
    return said.join('\n');
  }

  async end() {
    await this.browser?.close();
    for (const child of this.children) {
      child.kill('SIGKILL');
      await child.gone;
    }
    // A server that was hosted from the window goes on without it (SV9).
    for (const data of readdirSync(this.folder)) {
      const server = join(this.folder, data, 'server');
      if (existsSync(server)) this.hosted('stop', server);
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Opens a conversation from the inbox. */
export async function openConversation(page, name) {
  await page.getByRole('option', { name }).click();
  await composer(page).waitFor();
}

export const composer = (page) => page.getByRole('textbox', { name: 'Message', exact: true });

/** A message of the thread, by what a screen reader says of it: who, what, how far, when. */
export const said = (page, words) => page.getByRole('log', { name: 'Messages' }).getByRole('group', { name: isolated(words) });

/** The same pattern for a text whose times stand between marks of direction. */
export const isolated = (words) => new RegExp(words.source.replace(/\d+:\d\d/g, '\u2068?$&\u2069?'), words.flags);

/** Types a message and sends it with Enter. */
export async function say(page, words) {
  await composer(page).fill(words);
  await composer(page).press('Enter');
}

/** Somebody else on a homeserver, by plain HTTP. */
export class Person {
  static async register(url, name) {
    const person = new Person();
    person.url = url;
    const body = { username: name, password: PASSWORD, auth: { type: 'm.login.dummy' } };
    const answer = await person.ask('POST', '/register', body);
    person.id = answer.user_id;
    person.token = answer.access_token;
    return person;
  }

  async ask(method, path, body) {
    const answer = await fetch(`${this.url}/_matrix/client/v3${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...(this.token && { authorization: `Bearer ${this.token}` }) },
      body: body && JSON.stringify(body),
    });
    const json = await answer.json();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(json)}`);
    return json;
  }

  /** The texts of a room, oldest first. */
  async texts(room) {
    const { chunk } = await this.ask('GET', `/rooms/${encodeURIComponent(room)}/messages?dir=b&limit=100`);
    return chunk.filter((event) => event.type === 'm.room.message').map((event) => event.content.body).reverse();
  }
}

/** A 16-bit mono WAV: a tone that swells and fades, so that its waveform has a shape. */
function wav(seconds) {
  const rate = 48_000;
  const samples = rate * seconds;
  const bytes = Buffer.alloc(44 + samples * 2);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(36 + samples * 2, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt32LE(rate * 2, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(samples * 2, 40);
  for (let index = 0; index < samples; index += 1) {
    const swell = Math.sin((Math.PI * index) / samples);
    bytes.writeInt16LE(Math.round(9_000 * swell * Math.sin((2 * Math.PI * 330 * index) / rate)), 44 + index * 2);
  }
  return bytes;
}
