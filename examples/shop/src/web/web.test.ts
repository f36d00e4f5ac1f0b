import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createIssuer, type Issuer } from '@safeconduct/issuer';
import { accessibilityFindings, chromiumSkipped, launchChromium, type Watch, watch } from '@safeconduct/test-support/chromium';
import { freePort } from '@safeconduct/test-support/ports';
import { createDatabase, postgresSkipped, quickStorage } from '@safeconduct/test-support/postgres';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { demoPeople } from '../demo-people.ts';
import { issuerConfiguration } from '../issuer-configuration.ts';
import { startTestShop, type TestShop } from '../testing/shops.ts';

const engines = [
  { name: 'PGlite', skip: chromiumSkipped, database: async () => undefined },
  { name: 'one PostgreSQL for issuer and shop', skip: chromiumSkipped || postgresSkipped, database: createDatabase },
];

for (const { name, skip, database } of engines) {
  describe(`the web chat on ${name}`, { skip }, () => {
    const opened = new AsyncDisposableStack();
    let issuer: Issuer;
    let shop: TestShop;
    let browser: Browser;
    let context: BrowserContext;
    let page: Page;
    let watched: Watch;

    before(async () => {
      const server = await database();
      opened.defer(async () => server?.drop());
      const directory = mkdtempSync(join(tmpdir(), 'shop-issuer-'));
      opened.defer(() => rmSync(directory, { recursive: true, force: true }));
      const port = await freePort();
      const issuerPort = await freePort();
      const databaseUrl = server === undefined ? {} : { databaseUrl: server.url };
      issuer = await createIssuer({
        issuer: `http://localhost:${issuerPort}`,
        port: issuerPort,
        dataDirectory: directory,
        configuration: issuerConfiguration({ url: `http://localhost:${port}`, clientId: 'shop-web', calendarUrl: 'http://127.0.0.1:9' }),
        logLevel: 'silent',
        ...databaseUrl,
      });
      opened.defer(() => issuer.close(500));
      await issuer.listen();
      shop = await startTestShop({ issuer: issuer.url, port, pause: 25, ...databaseUrl });
      opened.defer(() => shop.close());
      browser = await launchChromium();
      opened.defer(() => browser.close());
      context = await browser.newContext({ javaScriptEnabled: true });
      page = await context.newPage();
      page.setDefaultTimeout(15_000);
      watched = watch(page, [shop.url, issuer.url]);
    });
    after(() => opened.disposeAsync());

    const signIn = async (email: string) => {
      await page.goto(shop.url);
      await page.click('a.button.primary');
      await page.fill('input[type="password"]', demoPeople.find((person) => person.email === email)?.password ?? '');
      await page.fill('input[autocomplete^="username"]', email);
      await page.click('button.primary');
      await page.click('button[value="allow"]');
      await page.waitForURL(`${shop.url}/`);
    };
    const ask = async (words: string) => {
      await page.fill('#say', words);
      await page.keyboard.press('Enter');
      await page.waitForSelector(`.said:last-of-type:has-text("${words}")`);
      await page.waitForSelector('footer.composer');
    };
    const lastCard = () => page.locator('.call').last().innerText();

    it('S0.14 comes up together with the issuer, asks a stranger to sign in, and has no place to write', async () => {
      await page.goto(shop.url);
      assert.match(await page.innerText('h1'), /Ask about your orders/);
      assert.equal(await page.isDisabled('#say'), true);
      assert.match(await page.innerText('.composer'), /Scripted stand-in, no language model/);
    });

    it('signs in through the issuer and shows whose identity is in use', async () => {
      await signIn('ada@shop.example');
      assert.match(await page.innerText('.topbar'), /Acting as Ada Brandt/);
    });

    it('S0.12 shows the person’s own orders on a card that says who it ran as', async () => {
      await ask('show my orders');
      assert.match(await lastCard(), /my_orders[\s\S]*ran as Ada Brandt[\s\S]*6 rows[\s\S]*1001/);
      await ask('show order 1002');
      assert.match(await lastCard(), /order_status[\s\S]*0 rows[\s\S]*No order 1002 is visible to Ada Brandt/);
    });

    it('streams: first the words that were said, then the answer as it comes, last the place to write', async () => {
      await page.fill('#say', 'help');
      await page.keyboard.press('Enter');
      await page.waitForSelector('#now:has-text("help") + .answer[data-open] > p:not(:empty)');
      const early = await page.innerText('.answer[data-open]');
      assert.equal(await page.locator('footer.composer').count(), 0, 'the composer came before the answer was over');
      await page.waitForSelector('footer.composer');
      assert.ok((await page.innerText('.answer[data-open]')).length > early.length);
    });

    it('keeps people signed in and forgets no order when the shop starts again', async () => {
      await shop.restart();
      await page.goto(shop.url);
      assert.match(await page.innerText('.topbar'), /Ada Brandt/);
      await ask('show my orders');
      assert.match(await lastCard(), /6 rows/);
    });

    it('signs out here and at the issuer, which then asks for the password again', async () => {
      await page.click('text=Sign out');
      await page.waitForURL(`${shop.url}/`);
      assert.match(await page.innerText('.topbar'), /Not signed in/);
      await page.click('a.button.primary');
      assert.equal(await page.locator('input[type="password"]').count(), 1);
    });

    it('shows the next person nothing of the one before', async () => {
      await signIn('ben@shop.example');
      assert.equal(await page.locator('.said').count(), 0);
      await ask('show my orders');
      assert.match(await lastCard(), /Ben Okafor[\s\S]*5 rows/);
      assert.doesNotMatch(await page.innerText('main'), /Ada|1001/);
    });

    it('lets an employee see a customer’s order, and not cancel it', async () => {
      await page.click('text=Sign out');
      await page.waitForURL(`${shop.url}/`);
      await signIn('eve@shop.example');
      await ask('show order 1002');
      assert.match(await lastCard(), /ran as Eve Lindqvist[\s\S]*1 row[\s\S]*Ben Okafor/);
      await ask('cancel order 1299');
      assert.match(await lastCard(), /0 rows[\s\S]*has no order 1299 to cancel/);
    });

    it('has ended the session here when the person signs out at the issuer', async () => {
      const metadata = (await (await fetch(`${issuer.url}/.well-known/openid-configuration`)).json()) as { end_session_endpoint: string };
      const other = await context.newPage();
      await other.goto(metadata.end_session_endpoint);
      await other.click('button.primary');
      await other.waitForLoadState();
      await other.close();
      // The issuer tells the shop in the background: ask until it has.
      for (const deadline = Date.now() + 10_000; Date.now() < deadline; ) {
        await page.goto(shop.url);
        if (!(await page.innerText('.topbar')).includes('Acting as')) break;
      }
      assert.match(await page.innerText('.topbar'), /Not signed in/);
    });

    it('made no request to anybody else, and broke no policy of its own', () => {
      assert.deepEqual(watched.problems, []);
    });
  });
}

describe('the pages of the web chat', { skip: chromiumSkipped }, () => {
  const opened = new AsyncDisposableStack();
  let shop: TestShop;
  let browser: Browser;
  let cookies: Awaited<ReturnType<BrowserContext['cookies']>>;

  before(async () => {
    const directory = mkdtempSync(join(tmpdir(), 'shop-issuer-'));
    opened.defer(() => rmSync(directory, { recursive: true, force: true }));
    const port = await freePort();
    const issuerPort = await freePort();
    const storage = await quickStorage();
    opened.defer(() => storage.drop());
    const issuer = await createIssuer({
      ...storage.settings,
      issuer: `http://localhost:${issuerPort}`,
      port: issuerPort,
      dataDirectory: directory,
      configuration: issuerConfiguration({ url: `http://localhost:${port}`, clientId: 'shop-web', calendarUrl: 'http://127.0.0.1:9' }),
      logLevel: 'silent',
    });
    opened.defer(() => issuer.close(500));
    await issuer.listen();
    shop = await startTestShop({ issuer: issuer.url, port });
    opened.defer(() => shop.close());
    browser = await launchChromium();
    opened.defer(() => browser.close());
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(`${shop.url}/auth/login`);
    await page.fill('input[autocomplete^="username"]', 'ada@shop.example');
    await page.fill('input[type="password"]', 'demo-harbour-lantern');
    await page.click('button.primary');
    await page.click('button[value="allow"]');
    for (const words of ['show my orders', 'show order 1002', 'find mugs', 'who am I?']) {
      await page.fill('#say', words);
      await page.click('text=Send');
      await page.waitForSelector('footer.composer');
    }
    cookies = await context.cookies(shop.url);
    await context.close();
  });
  after(() => opened.disposeAsync());

  const cookieHeader = () => cookies.map((cookie) => `${cookie.name}=${cookie.value}`).join('; ');

  it('worked without JavaScript', async () => {
    const html = await (await fetch(shop.url, { headers: { cookie: cookieHeader() } })).text();
    assert.equal(html.match(/class="call"/g)?.length, 4);
    assert.doesNotMatch(html, /<script/);
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [390, 1280]) {
      it(`axe finds nothing on the chat and the first page, ${colorScheme}, ${width} px, and nothing is wider than the screen`, async () => {
        const context = await browser.newContext({ colorScheme, viewport: { width, height: 844 } });
        const page = await context.newPage();
        await page.goto(shop.url);
        assert.deepEqual(await accessibilityFindings(page), []);
        await context.addCookies(cookies);
        await page.goto(shop.url);
        for (const summary of await page.locator('summary').all()) await summary.click();
        assert.deepEqual(await accessibilityFindings(page), []);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false);
        await context.close();
      });
    }
  }

  it('R-008 R-077 sends its policy, no frame, no referrer and no cache with every page', async () => {
    const wanted = {
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
    };
    for (const path of ['/', '/nothing', '/auth/callback?state=unknown&code=x', '/auth/login', '/chat']) {
      const { headers } = await fetch(shop.url + path, { redirect: 'manual', headers: { cookie: cookieHeader() } });
      for (const [header, value] of Object.entries(wanted)) assert.equal(headers.get(header), value, `${path}: ${header}`);
      assert.match(
        headers.get('content-security-policy') ?? '',
        /^default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self' http:\/\/localhost:\d+; frame-ancestors 'none'/,
      );
      assert.match(headers.get('cache-control') ?? '', /no-store/, path);
    }
  });

  it('R-077 keeps in the browser an opaque cookie that no script reads, and no token', () => {
    const session = cookies.find((cookie) => cookie.name === 'shop-session');
    assert.deepEqual([session?.httpOnly, session?.sameSite], [true, 'Lax']);
    assert.match(session?.value ?? '', /^[A-Za-z0-9_-]{43}$/);
  });

  const send = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
    fetch(`${shop.url}/chat`, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie: cookieHeader(), ...headers },
      body: new URLSearchParams(fields),
    });
  const csrf = async () =>
    /name="csrf" value="([^"]+)"/.exec(await (await fetch(shop.url, { headers: { cookie: cookieHeader() } })).text())?.[1] ?? '';

  it('takes no message from another site, nor without the form’s token', async () => {
    assert.equal((await send({ say: 'cancel order 1296' })).status, 403);
    assert.equal((await send({ say: 'cancel order 1296', csrf: 'x'.repeat(43) })).status, 403);
    assert.equal((await send({ say: 'cancel order 1296', csrf: await csrf() }, { 'sec-fetch-site': 'cross-site' })).status, 403);
    assert.match(await (await send({ say: 'show order 1296', csrf: await csrf() })).text(), /Order 1296 is placed/);
  });

  it('signs nobody out for another site', async () => {
    const answer = await fetch(`${shop.url}/auth/sign-out`, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie: cookieHeader(), origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' },
    });
    assert.equal(answer.status, 403);
    assert.match(await (await fetch(shop.url, { headers: { cookie: cookieHeader() } })).text(), /Ada Brandt/);
  });

  it('says what was wrong with a message that was not sent, and keeps it', async () => {
    assert.match(await (await send({ say: '  ', csrf: await csrf() })).text(), /There was nothing to send/);
    const long = await send({ say: 'ä'.repeat(2001), csrf: await csrf() });
    assert.equal(long.status, 400);
    assert.match(await long.text(), /A message may have 2000 characters[\s\S]*value="ää/);
  });

  it('writes what people say as text, never as markup', async () => {
    const html = await (await send({ say: '<img src=x onerror=alert(1)> "quoted" order 1002', csrf: await csrf() })).text();
    assert.ok(html.includes('&lt;img src=x onerror=alert(1)&gt;'));
    assert.doesNotMatch(html, /<img/);
  });

  it('tells somebody whose sign-in failed what happened and what to do next', async () => {
    const answer = await fetch(`${shop.url}/auth/callback?error=access_denied&state=unknown`);
    const html = await answer.text();
    assert.equal(answer.status, 400);
    assert.match(html, /was not begun here, has expired, or was used before[\s\S]*Sign in again[\s\S]*Reference/);
  });
});
