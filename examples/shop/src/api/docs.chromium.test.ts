/** The docs page in a real browser, with the real issuer. SAFECONDUCT_TEST_PICTURES names a directory to keep pictures in. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createIssuer } from '@safeconduct/issuer';
import { accessibilityFindings, chromiumSkipped, launchChromium, type Watch, watch } from '@safeconduct/test-support/chromium';
import { freePort } from '@safeconduct/test-support/ports';
import { quickStorage } from '@safeconduct/test-support/postgres';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { demoPeople } from '../demo-people.ts';
import { issuerConfiguration } from '../issuer-configuration.ts';
import { startTestShop, type TestShop } from '../testing/shops.ts';

const pictures = process.env.SAFECONDUCT_TEST_PICTURES;

describe('the API docs in Chromium', { skip: chromiumSkipped }, () => {
  const opened = new AsyncDisposableStack();
  let shop: TestShop;
  let issuerUrl: string;
  let browser: Browser;

  before(async () => {
    const directory = mkdtempSync(join(tmpdir(), 'shop-issuer-'));
    opened.defer(() => rmSync(directory, { recursive: true, force: true }));
    const [port, issuerPort] = [await freePort(), await freePort()];
    issuerUrl = `http://localhost:${issuerPort}`;
    const storage = await quickStorage();
    opened.defer(() => storage.drop());
    const issuer = await createIssuer({
      ...storage.settings,
      issuer: issuerUrl,
      port: issuerPort,
      dataDirectory: directory,
      configuration: issuerConfiguration({ url: `http://localhost:${port}`, clientId: 'shop-web', calendarUrl: 'http://127.0.0.1:9' }),
      logLevel: 'silent',
    });
    opened.defer(() => issuer.close(500));
    await issuer.listen();
    shop = await startTestShop({ issuer: issuerUrl, port });
    opened.defer(() => shop.close());
    browser = await launchChromium();
    opened.defer(() => browser.close());
  });
  after(() => opened.disposeAsync());

  /** A browser of its own, whose every window is watched. */
  async function openDocs() {
    const context = await browser.newContext();
    context.setDefaultTimeout(15_000);
    const watched: Watch[] = [];
    context.on('page', (page) => watched.push(watch(page, [shop.url, issuerUrl])));
    const page = await context.newPage();
    await page.goto(`${shop.url}/docs`);
    await page.waitForSelector('.opblock');
    return { context, page, problems: () => watched.flatMap(({ problems }) => problems) };
  }

  const popupOf = async (context: BrowserContext, action: () => Promise<void>): Promise<Page> => {
    const [popup] = await Promise.all([context.waitForEvent('page'), action()]);
    await popup.waitForLoadState();
    return popup;
  };

  async function signIn(popup: Page, email: string): Promise<void> {
    const [name = '', password = ''] = demoPeople
      .filter((person) => person.email === email)
      .flatMap((person) => [person.email, person.password]);
    await popup.fill('input[type="password"]', password);
    await popup.fill('input[autocomplete^="username"]', name);
    await popup.click('button.primary');
    const closed = popup.waitForEvent('close');
    await popup.click('button[value="allow"]');
    await closed;
  }

  async function execute(page: Page, path: string, values: Readonly<Record<string, string>> = {}): Promise<string> {
    await page.click(`.opblock-summary-path[data-path="${path}"]`);
    for (const [name, value] of Object.entries(values)) await page.fill(`tr[data-param-name="${name}"] input`, value);
    await page.click('.opblock.is-open .execute');
    const status = page.locator('.opblock.is-open .live-responses-table tbody .response-col_status');
    await status.waitFor();
    return status.innerText();
  }

  it('S3.6 Authorize, login, consent, Execute, 200: light and dark, narrow and wide, nobody else asked, usable by everybody', async () => {
    const { context, page, problems } = await openDocs();
    await inspect(page, 'docs-signed-out');
    assert.match(await page.innerText('#who'), /Sign in to try calls from this page/);
    const popup = await popupOf(context, () => page.getByRole('button', { name: 'Authorize', exact: true }).click());
    assert.equal(new URL(popup.url()).origin, issuerUrl);
    await inspect(page, 'docs-waiting');
    await signIn(popup, 'ada@shop.example');
    await page.waitForSelector('.bearer');
    assert.match(await page.innerText('#who'), /Calls run as Ada Brandt[\s\S]*orders:read orders:write profile:read[\s\S]*minutes left/);
    assert.equal(await execute(page, '/orders/{number}', { number: '1001' }), '200');
    assert.match(await page.innerText('.live-responses-table'), /"customer": "Ada Brandt"/);
    await inspect(page, 'docs-signed-in');
    assert.deepEqual(problems(), []);
    await context.close();
  });

  it('S3.6 asks with PKCE, an unguessable state and no secret, and sends the code with its verifier to the token endpoint alone', async () => {
    const { context, page } = await openDocs();
    const seen: { authorize?: URL; token?: URLSearchParams } = {};
    context.on('request', (request) => {
      const url = new URL(request.url());
      if (url.pathname.endsWith('/authorize') && url.searchParams.has('state')) seen.authorize = url;
      if (url.pathname.endsWith('/token')) seen.token = new URLSearchParams(request.postData() ?? '');
    });
    await signIn(await popupOf(context, () => page.click('button.authorize')), 'ben@shop.example');
    await page.waitForSelector('.bearer');
    const asked = Object.fromEntries(seen.authorize?.searchParams ?? []);
    assert.deepEqual(
      [asked.client_id, asked.redirect_uri, asked.resource, asked.code_challenge_method, asked.scope],
      ['shop-docs', `${shop.url}/docs/oauth2-redirect`, `${shop.url}/api`, 'S256', 'openid profile orders:read orders:write profile:read'],
    );
    assert.match(asked.state ?? '', /^[\w-]{43}$/);
    assert.match(asked.code_challenge ?? '', /^[\w-]{43}$/);
    assert.deepEqual([...(seen.token?.keys() ?? [])].toSorted(), [
      'client_id',
      'code',
      'code_verifier',
      'grant_type',
      'redirect_uri',
      'resource',
    ]);
    await context.close();
  });

  it('S3.6 has no field for a client secret, nor one for the client id: there is nothing to type', async () => {
    const { context, page } = await openDocs();
    await page.click('text=Choose scopes');
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    assert.equal(await dialog.locator('input:not([type="checkbox"])').count(), 0);
    assert.doesNotMatch((await dialog.textContent()) ?? '', /secret/i);
    assert.equal(await dialog.locator('input:checked').count(), 3);
    assert.deepEqual(await accessibilityFindings(page), []);
    await dialog.locator('summary').click();
    assert.match(
      await dialog.innerText(),
      new RegExp(`shop-docs[\\s\\S]*Register exactly ${shop.url}/docs/oauth2-redirect in redirectUris`),
    );
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    await context.close();
  });

  it('runs calls with the scopes that were left, says what is missing, and forgets the person when they sign out', async () => {
    const { context, page } = await openDocs();
    assert.equal(await execute(page, '/me'), '401');
    await page.click('text=Choose scopes');
    await page.getByRole('dialog').getByText('See your customer profile').click();
    await signIn(
      await popupOf(context, () => page.getByRole('dialog').getByRole('button', { name: 'Authorize' }).click()),
      'eve@shop.example',
    );
    await page.waitForSelector('.bearer');
    await page.click('.opblock.is-open .btn-clear');
    await page.click('.opblock.is-open .execute');
    await page.getByText('insufficient_scope').first().waitFor();
    assert.match(await page.innerText('.opblock.is-open .live-responses-table'), /403/);
    assert.match(await page.innerText('.opblock.is-open .curl'), /Bearer YOUR_TOKEN/);
    await page.click('text=Sign out');
    await page.click('.opblock.is-open .btn-clear');
    await page.click('.opblock.is-open .execute');
    await page.locator('.live-responses-table tbody .response-col_status', { hasText: '401' }).waitFor();
    await context.close();
  });

  it('keeps the token in the memory of the page: nothing is stored, and a reload forgets it', async () => {
    const { context, page } = await openDocs();
    await signIn(await popupOf(context, () => page.click('button.authorize')), 'ada@shop.example');
    await page.waitForSelector('.bearer');
    assert.equal(await page.evaluate(() => localStorage.length + sessionStorage.length + document.cookie.length), 0);
    assert.doesNotMatch(await page.content(), /eyJ/);
    await page.reload();
    await page.getByRole('button', { name: 'Authorize', exact: true }).waitFor();
    await context.close();
  });

  it('says exactly which redirect URI to register while a provider refuses it', async () => {
    const { context, page } = await openDocs();
    await page.route('**/docs', async (route) => {
      const response = await route.fetch();
      const body = (await response.text()).replace('"redirectPath":"/docs/oauth2-redirect"', '"redirectPath":"/docs/other"');
      await route.fulfill({ response, body });
    });
    await page.reload();
    const popup = await popupOf(context, () => page.click('button.authorize'));
    assert.match(await popup.innerText('main'), /return address that it hasn’t registered/);
    assert.match(
      await page.innerText('#who'),
      new RegExp(`return address \\(redirect URI\\)\\? Register exactly ${shop.url}/docs/other in redirectUris`),
    );
    await page.click('text=Cancel');
    await page.getByRole('button', { name: 'Authorize', exact: true }).waitFor();
    await context.close();
  });

  it('takes no answer that belongs to another sign-in, and sends a lost one back to the docs', async () => {
    const { context, page } = await openDocs();
    const popup = await popupOf(context, () => page.click('button.authorize'));
    const stray = await context.newPage();
    await stray.goto(`${shop.url}/docs/oauth2-redirect?code=stolen&state=guessed&iss=${encodeURIComponent(issuerUrl)}`);
    assert.doesNotMatch(stray.url(), /code=/);
    await stray.getByText('No page of these API docs waits for this sign-in').waitFor();
    assert.match(await page.innerText('#who'), /Waiting for the window/);
    await signIn(popup, 'ada@shop.example');
    await page.waitForSelector('.bearer');
    await context.close();
  });

  it('runs calls as nobody when signing in anew is given up, as the page says', async () => {
    const { context, page } = await openDocs();
    await signIn(await popupOf(context, () => page.click('button.authorize')), 'ada@shop.example');
    await page.waitForSelector('.bearer');
    assert.equal(await execute(page, '/me'), '200');
    await page.locator('.opblock.is-open .authorization__btn').click();
    await popupOf(context, () => page.getByRole('button', { name: 'Authorize again' }).click());
    await page.click('#who >> text=Cancel');
    await page.getByRole('button', { name: 'Authorize', exact: true }).waitFor();
    await page.click('.opblock.is-open .btn-clear');
    await page.click('.opblock.is-open .execute');
    await page.locator('.live-responses-table tbody .response-col_status', { hasText: '401' }).waitFor();
    await context.close();
  });

  it('tells a person who refuses that nothing happened', async () => {
    const { context, page } = await openDocs();
    const popup = await popupOf(context, () => page.click('button.authorize'));
    await popup.fill('input[type="password"]', demoPeople[0]?.password ?? '');
    await popup.fill('input[autocomplete^="username"]', demoPeople[0]?.email ?? '');
    await popup.click('button.primary');
    await popup.click('button[value="deny"]');
    await page.getByRole('alert').waitFor();
    assert.match(await page.innerText('#who'), /That sign-in did not work[\s\S]*refused or cancelled/);
    await context.close();
  });
});

/** Looks at one state of the page in light and dark, on a phone and on a desk. */
async function inspect(page: Page, state: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    // Without motion, so that no colour is looked at on its way.
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const width of [390, 1280]) {
      const name = `${state}-${colorScheme}-${width}`;
      await page.setViewportSize({ width, height: 860 });
      assert.deepEqual(await accessibilityFindings(page), [], name);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name} scrolls sideways`);
      if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
    }
  }
}
