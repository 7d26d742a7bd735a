// The WebDriver protocol over plain HTTP, as much of it as these tests need: one session, and the page as a person sees it.

import { DEADLINE } from './desk.mjs';

/** How W3C's protocol names an element in JSON. */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

export class Driver {
  /** Starts `application` under the driver at `url`. */
  static async start(url, application, args) {
    const options = { 'tauri:options': { application, args } };
    const { sessionId } = await request('POST', `${url}/session`, { capabilities: { alwaysMatch: options } });
    return new Driver(`${url}/session/${sessionId}`);
  }

  constructor(session) {
    this.session = session;
  }

  ask(method, path, body) {
    return request(method, this.session + path, body);
  }

  /** What a function of the page answers. It gets `args`; it must stand alone. */
  run(work, ...args) {
    return this.ask('POST', '/execute/sync', { script: `return (${work})(...arguments)`, args });
  }

  /** Waits until a function of the page answers something that is true, and gives it. */
  async until(what, work, ...args) {
    const end = Date.now() + DEADLINE;
    for (;;) {
      const answer = await this.run(work, ...args);
      if (answer) return answer;
      if (Date.now() > end) throw new Error(`waited in vain for ${what}; the page says:\n${await this.text()}`);
    }
  }

  /** Waits for the one visible element that CSS finds and whose name or text fits. */
  async find(css, words) {
    const found = await this.until(
      `${css} ${words}`,
      (css, source, flags) => {
        const fits = new RegExp(source, flags);
        const all = [...document.querySelectorAll(css)].filter((one) => one.getClientRects().length > 0);
        return all.find((one) => fits.test(one.getAttribute('aria-label') ?? '') || fits.test(one.textContent.trim()));
      },
      css,
      words.source,
      words.flags,
    );
    return found[ELEMENT];
  }

  /** Clicks what is found. A row that was drawn anew in between is looked for again, as a person would. */
  async click(css, words) {
    const end = Date.now() + DEADLINE;
    for (;;) {
      const element = await this.find(css, words);
      try {
        return await this.ask('POST', `/element/${element}/click`, {});
      } catch (error) {
        if (!/stale element/.test(error.message) || Date.now() > end) throw error;
      }
    }
  }

  async type(element, text) {
    await this.ask('POST', `/element/${element}/value`, { text });
  }

  /** A mouse button held on an element while `work` is done. */
  async hold(element, work) {
    const at = { type: 'pointerMove', duration: 0, origin: { [ELEMENT]: element }, x: 0, y: 0 };
    const mouse = (actions) => ({
      actions: [{ type: 'pointer', id: 'mouse', parameters: { pointerType: 'mouse' }, actions }],
    });
    await this.ask('POST', '/actions', mouse([at, { type: 'pointerDown', button: 0 }]));
    await work();
    await this.ask('POST', '/actions', mouse([{ type: 'pointerUp', button: 0 }]));
  }

  text() {
    return this.run(() => document.body.innerText);
  }

  /** Ends the session, and the program with it. */
  async end() {
    await this.ask('DELETE', '');
  }
}

async function request(method, url, body) {
  const answer = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(DEADLINE * 2),
  });
  const { value } = await answer.json();
  if (!answer.ok) throw new Error(`${method} ${url}: ${value?.error}: ${value?.message}`);
  return value;
}
