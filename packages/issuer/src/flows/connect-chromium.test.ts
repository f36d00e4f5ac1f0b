/** Connecting in a real browser. SAFECONDUCT_TEST_PICTURES names a directory to keep a picture of each page in. */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { accessibilityFindings, chromiumSkipped, launchChromium, type Watch, watch } from '@safeconduct/test-support/chromium';
import type { Browser, Page } from 'playwright-core';
import { connectPage } from '../pages/connect.ts';
import { bothAccountsPage, connectEndPage } from '../pages/connected.ts';
import type { Frame } from '../pages/layout.ts';
import { confirmLinkPage } from '../pages/link.ts';
import { ADA, ADA_THERE, BEN_THERE, connectLink, type Place, startPlace } from './connecting.fixtures.test.ts';

const pictures = process.env.SAFECONDUCT_TEST_PICTURES;

describe('connecting an account in Chromium', { skip: chromiumSkipped }, () => {
  let place: Place;
  let browser: Browser;
  let app: Server;
  let origin: string;
  before(async () => {
    app = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<!doctype html><html lang="en"><title>Back</title><link rel="icon" href="data:,"><h1>Back</h1>');
    });
    await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(app.address() as AddressInfo).port}`;
    [place, browser] = await Promise.all([startPlace('pglite', origin), launchChromium()]);
  });
  after(async () => {
    await browser?.close();
    await place?.stop();
    await new Promise((resolve) => app.close(resolve));
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [390, 1280]) {
      it(`R-126 shows pages that everybody can use, at ${width} px in ${colorScheme}`, async () => {
        const context = await browser.newContext({ colorScheme, viewport: { width, height: 820 }, javaScriptEnabled: true });
        const page = await context.newPage();
        page.setDefaultTimeout(10_000);
        const seen = watch(page, [place.url, place.calendar.url, origin]);
        const look = (name: string) => inspect(page, seen, `${name}-${colorScheme}-${width}`);
        const link = connectLink(place, { client_id: 'shop-web', scope: 'calendar.read calendar.write', return_to: `${origin}/chat` });
        await page.goto(link);
        await signInHere(page);
        await page.getByRole('heading', { name: 'Connect Almanac?' }).waitFor();
        await look('connect');
        await connectAs(page, ADA_THERE);
        await look('confirm');
        await page.getByRole('button', { name: 'Connect' }).click();
        await page.waitForURL(`${origin}/chat?connected=calendar`);
        await page.goto(link);
        await look('connect-again');
        await connectAs(page, BEN_THERE);
        await look('confirm-another');
        await page.getByRole('button', { name: 'Cancel' }).click();
        await page.waitForURL(/error=access_denied/);
        await page.goto(connectLink(place, { client_id: 'other-web', scope: 'calendar.read' }));
        await page.getByRole('button', { name: 'Connect' }).click();
        await page.getByRole('heading', { name: 'Almanac is connected' }).waitFor();
        await look('connected');
        await page.goto(connectLink(place, { client_id: 'unlisted-web' }));
        await page.getByText('I run this app').click();
        await look('not-listed');
        await context.close();
      });
    }
  }

  it('R-126 keeps a name that is one long word inside the narrowest page', async () => {
    const context = await browser.newContext({ viewport: { width: 320, height: 820 } });
    const page = await context.newPage();
    const seen = watch(page, [place.url]);
    await page.goto(connectLink(place, { client_id: 'shop-web' }));
    const stylesheet = await page.locator('link[rel=stylesheet]').getAttribute('href');
    const frame = { host: 'id.shop.example', stylesheet: stylesheet ?? '', icon: 'data:,' };
    for (const [name, body] of Object.entries(pagesWithLongNames(frame))) {
      await page.route(`${place.url}/long-${name}`, (route) => route.fulfill({ contentType: 'text/html', body }));
      await page.goto(`${place.url}/long-${name}`);
      await inspect(page, seen, `long-${name}`);
    }
    await context.close();
  });

  it('works without JavaScript and by keyboard', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(connectLink(place, { client_id: 'shop-web', return_to: `${origin}/chat` }, 'tasks'));
    await signInHere(page);
    await page.getByRole('button', { name: 'Connect' }).focus();
    await page.keyboard.press('Enter');
    await signInThere(page, ADA_THERE);
    await page.getByRole('button', { name: 'Connect' }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(`${origin}/chat?connected=tasks`);
    await context.close();
  });
});

/** Pages on which others chose the names. */
function pagesWithLongNames(frame: Frame): Record<string, string> {
  const long = 'Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft';
  const person = { name: long, email: `${long}@${long}.example` };
  const app = { name: long, clientId: long, runBy: long, checked: false, returnTo: `https://${'far.'.repeat(14)}example/back` };
  const asked = { action: '/', fields: {}, person, service: long, app, scopes: [long], proxied: false };
  const accounts = [{ id: 'cac_1', name: person.email, kind: 'again', beyond: [long] }] as const;
  return {
    connect: connectPage(frame, { ...asked, accounts, switchAccount: '/' }),
    both: bothAccountsPage(frame, { ...asked, account: person, beyond: [long], missing: [long], others: [long], lost: [long] }),
    end: connectEndPage(frame, { kind: 'denied', service: long, app: long, account: person.email, person, back: '/' }),
    link: confirmLinkPage(frame, { action: '/', csrf: '', key: '', person, name: long, account: person.email, subject: long }),
  };
}

async function inspect(page: Page, seen: Watch, name: string): Promise<void> {
  assert.deepEqual(await accessibilityFindings(page), [], name);
  assert.deepEqual(seen.problems, [], name);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth), false, `${name} scrolls sideways`);
  if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}

async function signInHere(page: Page): Promise<void> {
  await page.getByLabel('E-mail').fill(ADA.email);
  await page.getByLabel('Password').fill(ADA.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

async function connectAs(page: Page, person: typeof ADA_THERE): Promise<void> {
  const another = page.getByLabel('Another account at Almanac');
  if (await another.count()) await another.check();
  await page.getByRole('button', { name: 'Connect' }).click();
  await signInThere(page, person);
}

async function signInThere(page: Page, { email, password }: typeof ADA_THERE): Promise<void> {
  const both = page.getByRole('heading', { name: 'Are both of these you?' });
  await page.waitForURL(
    ({ origin, pathname }) => origin !== '' && !pathname.startsWith('/connect/calendar') && !pathname.startsWith('/connect/tasks'),
  );
  if (await page.locator('input[type=password]').count()) {
    await page.locator('input[type=email]').fill(email);
    await page.locator('input[type=password]').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
  }
  await page.getByRole('button', { name: 'Allow', exact: true }).click();
  await both.waitFor();
}
