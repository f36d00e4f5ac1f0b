/** MSAL in a page, as it comes from npm, in a real browser: sign-in by redirect, renewal with and without a frame, sign-out. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { chromiumSkipped, launchChromium } from '@safeconduct/test-support/chromium';
import { freePort } from '@safeconduct/test-support/ports';
import { postgresSkipped } from '@safeconduct/test-support/postgres';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { ADA, claimsOf, type EntraWorld, SCOPE, STOCK, startEntra } from './entra.fixtures.test.ts';

const built = join(dirname(createRequire(import.meta.url).resolve('@azure/msal-browser')), '../lib');
const scripts: Readonly<Record<string, string>> = {
  '/msal.js': readFileSync(join(built, 'msal-browser.min.js'), 'utf8'),
  '/bridge.js': readFileSync(join(built, 'redirect-bridge/msal-redirect-bridge.min.js'), 'utf8'),
};

const head = '<!doctype html><html lang="en"><title>Page</title><link rel="icon" href="data:,">';
const home = `${head}<script src="/msal.js"></script>
<script>
const begun = (config) => msal.createStandardPublicClientApplication(config).then(async (app) => {
  const result = await app.handleRedirectPromise();
  return { app, result };
});
</script>`;
const pages: Readonly<Record<string, string>> = {
  '/': home,
  '/bye': home,
  '/auth': `${head}<script src="/bridge.js"></script><script>void msalRedirectBridge.broadcastResponseToMainFrame();</script>`,
};

/** Answers the page's requests to this origin, those that redirects lead to among them, which routes of Playwright do not see. */
async function serveAt(origin: string, cdp: CDPSession): Promise<void> {
  cdp.on('Fetch.requestPaused', ({ requestId, request }) => {
    const { pathname } = new URL(request.url);
    const contentType = pathname in scripts ? 'text/javascript' : 'text/html';
    const body = Buffer.from(scripts[pathname] ?? pages[pathname] ?? '').toString('base64');
    const responseHeaders = [{ name: 'content-type', value: contentType }];
    void cdp.send('Fetch.fulfillRequest', { requestId, responseCode: 200, responseHeaders, body });
  });
  await cdp.send('Fetch.enable', { patterns: [{ urlPattern: `${origin}/*` }] });
}

/** What a test reads of MSAL's result. */
interface Result {
  readonly accessToken: string;
  readonly username: string | undefined;
  readonly fromCache: boolean;
  readonly scopes: readonly string[];
}

describe('MSAL in Chromium', { skip: postgresSkipped || chromiumSkipped }, () => {
  let world: EntraWorld;
  let browser: Browser;
  let tab: Page;
  let origin: string;
  before(async () => {
    // Of one site with the issuer: in a private window browsers keep the cookies of other sites from a frame.
    origin = `https://localhost:${await freePort()}`;
    const spa = { redirectUris: [`${origin}/auth`], postLogoutRedirectUris: [`${origin}/bye`] };
    [world, browser] = await Promise.all([startEntra({ spa }), launchChromium()]);
    // What the command prints about trusting the local authority, done for this browser.
    const context = await browser.newContext({ ignoreHTTPSErrors: true, permissions: ['local-network-access'] });
    tab = await context.newPage();
    await serveAt(origin, await context.newCDPSession(tab));
    tab.setDefaultTimeout(15_000);
  });
  after(async () => {
    await browser?.close();
    await world?.stop();
  });

  const config = () => ({
    auth: {
      clientId: 'shop-spa',
      authority: world.authority,
      knownAuthorities: world.knownAuthorities,
      redirectUri: `${origin}/auth`,
      postLogoutRedirectUri: `${origin}/bye`,
    },
    cache: { cacheLocation: 'localStorage' },
  });

  /** Runs an expression in the page, in which `app` is MSAL and `result` what it found in the address. */
  const inPage = <T>(expression: string): Promise<T> =>
    tab.evaluate(`begun(${JSON.stringify(config())}).then(async ({ app, result }) => (${expression}))`);
  const short = (result: string) =>
    `(({ accessToken, account, fromCache, scopes }) => ({ accessToken, username: account?.username, fromCache, scopes }))(${result})`;
  const silently = (scope: string, how = '{}') =>
    inPage<Result>(short(`await app.acquireTokenSilent({ account: app.getAllAccounts()[0], scopes: ['${scope}'], ...${how} })`));

  it('S3.1 signs in by redirect, and gets its token across origins without a secret', async () => {
    await tab.goto(`${origin}/`);
    await inPage(`void app.loginRedirect({ scopes: ['${SCOPE}'] })`);
    await tab.getByLabel('E-mail').fill(ADA.email);
    await tab.getByLabel('Password').fill(ADA.password);
    await tab.getByRole('button', { name: 'Sign in' }).click();
    await tab.waitForURL(`${origin}/`);
    const { username, accessToken } = await inPage<Result>(short('result'));
    assert.equal(username, ADA.email);
    const { azp, azpacr, scp } = claimsOf(accessToken);
    assert.deepEqual([azp, azpacr, scp], ['shop-spa', '0', 'user_impersonation']);
  });

  it('has the token in its cache, and renews it by its refresh token', async () => {
    const kept = await silently(SCOPE);
    const renewed = await silently(SCOPE, '{ forceRefresh: true }');
    assert.deepEqual([kept.fromCache, renewed.fromCache], [true, false]);
    assert.notEqual(renewed.accessToken, kept.accessToken);
  });

  it('gets a token for another API without the person', async () => {
    const { scopes, accessToken } = await silently(`${STOCK}/stock.read`);
    assert.deepEqual([scopes, claimsOf(accessToken).aud], [[`${STOCK}/stock.read`], 'stock-api']);
  });

  it('renews in a hidden frame by the sign-in of the browser', async () => {
    const renewed = await inPage<Result>(short(`await app.ssoSilent({ scopes: ['${SCOPE}'], loginHint: '${ADA.email}' })`));
    assert.equal(renewed.username, ADA.email);
  });

  it('signs out without a question, and comes back', async () => {
    await inPage('void app.logoutRedirect({ account: app.getAllAccounts()[0] })');
    await tab.waitForURL((url) => url.pathname === '/bye');
    assert.equal(await inPage<number>('app.getAllAccounts().length'), 0);
    const silent = inPage(`await app.ssoSilent({ scopes: ['${SCOPE}'] })`);
    await assert.rejects(silent, /login_required/);
  });
});
