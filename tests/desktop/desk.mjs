// What the desktop tests stand on: a desk of its own for each test, with a screen (Xvfb), a session bus, a window manager,
// a home folder, and where it is asked for a bar that shows tray icons. The program is the real one, its window is real.
//
// Nothing here sleeps: programs are waited for by the line they print, the rest by asking until a deadline.

import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test as nodeTest } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Driver } from './webdriver.mjs';

/** How long anything may take; a busy machine is no defect. */
export const DEADLINE = 30_000;

const root = fileURLToPath(new URL('../..', import.meta.url));
const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target');
const programs = process.env.HARK_PROGRAMS ?? join(target, 'debug');
const driver = process.env.HARK_TAURI_DRIVER ?? join(target, 'tools', 'bin', 'tauri-driver');
const run = promisify(execFile);

/** A test with a desk of its own, cleared away when it ends, whatever happened. */
export function test(name, work) {
  nodeTest(name, async () => {
    const desk = await Desk.make();
    try {
      await work(desk);
    } catch (error) {
      throw new Error(`${error.message}${await desk.account()}`, { cause: error });
    } finally {
      await desk.end();
    }
  });
}

export class Desk {
  static async make() {
    const desk = new Desk(mkdtempSync(join(tmpdir(), 'hark-desktop-')));
    const screen = await desk.start('Xvfb', ['-displayfd', '1', '-screen', '0', '1280x900x24', '-nolisten', 'tcp'], /^(\d+)$/);
    desk.environment.DISPLAY = `:${screen.match[1]}`;
    const bus = await desk.start('dbus-daemon', ['--session', '--nofork', '--nopidfile', '--print-address'], /^(unix:\S+)/);
    desk.environment.DBUS_SESSION_BUS_ADDRESS = bus.match[1];
    desk.spawn('openbox', ['--sm-disable']);
    return desk;
  }

  constructor(folder) {
    this.folder = folder;
    this.children = [];
    const home = join(folder, 'home');
    const runtime = join(folder, 'run');
    mkdirSync(home);
    mkdirSync(runtime, { mode: 0o700 });
    this.environment = {
      PATH: process.env.PATH,
      LANG: 'C.UTF-8',
      HOME: home,
      XDG_RUNTIME_DIR: runtime,
      HARK_KEY: 'file',
      NO_AT_BRIDGE: '1',
      // The fast renderer wants a graphics card.
      WEBKIT_DISABLE_DMABUF_RENDERER: '1',
      RUST_LOG: 'warn,hark_desktop=info',
    };
  }

  path(name) {
    return join(this.folder, name);
  }

  spawn(program, args) {
    const child = spawn(program, args, { env: this.environment, stdio: ['pipe', 'pipe', 'pipe'] });
    child.name = program;
    child.errors = '';
    child.stderr.on('data', (data) => (child.errors += data));
    child.gone = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve(code ?? signal));
      child.once('error', (error) => resolve(error.message));
    });
    this.children.push(child);
    return child;
  }

  /** Starts a program and waits for a line it prints that fits. */
  async start(program, args, line) {
    const child = this.spawn(program, args);
    child.lines = createInterface({ input: child.stdout });
    const found = new Promise((resolve) => {
      child.lines.on('line', (text) => {
        const match = line.exec(text);
        if (match) resolve(match);
      });
    });
    child.match = await within(
      `${program} to say ${line}`,
      Promise.race([
        found,
        child.gone.then((code) => {
          throw new Error(`${program} ended with ${code}: ${child.errors}`);
        }),
      ]),
    );
    return child;
  }

  /** Starts Hark on a data folder and waits for nothing. */
  launch(data, ...args) {
    return this.spawn(join(programs, 'hark-desktop'), ['--data', this.path(data), ...args]);
  }

  /** Hark's window on a data folder, without a driver. */
  async hark(data, ...args) {
    const child = this.launch(data, ...args);
    await within('the window to be drawn', new Promise((resolve, reject) => {
      child.stderr.on('data', () => /the window is drawn/.test(child.errors) && resolve());
      child.gone.then((code) => reject(new Error(`hark-desktop ended with ${code}: ${child.errors}`)));
    }));
    return child;
  }

  /** Starts Hark beside others and waits until it has ended by itself; gives its exit code. */
  harkOnce(data, ...args) {
    return within('hark-desktop to end', this.launch(data, ...args).gone);
  }

  /** Hark's window on a data folder, driven. */
  async drive(data, ...args) {
    const [port, native] = [await freePort(), await freePort()];
    const ports = ['--port', String(port), '--native-port', String(native)];
    const child = this.spawn(driver, [...ports, '--native-driver', '/usr/bin/WebKitWebDriver']);
    const url = `http://127.0.0.1:${port}`;
    await until('the driver', async () => {
      if (child.exitCode !== null) throw new Error(`tauri-driver ended: ${child.errors}`);
      const answer = await fetch(`${url}/status`).catch(() => null);
      return answer?.ok;
    });
    this.driver = await Driver.start(url, join(programs, 'hark-desktop'), ['--data', this.path(data), ...args]);
    return this.driver;
  }

  /** A bar that shows tray icons, as desktops have one. */
  async bar() {
    return Bar.start(this);
  }

  /** Runs `hark` to its end and gives what it printed. */
  terminal(data, ...args) {
    return execFileSync(join(programs, 'hark'), [...args, '--data', this.path(data)], {
      env: this.environment,
      encoding: 'utf8',
      timeout: DEADLINE,
    }).trim();
  }

  /** Runs any program of the desk to its end. */
  async tell(program, ...args) {
    const { stdout } = await run(program, args, { env: this.environment, timeout: DEADLINE });
    return stdout;
  }

  /** The ids of Hark's windows that can be seen. */
  async windows() {
    const search = ['search', '--onlyvisible', '--name', '^Hark$'];
    // It ends with 1 when it finds none.
    const { stdout } = await run('xdotool', search, { env: this.environment }).catch(() => ({ stdout: '' }));
    return stdout.split('\n').filter(Boolean);
  }

  async visible(wanted) {
    await until(`the window to be ${wanted ? 'seen' : 'gone'}`, async () => (await this.windows()).length > 0 === wanted);
  }

  /** Closes the window as a person does: by the keys of the window manager, again where it came up too late for them. */
  async close() {
    const [window] = await this.windows();
    const isGone = async () => !(await this.windows()).includes(window);
    await until('the window to close', async () => {
      await this.tell('xdotool', 'windowactivate', '--sync', window, 'key', '--clearmodifiers', 'alt+F4').catch(() => {});
      return soon(isGone);
    });
  }

  /** The window as a picture. */
  async picture(path) {
    const [window] = await this.windows();
    await this.tell('import', '-window', window, path);
  }

  /** Asks whatever still lives in this desk's home to end, such as what a program started itself; gives their ids. */
  #leftOver() {
    const here = `HOME=${this.environment.HOME}`;
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    const left = pids.filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(here);
      } catch {
        // It ended while it was looked at.
        return false;
      }
    });
    for (const pid of left) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // As above.
      }
    }
    return left;
  }

  /** What the programs complained of. */
  async account() {
    const said = this.children.filter((child) => child.errors).map((child) => `\n── ${child.name}:\n${child.errors}`);
    const text = await this.driver?.text().catch(() => '');
    return said.join('\n') + (text ? `\n── the window showed:\n${text}` : '');
  }

  async end() {
    await this.driver?.end().catch(() => {});
    // The screen and the bus go last.
    for (const child of this.children.reverse()) {
      child.kill('SIGKILL');
      await child.gone;
    }
    await until('all that was started here to end', () => this.#leftOver().length === 0);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

/** The bar of bar.py: what it was told, and what a person does to it. */
class Bar {
  static async start(desk) {
    const script = fileURLToPath(new URL('bar.py', import.meta.url));
    const child = await desk.start('/usr/bin/python3', ['-u', script], /^(ready)$/);
    return new Bar(child);
  }

  constructor(child) {
    this.child = child;
  }

  /** One question, one answer. */
  async ask(question) {
    const answer = new Promise((resolve) => this.child.lines.once('line', (text) => resolve(JSON.parse(text))));
    this.child.stdin.write(`${JSON.stringify(question)}\n`);
    return within(`the bar to answer ${question.do}`, answer);
  }

  /** Waits until the icon's menu has a line that fits; gives all its lines. */
  async menu(line) {
    let lines = [];
    await until(`a line ${line} in the menu`, async () => {
      lines = await this.ask({ do: 'menu' });
      return lines.some((one) => line.test(one.label));
    });
    return lines;
  }

  async click(line) {
    const found = (await this.menu(line)).find((one) => line.test(one.label));
    await this.ask({ do: 'click', id: found.id });
  }
}

/** Asks again and again until the answer is true. */
export async function until(what, ask) {
  const end = Date.now() + DEADLINE;
  for (;;) {
    if (await ask()) return;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Whether it comes true within a second. */
async function soon(ask) {
  const end = Date.now() + 1_000;
  while (Date.now() < end) {
    if (await ask()) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

/** Waits for something to happen, but not for ever. */
export function within(what, happens) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited in vain for ${what}`)), DEADLINE);
  });
  return Promise.race([happens, late]).finally(() => clearTimeout(timer));
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
