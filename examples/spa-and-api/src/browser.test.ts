/** The built page in a real browser. SAFECONDUCT_TEST_PICTURES names a directory to keep a picture of each page in. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { accessibilityFindings, chromiumSkipped, launchChromium, type Watch, watch } from '@safeconduct/test-support/chromium';
import type { Browser, Page, Request } from 'playwright-core';
import { type Board, startBoard } from './board.fixtures.test.ts';
import { demoPeople } from './demo.ts';

const pictures = process.env.SAFECONDUCT_TEST_PICTURES;
const [mia, noor] = demoPeople;

describe('the noticeboard in Chromium', { skip: chromiumSkipped }, () => {
  let board: Board;
  let browser: Browser;
  before(async () => {
    [board, browser] = await Promise.all([startBoard(), launchChromium()]);
  });
  after(async () => {
    await browser?.close();
    await board?.close();
  });

  async function open(): Promise<{ page: Page; seen: Watch }> {
    const context = await browser.newContext();
    const page = await context.newPage();
    return { page, seen: watch(page, [board.issuer, board.api, board.spa]) };
  }

  async function signIn(page: Page, { email, password }: { email: string; password: string } = mia): Promise<void> {
    await page.goto(board.spa);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Who you are' }).waitFor();
  }

  const isTokenRequest = (request: Request) =>
    request.method() === 'POST' && request.url().startsWith(board.issuer) && /\/token$/.test(new URL(request.url()).pathname);

  it('S3.1 gets its access token by code and PKCE, across origins, without a secret', async () => {
    const { page, seen } = await open();
    const asked = page.waitForRequest((request) => new URL(request.url()).searchParams.has('code_challenge'));
    const exchange = page.waitForRequest(isTokenRequest);
    await signIn(page);
    const request = await exchange;
    const sent = new URLSearchParams(request.postData() ?? '');
    const question = new URL((await asked).url()).searchParams;
    assert.equal(question.get('code_challenge_method'), 'S256');
    for (const name of ['state', 'nonce']) assert.match(question.get(name) ?? '', /^[\w-]{32,}$/, name);
    assert.equal(await request.headerValue('origin'), board.spa);
    assert.equal(await request.headerValue('authorization'), null);
    assert.equal(sent.get('grant_type'), 'authorization_code');
    assert.match(sent.get('code_verifier') ?? '', /^[\w.~-]{43,128}$/);
    assert.equal(sent.get('client_secret'), null);
    assert.equal(new URL(page.url()).search, '');
    assert.match(await page.locator('#bearer').innerText(), /^Acting as\s+Mia Winter$/);
    assert.deepEqual(seen.problems, []);
    await page.context().close();
  });

  it('is served under a policy that lets it load its own files and call two origins, and that is also in the page', async () => {
    const answer = await fetch(board.spa);
    const sent = answer.headers.get('content-security-policy') ?? '';
    const page = await answer.text();
    for (const rule of ["default-src 'none'", "script-src 'self'", "style-src 'self'", `connect-src ${board.issuer} ${board.api}`]) {
      assert.ok(sent.includes(`${rule};`), rule);
      assert.ok(page.replaceAll('&#39;', "'").includes(`${rule};`), rule);
    }
    assert.match(sent, /frame-ancestors 'none'/);
    assert.doesNotMatch(page, /<script(?![^>]*\bsrc=)|<style|\son\w+=|style=/);
  });

  it('shows what the API answers: notices, a right that is missing, a call without a token', async () => {
    const { page, seen } = await open();
    await signIn(page);
    const answer = page.locator('#answer');
    await page.getByRole('button', { name: 'Read notices', exact: true }).click();
    await answer.getByText('Ran as usr_demo_mia').waitFor();
    await answer.getByText('New bicycle racks in the yard').waitFor();
    await page.getByRole('button', { name: 'Read drafts' }).click();
    await answer.getByText('Not yours to read').waitFor();
    const { requestId, status } = board.refused.at(-1) ?? {};
    assert.equal(status, 403);
    await answer.getByText(`Reference ${requestId}`).waitFor();
    await page.getByRole('button', { name: 'Read notices without a token' }).click();
    await answer.getByText('The API was not told who asks.').waitFor();
    assert.deepEqual(seen.problems, []);
    await page.context().close();
  });

  it('lets an editor read drafts', async () => {
    const { page } = await open();
    await signIn(page, noor);
    await page.getByRole('button', { name: 'Read drafts' }).click();
    await page.locator('#answer').getByText('Summer party: which date?').waitFor();
    await page.context().close();
  });

  it('renews by itself with a refresh token that changes each time, and when asked', async () => {
    const { page, seen } = await open();
    const renewals: string[] = [];
    page.on('request', (request) => {
      const sent = new URLSearchParams(isTokenRequest(request) ? (request.postData() ?? '') : '');
      if (sent.get('grant_type') === 'refresh_token') renewals.push(sent.get('refresh_token') ?? '');
    });
    await page.clock.install();
    await signIn(page);
    await page.clock.fastForward('08:50');
    await page.getByText('Not yet').waitFor();
    await page.clock.fastForward('00:15');
    await page.getByText('Once').waitFor();
    await page.getByRole('button', { name: 'Renew the token now' }).click();
    await page.getByText('2 times').waitFor();
    assert.equal(new Set(renewals).size, 2);
    await page.getByRole('button', { name: 'Read notices', exact: true }).click();
    await page.getByText('Ran as usr_demo_mia').waitFor();
    assert.deepEqual(seen.problems, []);
    await page.context().close();
  });

  it('keeps tokens in memory alone, and is signed in again after a reload without asking', async () => {
    const { page, seen } = await open();
    await signIn(page);
    const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
    assert.doesNotMatch(stored, /eyJ|token/);
    await page.reload();
    await page.getByRole('heading', { name: 'Who you are' }).waitFor();
    assert.deepEqual(seen.problems, []);
    await page.context().close();
  });

  it('signs out at the provider, and asks for the password the next time', async () => {
    const { page, seen } = await open();
    await signIn(page);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in to read the board' }).waitFor();
    assert.equal(new URL(page.url()).origin, board.spa);
    await page.reload();
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByLabel('Password').waitFor();
    assert.deepEqual(seen.problems, []);
    await page.context().close();
  });

  it('shows the way to sign in, and no error, when the provider does not know the person any more after a reload', async () => {
    const { page, seen } = await open();
    await signIn(page);
    await page.context().clearCookies();
    await page.reload();
    await page.getByRole('heading', { name: 'Sign in to read the board' }).waitFor();
    assert.deepEqual(seen.problems, []);
    await page.context().close();
  });

  it('takes no answer that it did not ask for', async () => {
    const { page } = await open();
    const sent: string[] = [];
    page.on('request', (request) => isTokenRequest(request) && sent.push(request.url()));
    await page.goto(`${board.spa}/?code=of-somebody-else&state=unknown`);
    await page.getByText('You are not signed in').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Sign in' }).isVisible(), true);
    assert.deepEqual(sent, []);
    assert.equal(page.url(), `${board.spa}/`);
    await page.context().close();
  });

  it('can be used by everybody and fits: light and dark, narrow and wide', async () => {
    const { page } = await open();
    await page.goto(board.spa);
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    await inspect(page, 'signed-out');
    await signIn(page);
    await page.getByRole('button', { name: 'Read notices', exact: true }).click();
    await page.getByText('Ran as').waitFor();
    await inspect(page, 'notices');
    await page.getByRole('button', { name: 'Read drafts' }).click();
    await page.getByText('Not yours to read').waitFor();
    await inspect(page, 'refused');
    await page.context().close();
  });

  // The last one: it ends the issuer.
  it('tells 503 from a refusal when the API cannot check anybody', async () => {
    const { page } = await open();
    await signIn(page);
    await board.loseIssuer();
    await page.getByRole('button', { name: 'Read notices', exact: true }).click();
    await page.getByText('The API does not reach the provider. Try again in').waitFor();
    if (pictures !== undefined) await page.screenshot({ path: join(pictures, 'unavailable.png'), fullPage: true });
    await page.getByRole('button', { name: 'Renew the token now' }).click();
    await page.getByText('It ends soon. Sign out, then sign in again.').waitFor();
    await page.context().close();
  });
});

/** Looks at one state of the page in light and dark, on a phone and on a desk. */
async function inspect(page: Page, state: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    // Without motion, so that no colour is looked at on its way.
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const width of [390, 1280]) {
      const name = `${state}-${colorScheme}-${width}`;
      await page.setViewportSize({ width, height: 820 });
      if (pictures !== undefined) await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
      assert.deepEqual(await accessibilityFindings(page), [], name);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(overflow, 0, `${name} scrolls sideways`);
    }
  }
}
