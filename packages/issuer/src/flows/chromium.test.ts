/** The pages in a real browser. SAFECONDUCT_TEST_PICTURES names a directory to keep a picture of each page in. */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { accessibilityFindings, chromiumSkipped, launchChromium, type Watch, watch } from '@safeconduct/test-support/chromium';
import type { Browser, Page } from 'playwright-core';
import { ADA, API, authorizeUrl, startIssuer, type TestIssuer } from './harness.test.ts';

const pictures = process.env.SAFECONDUCT_TEST_PICTURES;

describe('the pages in Chromium', { skip: chromiumSkipped }, () => {
  let issuer: TestIssuer;
  let browser: Browser;
  let app: Application;
  before(async () => {
    [issuer, browser, app] = await Promise.all([startIssuer('pglite'), launchChromium(), startApplication()]);
  });
  after(async () => {
    await browser.close();
    await app.close();
    await issuer.stop();
  });
  const authorize = (client: string, more: Record<string, string> = {}) =>
    authorizeUrl(issuer.url, client, { redirect_uri: app.callback, ...more }).url.href;

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [390, 1280]) {
      it(`can be used by everybody, ask nobody else, and fit, at ${width} px in ${colorScheme}`, async () => {
        const context = await browser.newContext({ colorScheme, viewport: { width, height: 820 } });
        const page = await context.newPage();
        const seen = watch(page, [issuer.url, app.origin]);
        const look = (name: string) => inspect(page, seen, `${name}-${colorScheme}-${width}`);
        await signInWithAMistake(page, authorize('other-cli', { prompt: 'consent' }), look);
        await look('consent');
        await page.getByRole('button', { name: 'Allow' }).click();
        await page.waitForURL(/\/callback\?code=/);
        await connectDevice(page, issuer.url, look);
        await page.goto(authorize('shop-cli', { redirect_uri: 'https://evil.example/' }));
        await page.getByText('I run this app').click();
        await look('error');
        await signOut(page, issuer.url, look);
        await context.close();
      });
    }
  }

  it('let a person sign in by keyboard alone', async () => {
    const page = await browser.newPage();
    await page.goto(authorize('shop-cli'));
    for (const keys of [ADA.email, ADA.password]) {
      await page.keyboard.press('Tab');
      await page.keyboard.type(keys);
    }
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Sign in');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/callback\?code=/);
    await page.close();
  });

  it('work without JavaScript', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(authorize('other-cli'));
    await fillIn(page, ADA.password);
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.waitForURL(/\/callback\?code=/);
    await context.close();
  });

  it('R-006 R-008 send the answer by form_post under their own policy', async () => {
    const page = await browser.newPage();
    const seen = watch(page, [issuer.url, app.origin]);
    const posted = app.nextPost();
    await page.goto(authorize('shop-cli', { response_mode: 'form_post' }));
    await fillIn(page, ADA.password);
    assert.match(await posted, /^code=[\w-]+&state=here&iss=/);
    assert.deepEqual(seen.problems, []);
    await page.close();
  });

  it('R-008 cannot be framed', async () => {
    const page = await browser.newPage();
    await page.goto(app.origin);
    await page.setContent(`<iframe src="${issuer.url}/device"></iframe>`);
    await page.waitForLoadState('networkidle');
    const framed = page.frames()[1];
    assert.equal(await framed?.getByText('Connect a device').count(), 0);
    await page.close();
  });
});

type Look = (name: string) => Promise<void>;

async function inspect(page: Page, seen: Watch, name: string): Promise<void> {
  assert.deepEqual(await accessibilityFindings(page), [], name);
  assert.deepEqual(seen.problems, [], name);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth), false, `${name} scrolls sideways`);
  if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}

async function fillIn(page: Page, password: string): Promise<void> {
  await page.getByLabel('E-mail').fill(ADA.email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

async function signInWithAMistake(page: Page, address: string, look: Look): Promise<void> {
  await page.goto(address);
  await look('login');
  await fillIn(page, 'wrong password here');
  await page.getByRole('alert').waitFor();
  await look('login-wrong');
  await fillIn(page, ADA.password);
  await page.getByRole('heading', { name: /asks to act as you/ }).waitFor();
}

async function connectDevice(page: Page, issuer: string, look: Look): Promise<void> {
  const body = new URLSearchParams({ client_id: 'shop-cli', scope: 'openid orders:read offline_access', resource: API });
  const { user_code } = (await (await fetch(`${issuer}/oauth2/device_authorization`, { method: 'POST', body })).json()) as {
    user_code: string;
  };
  await page.goto(`${issuer}/device`);
  await look('device');
  await page.getByLabel('Code').fill('BBBB-BBBB');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('alert').waitFor();
  await look('device-wrong');
  await page.getByLabel('Code').fill(user_code);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('heading', { name: 'Is this your device?' }).waitFor();
  await look('device-confirm');
  await page.getByRole('button', { name: 'Yes, it’s mine' }).click();
  await page.getByRole('heading', { name: 'Your device is connected' }).waitFor();
  await look('device-done');
}

async function signOut(page: Page, issuer: string, look: Look): Promise<void> {
  await page.goto(`${issuer}/oauth2/logout?client_id=other-cli`);
  await look('sign-out');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
  await look('signed-out');
}

interface Application {
  readonly origin: string;
  readonly callback: string;
  /** Body of the next form that the callback gets. */
  nextPost(): Promise<string>;
  close(): Promise<unknown>;
}

/** Stands in for an application on loopback. */
async function startApplication(): Promise<Application> {
  const waiting: ((body: string) => void)[] = [];
  const server = createServer(async (request, response) => {
    if (request.method === 'POST') waiting.shift()?.(await textOf(request));
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end('<!doctype html><html lang="en"><title>Back</title><link rel="icon" href="data:,"><h1>Back</h1>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('the application has no port');
  const origin = `http://127.0.0.1:${address.port}`;
  return {
    origin,
    callback: `${origin}/callback`,
    nextPost: () => new Promise((resolve) => waiting.push(resolve)),
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
