// Pictures of every state of the window, light and dark, for looking at. Run with the dev server's address:
//   npm run dev -- --port 5199 &
//   node tools/shots.mjs http://127.0.0.1:5199 /tmp/shots [name …]
// Each state is also put through axe-core; serious violations make the run fail.

import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const [base = 'http://127.0.0.1:5199', out = '/tmp/shots', ...only] = process.argv.slice(2);
mkdirSync(out, { recursive: true });
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const main = { width: 1440, height: 1100 };
const small = { width: 1280, height: 800 };
const phone = { width: 360, height: 740 };
const settings = async (page, name) => {
    await button(page, 'Settings').click();
    await page.locator('.subnav').getByRole('button', { name }).click();
};
const button = (page, name) => page.getByRole('button', { name });

/** name, scene, size, and what is done before the picture. */
const states = [
    ['main', 'talking', main],
    [
        'playing',
        'talking',
        small,
        async (page) => {
            await page.getByRole('button', { name: /Play voice message, 0:16/ }).click();
            await page.waitForTimeout(300);
        },
    ],
    ['rest', 'rest', small],
    ['hold', 'hold', small],
    ['locked', 'locked', small],
    ['review', 'review', small],
    ['silent', 'silent', small, (page) => page.waitForTimeout(300)],
    ['mic-lost', 'mic-lost', small],
    ['no-mic', 'no-mic', small, (page) => button(page, /Hold to talk/).click({ force: true })],
    ['elsewhere', 'elsewhere', small],
    ['recovered', 'recovered', small],
    ['found', 'recovered', small, (page) => page.keyboard.press('Escape')],
    ['voice-draft', 'voice-draft', small],
    ['undo', 'locked', small, (page) => button(page, 'Discard').click()],
    [
        'voice-typed',
        'rest',
        small,
        (page) => page.getByRole('textbox', { name: 'Message' }).fill('At the mill, half past eight.'),
    ],
    ['welcome', 'welcome', small],
    [
        'sign-in',
        'welcome',
        small,
        async (page) => {
            await button(page, /Sign in to a server/).click();
            await page.getByLabel('Server').fill('haddad.example');
            await page.getByLabel('User name').fill('noor');
            await page.getByRole('textbox', { name: 'Password' }).fill('wrong');
            await page.keyboard.press('Enter');
            await page.getByRole('alert').waitFor();
        },
    ],
    [
        'host',
        'welcome',
        small,
        async (page) => {
            await button(page, /Host on this computer/).click();
            await page.getByLabel('User name').fill('noor');
            await page.getByRole('textbox', { name: 'Password' }).fill('correcthorse');
        },
    ],
    ['empty', 'empty', small],
    ['pick', 'pick', small],
    ['loading', 'loading', small, (page) => page.waitForTimeout(400)],
    ['loading-thread', 'loading-thread', small, (page) => page.waitForTimeout(400)],
    ['offline', 'offline', small, (page) => page.getByText('No connection.').waitFor()],
    ['logged-out', 'logged-out', small],
    [
        'search',
        'search',
        small,
        async (page) => {
            await page.getByRole('combobox').fill('ridge');
            await page.getByRole('option', { name: /Left at six/ }).click();
            await page.waitForTimeout(500);
        },
    ],
    ['family', 'family', small],
    ['invitation', 'invitation', small],
    [
        'people',
        'people',
        small,
        async (page) => {
            await button(page, 'New conversation').first().click();
            await page.getByLabel('Who do you want to write to?').fill('la');
            await page.getByText('Lars Lindqvist').waitFor();
        },
    ],
    [
        'typed',
        'talking',
        small,
        (page) =>
            page
                .getByRole('textbox', { name: 'Message' })
                .fill(
                    'Rain or shine, at the mill. Bring:\n— water, two litres each\n— something against the sun\n— the blue jacket\n' +
                        '— a spare battery for the recorder '.repeat(110).slice(0, 3760),
                ),
    ],
    [
        'uploading',
        'uploading',
        small,
        (page) =>
            page.setInputFiles('input[type=file]', {
                name: 'market walk.wav',
                mimeType: 'audio/wav',
                buffer: Buffer.from('x'),
            }),
    ],
    [
        'refused',
        'refused',
        small,
        (page) =>
            page.setInputFiles('input[type=file]', {
                name: 'holiday.wav',
                mimeType: 'audio/wav',
                buffer: Buffer.from('x'),
            }),
    ],
    ['mini', 'mini', small],
    ['menu', 'talking', small, (page) => button(page, 'More').click()],
    [
        'leave',
        'talking',
        small,
        async (page) => {
            await button(page, 'More').click();
            await page.getByRole('menuitem', { name: /Leave/ }).click();
        },
    ],
    [
        'help',
        'talking',
        small,
        async (page) => {
            await page.getByRole('log').focus();
            await page.keyboard.press('?');
        },
    ],
    ['settings', 'talking', small, (page) => settings(page, 'Appearance')],
    ['sound', 'rest', small, (page) => settings(page, 'Sound')],
    ['sound-tested', 'sound-tested', small, (page) => settings(page, 'Sound')],
    ['sound-failed', 'sound-failed', small, (page) => settings(page, 'Sound')],
    [
        'sound-select',
        'sound-failed',
        small,
        async (page) => {
            await settings(page, 'Sound');
            await page.getByRole('combobox', { name: /^Microphone/ }).click();
        },
    ],
    ['storage', 'rest', small, (page) => settings(page, 'Storage')],
    ['notifications', 'desktop', small, (page) => settings(page, 'Notifications')],
    ['settings-elsewhere', 'locked', small, (page) => settings(page, 'Storage')],
    [
        'account',
        'talking',
        small,
        async (page) => {
            await button(page, 'Settings').click();
            await button(page, 'Account').last().click();
        },
    ],
    [
        'toast',
        'talking',
        small,
        (page) =>
            page.evaluate(() =>
                window.hark.fail(new Error('The disk is full. Free some space, then send it again.')),
            ),
    ],
    [
        'focus',
        'talking',
        small,
        async (page) => {
            await page.getByRole('listbox').focus();
            await page.keyboard.press('ArrowDown');
            await page.keyboard.press('ArrowDown');
        },
    ],
    ['long', 'long', small],
    ['crowd', 'crowd', small],
    ['zoom', 'talking', { width: 640, height: 550 }],
    ['narrow-inbox', 'pick', phone],
    ['narrow-thread', 'talking', phone],
    ['narrow-welcome', 'welcome', phone],
    ['narrow-long', 'long', phone],
    ['narrow-settings', 'pick', phone, (page) => button(page, 'Settings').click()],
    ['narrow-hold', 'hold', phone],
    ['narrow-locked', 'locked', phone],
    ['narrow-review', 'review', phone],
    ['rtl-hold', 'hold', small, undefined, { dir: 'rtl' }],
    ['rtl-review', 'review', small, undefined, { dir: 'rtl' }],
    ['contrast-hold', 'hold', small, undefined, { scheme: 'contrast' }],
    ['forced-locked', 'locked', small, undefined, { forced: true }],
    ['zoom-locked', 'locked', { width: 640, height: 550 }],
    ['rtl', 'rtl', small, undefined, { dir: 'rtl' }],
    ['contrast', 'talking', main, undefined, { scheme: 'contrast' }],
    ['contrast-welcome', 'welcome', small, undefined, { scheme: 'contrast' }],
    ['forced', 'talking', small, undefined, { forced: true }],
];

const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-background-networking'],
});
let bad = 0;
for (const [name, scene, viewport, act, more = {}] of states) {
    if (only.length > 0 && !only.includes(name)) continue;
    for (const colorScheme of ['light', 'dark']) {
        const context = await browser.newContext({
            viewport,
            colorScheme,
            locale: 'en-GB',
            forcedColors: more.forced ? 'active' : 'none',
        });
        const page = await context.newPage();
        const problems = [];
        page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
        page.on('console', (line) => line.type() === 'error' && problems.push(`console: ${line.text()}`));
        page.on('request', (request) => {
            if (!request.url().startsWith(base) && !request.url().startsWith('data:'))
                problems.push(`request to ${request.url()}`);
        });
        const query = new URLSearchParams({ scene, scheme: more.scheme ?? 'system', dir: more.dir ?? 'ltr' });
        await page.goto(`${base}/dev.html?${query}`);
        await page.waitForSelector('.window');
        await page.waitForTimeout(350);
        try {
            await act?.(page);
            await page.waitForTimeout(350);
        } catch (error) {
            problems.push(`step: ${error.message.split('\n')[0]}`);
        }
        await page.screenshot({ path: `${out}/${name}-${colorScheme}.png` });
        await page.evaluate(axe);
        const found = await page.evaluate(() =>
            window.axe.run(document, {
                resultTypes: ['violations'],
                rules: { region: { enabled: !document.querySelector('[role=menu], .select-list') } },
            }),
        );
        for (const violation of found.violations) {
            const nodes = violation.nodes
                .slice(0, 3)
                .map((node) => node.target.join(' ') + ' · ' + node.failureSummary?.split('\n')[1]?.trim());
            problems.push(`axe ${violation.impact}: ${violation.id}\n    ${nodes.join('\n    ')}`);
        }
        const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
        if (wide) problems.push('scrolls sideways');
        if (problems.length > 0) {
            bad += 1;
            console.log(`${name} ${colorScheme}\n  ${problems.join('\n  ')}`);
        }
        await context.close();
    }
}
await browser.close();
console.log(bad === 0 ? 'nothing to complain about' : `${bad} pictures with problems`);
process.exitCode = bad === 0 ? 0 : 1;
