import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  API,
  authorizeUrl,
  engines,
  openLogin,
  type Page,
  signIn,
  startIssuer,
  TestBrowser,
  type TestIssuer,
  titleOf,
  WEB_CALLBACK,
} from './harness.test.ts';

for (const { engine, skip } of engines) {
  describe(`pages as they are served on ${engine}`, { skip }, () => {
    let issuer: TestIssuer;
    before(async () => {
      issuer = await startIssuer(engine);
    });
    after(() => issuer.stop());

    it('R-008 brings the same strict headers on every HTML route', async () => {
      for (const [name, page] of Object.entries(await everyPage(issuer.url))) {
        assert.match(page.headers.get('content-type') ?? '', /^text\/html/i, name);
        const policy = page.headers.get('content-security-policy') ?? '';
        for (const rule of [
          /^default-src 'none'; style-src 'self'; img-src 'self' data:; /,
          /form-action 'self'/,
          /frame-ancestors 'none'/,
          /base-uri 'none'/,
        ]) {
          assert.match(policy, rule, name);
        }
        assert.equal(/script-src|<script/.test(policy + page.text), name === 'form post', name);
        assert.doesNotMatch(policy, /unsafe|\*/, name);
        const expected = {
          'x-frame-options': 'DENY',
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'no-referrer',
          'cross-origin-opener-policy': 'same-origin',
          'cache-control': 'no-store',
        };
        for (const [header, value] of Object.entries(expected)) assert.equal(page.headers.get(header), value, `${name}: ${header}`);
        assert.match(page.headers.get('permissions-policy') ?? '', /camera=\(\)/, name);
        assert.match(page.text, /<html lang="en">/, name);
      }
    });

    it('R-006 answers by form_post with a page whose one script the policy names', async () => {
      const { 'form post': page } = await everyPage(issuer.url);
      assert.match(page?.text ?? '', new RegExp(`action="${WEB_CALLBACK}"`));
      assert.match(page?.text ?? '', /<button type="submit"[^>]*>Continue</);
      assert.match(
        page?.headers.get('content-security-policy') ?? '',
        /script-src 'sha256-[\w+/=]+'; form-action 'self' http:\/\/localhost:3999;/,
      );
    });

    it('lets browsers keep stylesheet and icon, under names that change with them', async () => {
      const page = await openLogin(new TestBrowser(), issuer.url);
      const paths = [...page.text.matchAll(/href="(\/assets\/[^"]+)"/g)].map(([, path]) => path);
      assert.equal(paths.length, 2);
      for (const path of paths) {
        const asset = await fetch(`${issuer.url}${path}`);
        assert.equal(asset.status, 200);
        assert.equal(asset.headers.get('cache-control'), 'public, max-age=31536000, immutable');
        assert.match(path ?? '', /\.[0-9a-f]{12}\.(css|svg)$/);
        assert.equal((await fetch(`${issuer.url}${path?.replace(/[0-9a-f]{12}/, '000000000000')}`)).status, 404);
      }
    });

    it('R-061 asks before it signs out, says where, and then it is over', async () => {
      const browser = new TestBrowser();
      await signIn(browser, await openLogin(browser, issuer.url));
      const question = await browser.get(
        `${issuer.url}/oauth2/logout?client_id=shop-web&post_logout_redirect_uri=${encodeURIComponent('http://localhost:3999/')}`,
      );
      assert.equal(titleOf(question), 'Sign out?');
      for (const part of [/<b>Shop<\/b> asked to sign you out/, /localhost:3999/, /<b>Ada Brandt<\/b>/]) assert.match(question.text, part);
      assert.match(question.headers.get('content-security-policy') ?? '', /form-action 'self' http:\/\/localhost:3999;/);
      const back = await browser.submit(question, { logout: 'yes' });
      assert.equal(back.url.href, 'http://localhost:3999/');
      assert.equal(titleOf(await openLogin(browser, issuer.url)), 'Sign in');
    });

    it('R-055 R-061 refuses a sign-out form from elsewhere', async () => {
      const browser = new TestBrowser();
      await signIn(browser, await openLogin(browser, issuer.url));
      const question = await browser.get(`${issuer.url}/oauth2/logout`);
      assert.equal((await browser.submit(question, { logout: 'yes' }, { origin: 'https://evil.example' })).status, 403);
      assert.equal((await browser.post(`${issuer.url}/oauth2/logout/confirm`, { logout: 'yes' })).status, 400);
      assert.ok((await openLogin(browser, issuer.url)).url.searchParams.get('code'), 'still signed in');
    });
  });
}

/** One page of each kind, as a browser meets it. */
async function everyPage(issuer: string): Promise<Record<string, Page>> {
  const browser = new TestBrowser();
  const login = await openLogin(browser, issuer);
  const mistake = await signIn(browser, login, { email: 'nobody@shop.example', password: 'wrong password here' });
  const formPost = await signIn(browser, await browser.get(authorizeUrl(issuer, 'shop-web', { response_mode: 'form_post' }).url));
  const consent = await openLogin(browser, issuer, { client: 'other-cli' });
  const device = await startDevice(issuer);
  const code = await browser.get(`${issuer}/device`);
  const unknown = await browser.submit(code, { user_code: 'BBBB-BBBB' });
  const confirm = await browser.submit(unknown, { user_code: device });
  const done = await browser.submit(confirm, { confirm: 'yes' });
  const signOut = await browser.get(`${issuer}/oauth2/logout`);
  return {
    login,
    mistake,
    'form post': formPost,
    consent,
    code,
    unknown,
    confirm,
    done,
    'refused form': await browser.submit(signOut, { logout: 'yes' }, { 'sec-fetch-site': 'cross-site' }),
    'sign out': signOut,
    'signed out': await browser.submit(signOut, { logout: 'yes' }),
    'lost interaction': await browser.get(`${issuer}/interaction/none`),
    'engine error': await openLogin(browser, issuer, { more: { redirect_uri: 'https://evil.example/' } }),
    'bad form token': await browser.post(`${issuer}/device`, { user_code: 'x', xsrf: 'y' }),
    'no page': await browser.get(`${issuer}/none`),
  };
}

async function startDevice(issuer: string): Promise<string> {
  const body = new URLSearchParams({ client_id: 'shop-cli', scope: 'openid orders:read', resource: API });
  const response = await fetch(`${issuer}/oauth2/device_authorization`, { method: 'POST', body });
  return ((await response.json()) as { user_code: string }).user_code;
}
