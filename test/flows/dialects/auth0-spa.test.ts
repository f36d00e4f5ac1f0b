/** A page in the browser with @auth0/auth0-spa-js, as its quickstart has it: sign-in, silent renewal both ways, sign-out. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Auth0Client, Auth0ClientOptions, ConnectAccountRedirectResult, GetTokenSilentlyVerboseResponse } from '@auth0/auth0-spa-js';
import { chromiumSkipped, launchChromium } from '@safeconduct/test-support/chromium';
import { freePort } from '@safeconduct/test-support/ports';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { type Auth0World, decoded, startAuth0World } from './auth0.fixtures.test.ts';
import { ADA, API, type World } from './world.fixtures.test.ts';

const SCRIPT = readFileSync(
  createRequire(import.meta.url)
    .resolve('@auth0/auth0-spa-js')
    .replace(/dist\/.*$/, 'dist/auth0-spa-js.production.js'),
);

/** The application's server, with the certificate of the issuer's local authority. */
async function servePage({ ca }: World, port: number): Promise<Server> {
  const folder = dirname(ca);
  const pem = readFileSync(join(folder, readdirSync(folder).find((name) => name.startsWith('server-')) ?? ''));
  const server = createServer({ key: pem, cert: pem }, (request, response) => {
    const script = request.url === '/auth0-spa-js.js';
    response.writeHead(200, { 'content-type': script ? 'text/javascript' : 'text/html' });
    response.end(script ? SCRIPT : '<!doctype html><title>A page</title><script src="/auth0-spa-js.js"></script>');
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');
  return server;
}

/** What the page has beside its own globals. */
interface PageGlobals {
  readonly auth0: { createAuth0Client(options: Auth0ClientOptions): Promise<Auth0Client> };
  client: Auth0Client;
}

describe('auth0-spa-js', { skip: chromiumSkipped, timeout: 120_000 }, () => {
  let world: Auth0World;
  let app = '';
  let server: Server;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  before(async () => {
    // Of one site with the issuer, as an application and its Auth0 tenant behind a domain of its own are: in a private window
    // browsers keep the cookies of others from a frame.
    const port = await freePort();
    app = `https://localhost:${port}/`;
    world = await startAuth0World((base) => ({
      ...base,
      connections: (base.connections ?? []).map((one) => ({ ...one, publicClients: true, applications: { page: true } })),
      projects: (base.projects ?? []).map((project) => ({
        ...project,
        applications: [
          {
            id: 'page',
            name: 'A page',
            kind: 'spa',
            firstParty: true,
            redirectUris: [app],
            postLogoutRedirectUris: [app],
            dialects: ['auth0'],
            resources: [API],
            scopes: ['openid', 'profile', 'email', 'offline_access', 'orders:read'],
          },
        ],
      })),
    }));
    server = await servePage(world, port);
    browser = await launchChromium();
    // What the command prints about trusting the local authority, done for this browser.
    context = await browser.newContext({ ignoreHTTPSErrors: true });
    page = await context.newPage();
    page.setDefaultTimeout(15_000);
  });
  after(async () => {
    await browser?.close();
    server?.closeAllConnections();
    server?.close();
    await world?.stop();
  });

  /** Makes the client anew, as every load of the page does. */
  async function load(more: Partial<Auth0ClientOptions> = {}): Promise<void> {
    const options: Auth0ClientOptions = {
      domain: new URL(world.at('auth0')).host,
      clientId: 'page',
      authorizationParams: { redirect_uri: app, audience: API, scope: 'openid profile email orders:read' },
      ...more,
    };
    await page.evaluate(async (given) => {
      const globals = globalThis as unknown as PageGlobals;
      globals.client = await globals.auth0.createAuth0Client(given);
    }, options);
  }

  async function fillIn(window: Page): Promise<void> {
    await window.getByLabel('E-mail').fill(ADA.email);
    await window.getByLabel('Password').fill(ADA.password);
    await window.getByRole('button', { name: 'Sign in', exact: true }).click();
  }

  async function signIn(more: Partial<Auth0ClientOptions> = {}): Promise<void> {
    await page.goto(app);
    await load(more);
    await page.evaluate(() => void (globalThis as unknown as PageGlobals).client.loginWithRedirect());
    await page.waitForURL((url) => url.href.startsWith(world.at('auth0')) || url.searchParams.has('code'));
    if (page.url().startsWith(world.at('auth0'))) await fillIn(page);
    await page.waitForURL((url) => url.searchParams.has('code'));
    await load(more);
    await page.evaluate(() => (globalThis as unknown as PageGlobals).client.handleRedirectCallback());
  }

  const user = () => page.evaluate(async () => (globalThis as unknown as PageGlobals).client.getUser());

  /** Past the cache. */
  const renewed = (): Promise<GetTokenSilentlyVerboseResponse | undefined> =>
    page.evaluate(async () =>
      (globalThis as unknown as PageGlobals).client.getTokenSilently({ cacheMode: 'off', detailedResponse: true, timeoutInSeconds: 10 }),
    );

  const problem = () =>
    page.evaluate(async () => {
      const { client } = globalThis as unknown as PageGlobals;
      return client.getTokenSilently({ cacheMode: 'off', timeoutInSeconds: 10 }).then(
        () => 'none',
        (error: { error?: string; message: string }) => error.error ?? error.message,
      );
    });

  it('says that nobody is signed in, without a page', async () => {
    await page.goto(app);
    await load();
    assert.equal(await problem(), 'login_required');
  });

  it('signs in by a redirect, and renews the token in a frame that only this page may show', async () => {
    await signIn();
    assert.equal((await user())?.sub, `auth0|${ADA.id}`);
    assert.equal((await user())?.nickname, 'ada');
    const answers: string[] = [];
    page.on('response', (response) => {
      if (response.url().includes('response_mode=web_message')) answers.push(response.headers()['content-security-policy'] ?? '');
    });
    // The page forgot everything with its load: what is left is the session at the issuer.
    await page.goto(app);
    await load();
    const first = await renewed();
    assert.deepEqual([decoded(first?.access_token).payload.aud].flat()[0], API);
    assert.equal((await user())?.email, ADA.email);
    assert.ok(answers.length > 0);
    for (const policy of answers) assert.equal(/frame-ancestors ([^;]+)/.exec(policy)?.[1], new URL(app).origin);
  });

  it('R-024 renews by refresh tokens, each good for one use', async () => {
    const used: string[] = [];
    page.on('request', (request) => {
      const token = new URLSearchParams(request.postData() ?? '').get('refresh_token');
      if (token !== null) used.push(token);
    });
    await signIn({ useRefreshTokens: true });
    for (let time = 0; time < 3; time++) assert.ok((await renewed())?.access_token);
    assert.equal(new Set(used).size, used.length);
  });

  it('connects an account at a third party, and comes back to read what it got', async () => {
    const more: Partial<Auth0ClientOptions> = {
      useRefreshTokens: true,
      useMrrt: true,
      cacheLocation: 'localstorage',
      // Scopes that are a text are asked for at every API, and missed at those that have none of them.
      authorizationParams: { redirect_uri: app, audience: API, scope: { [API]: 'openid profile email orders:read' } },
    };
    await signIn(more);
    await page.evaluate(() => {
      const { client } = globalThis as unknown as PageGlobals;
      void client.connectAccountWithRedirect({ connection: 'google-oauth2', scopes: ['notes'], appState: 'of the page' });
    });
    await page.waitForURL((url) => url.href.startsWith(world.home));
    await fillIn(page);
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    await page.waitForURL(/\/confirm\b/);
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    await page.waitForURL((url) => url.searchParams.has('connect_code'));
    await load(more);
    const done = (await page.evaluate(() =>
      (globalThis as unknown as PageGlobals).client.handleRedirectCallback(),
    )) as ConnectAccountRedirectResult;
    assert.deepEqual([done.connection, done.appState, done.scopes], ['google-oauth2', 'of the page', ['notes']]);
    assert.match(done.id, /^cac_/);
  });

  it('S2.10 signs out, and is signed out', async () => {
    await page.evaluate((returnTo) => void (globalThis as unknown as PageGlobals).client.logout({ logoutParams: { returnTo } }), app);
    await page.waitForURL(app);
    await load();
    assert.equal(await problem(), 'login_required');
  });

  it('signs in from a window of its own, which tells the page by a message', async () => {
    const opened = page.waitForEvent('popup');
    const signedIn = page.evaluate(() => (globalThis as unknown as PageGlobals).client.loginWithPopup({}, { timeoutInSeconds: 15 }));
    await fillIn(await opened);
    await signedIn;
    assert.equal((await user())?.email, ADA.email);
  });
});
