// The timeline's promises, tried in a real browser on 10,000 messages and 1,000 conversations:
//   npm run dev -- --port 5199 &   node tools/timeline.mjs http://127.0.0.1:5199
// No jump when older pages load, follows the end only while it is there, few rows in the document.

import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

const [base = 'http://127.0.0.1:5199'] = process.argv.slice(2);
const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-background-networking'],
});
const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, locale: 'en-GB' });
await page.goto(`${base}/dev.html?scene=crowd`);
await page.getByRole('group', { name: /Message 9999/ }).waitFor();

const log = page.getByRole('log');
const atEnd = () => log.evaluate((el) => el.scrollHeight - el.scrollTop - el.clientHeight < 3);
const frames = (count) =>
    page.evaluate(
        (left) =>
            new Promise((done) => {
                const step = () => (left-- > 0 ? requestAnimationFrame(step) : done());
                step();
            }),
        count,
    );
const loaded = () => page.evaluate(() => window.hark.thread.messages.length);

/** The first message that is whole in sight, and where it stands. */
const anchor = () =>
    log.evaluate((el) => {
        const top = el.getBoundingClientRect().top;
        for (const row of el.querySelectorAll('[data-key]')) {
            const y = row.getBoundingClientRect().top - top;
            if (y >= 0) return { key: row.dataset.key, y };
        }
        return null;
    });
const placeOf = (key) =>
    log.evaluate((el, wanted) => {
        const row = el.querySelector(`[data-key="${wanted}"]`);
        return row ? row.getBoundingClientRect().top - el.getBoundingClientRect().top : null;
    }, key);

await frames(10);
assert.ok(await atEnd(), 'opens at the end');

// A new message while the end is in sight is followed.
await page.evaluate(() =>
    window.backend.emit({
        type: 'message',
        live: true,
        message: {
            ...window.hark.thread.messages.at(-1),
            key: 7_000_001,
            mine: false,
            order: 'y1',
            content: { kind: 'text', body: 'fresh one' },
        },
    }),
);
await page.getByRole('group', { name: /fresh one/ }).waitFor();
await frames(20);
assert.ok(await atEnd(), 'follows a new message');

// Scrolling up by hand: pages come in front, and what is in sight stays where it is.
await log.hover();
let worst = 0;
for (let turn = 0; turn < 12; turn += 1) {
    await page.mouse.wheel(0, -900);
    await frames(4);
    const before = await anchor();
    await frames(25);
    const y = before && (await placeOf(before.key));
    if (before && y !== null) worst = Math.max(worst, Math.abs(y - before.y));
}
console.log(`loaded ${await loaded()} messages, largest movement without a hand ${worst.toFixed(1)} px`);
assert.ok((await loaded()) > 150, 'older pages came');
assert.ok(worst < 3, `something jumped by ${worst} px`);

// A message that comes meanwhile does not pull the reader down, and is counted.
const reading = await anchor();
await page.evaluate(() =>
    window.backend.emit({
        type: 'message',
        live: true,
        message: {
            ...window.hark.thread.messages.at(-1),
            key: 7_000_002,
            mine: false,
            order: 'y2',
            content: { kind: 'text', body: 'second fresh' },
        },
    }),
);
await frames(25);
assert.ok(Math.abs((await placeOf(reading.key)) - reading.y) < 3, 'stays where one reads');
await page.getByRole('button', { name: /Jump to latest, 1 new/ }).click();
await frames(40);
assert.ok(await atEnd(), 'the button leads to the end');

// The composer grows: the end stays in sight.
await page.getByRole('textbox', { name: 'Message', exact: true }).fill('one\ntwo\nthree\nfour\nfive\nsix');
await frames(20);
assert.ok(await atEnd(), 'stays at the end while the composer grows');

const rows = await page.evaluate(() => ({
    messages: document.querySelectorAll('[data-key]').length,
    conversations: document.querySelectorAll('[data-conversation]').length,
}));
console.log('rows in the document', rows);
assert.ok(rows.messages < 60 && rows.conversations < 40, 'only what is in sight is in the document');

// A thousand conversations, scrolled: how long a frame takes.
const times = await page.getByRole('listbox').evaluate(async (el) => {
    const all = [];
    let last = performance.now();
    for (let step = 0; step < 90; step += 1) {
        el.scrollTop += 137;
        await new Promise((next) => requestAnimationFrame(next));
        const now = performance.now();
        all.push(now - last);
        last = now;
    }
    return all.sort((a, b) => a - b);
});
console.log(`inbox scroll: median frame ${times[45].toFixed(1)} ms, 95th ${times[85].toFixed(1)} ms`);
await browser.close();
console.log('the timeline keeps its promises');
