import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  ADA,
  API,
  authorizeUrl,
  CLI_CALLBACK,
  engines,
  formOf,
  openLogin,
  type Page,
  signIn,
  startIssuer,
  TestBrowser,
  type TestIssuer,
  titleOf,
} from './harness.test.ts';

for (const { engine, skip } of engines) {
  describe(`consent on ${engine}`, { skip }, () => {
    let issuer: TestIssuer;
    before(async () => {
      issuer = await startIssuer(engine);
    });
    after(() => issuer.stop());

    /** Somebody who is signed in and is asked by another's application. */
    async function asked(client = 'other-cli', more: Record<string, string> = {}) {
      const browser = new TestBrowser();
      await signIn(browser, await openLogin(browser, issuer.url));
      const { url, verifier } = authorizeUrl(issuer.url, client, more);
      return { browser, verifier, page: await browser.get(url) };
    }
    const codeOf = ({ url }: Page) => url.searchParams.get('code');

    it('R-009 says who asks, where the answer goes, for what and for how long', async () => {
      const { page } = await asked('other-cli', { prompt: 'consent' });
      assert.equal(titleOf(page), 'Somebody’s tool asks to act as you');
      for (const part of [
        /this computer \(127\.0\.0\.1\)/,
        /Quay Shop/,
        /other-cli/,
        /Checked by us<\/dt><dd>No/,
        /See your orders <code>orders:read<\/code>/,
        /<b>Ada Brandt<\/b>/,
        /7 days without use/,
      ]) {
        assert.match(page.text, part);
      }
      assert.match(page.headers.get('content-security-policy') ?? '', /form-action 'self' http:\/\/127\.0\.0\.1:4711;/);
    });

    it('R-009 sends the browser on with a code that is good for what was allowed', async () => {
      const { browser, verifier, page } = await asked();
      const back = await browser.submit(page, { decision: 'allow' });
      assert.equal(browser.posts.at(-1), 303);
      const answer = await redeem(issuer.url, { code: codeOf(back) ?? '', verifier });
      assert.equal(answer.status, 200);
      const scope = String(answer.body.scope).split(' ').sort();
      assert.ok(scope.includes('orders:read') && !scope.includes('orders:write'));
    });

    it('R-009 asks a public application’s person each time, and a confidential one’s once', async () => {
      const { browser, page } = await asked();
      await browser.submit(page, { decision: 'allow' });
      assert.equal(titleOf(await openLogin(browser, issuer.url, { client: 'other-cli' })), 'Somebody’s tool asks to act as you');
      const web = await asked('other-web');
      await web.browser.submit(web.page, { decision: 'allow' });
      assert.ok(codeOf(await openLogin(web.browser, issuer.url, { client: 'other-web' })));
      const more = await openLogin(web.browser, issuer.url, { client: 'other-web', more: { scope: 'openid orders:read orders:write' } });
      assert.match(more.text, /Cancel your orders/, 'for more, it asks again');
    });

    it('tells the application when the person says no', async () => {
      const { browser, page } = await asked();
      const back = await browser.submit(page, { decision: 'deny' });
      assert.equal(`${back.url.origin}${back.url.pathname}`, CLI_CALLBACK.replace('127.0.0.1', '127.0.0.1:4711'));
      assert.equal(back.url.searchParams.get('error'), 'access_denied');
      assert.equal(back.url.searchParams.get('state'), 'here');
    });

    it('takes anything but a clear yes for a no', async () => {
      const { browser, page } = await asked();
      assert.equal((await browser.submit(page)).url.searchParams.get('error'), 'access_denied');
    });

    it('R-009 R-055 refuses a yes without the token, from elsewhere, or for another’s interaction', async () => {
      const { browser, page } = await asked();
      const { action, hidden } = formOf(page);
      const address = new URL(action, page.url);
      assert.equal((await browser.post(address, { decision: 'allow' })).status, 403);
      assert.equal((await browser.post(address, { ...hidden, decision: 'allow' }, { 'sec-fetch-site': 'cross-site' })).status, 403);
      assert.equal((await new TestBrowser().post(address, { ...hidden, decision: 'allow' })).status, 400);
    });

    it('refuses a yes before anybody signed in', async () => {
      const browser = new TestBrowser();
      const page = await openLogin(browser, issuer.url, { client: 'other-cli' });
      const posted = await browser.post(`${page.url.href}/consent`, { ...formOf(page).hidden, decision: 'allow' });
      assert.equal(posted.status, 400);
    });

    it('asks a first-party application’s person nothing, unless it wants to be asked', async () => {
      const browser = new TestBrowser();
      assert.ok(codeOf(await signIn(browser, await openLogin(browser, issuer.url, { client: 'shop-cli' }))));
      const page = await openLogin(browser, issuer.url, { client: 'shop-web', more: { prompt: 'consent' } });
      assert.equal(titleOf(page), 'Shop asks to act as you');
      assert.match(page.text, /Checked by us<\/dt><dd>Yes/);
      assert.ok(codeOf(await browser.submit(page, { decision: 'allow' })));
    });

    it('records who allowed what to whom', async () => {
      const [given, denied] = [await issuer.events('consent.given'), await issuer.events('consent.denied')];
      assert.ok(given.length > 0 && denied.length > 0);
      assert.ok(
        [...given, ...denied].every(
          ({ actor, client }) => actor === ADA.id && ['other-cli', 'other-web', 'shop-web'].includes(String(client)),
        ),
      );
    });
  });
}

async function redeem(issuer: string, { code, verifier }: { code: string; verifier: string }) {
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    client_id: 'other-cli',
    code,
    code_verifier: verifier,
    redirect_uri: CLI_CALLBACK.replace('127.0.0.1', '127.0.0.1:4711'),
    resource: API,
  });
  const response = await fetch(`${issuer}/oauth2/token`, { method: 'POST', body });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}
