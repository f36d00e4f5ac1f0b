import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  ADA,
  authorizeUrl,
  BEN,
  EVE,
  engines,
  formOf,
  openLogin,
  signIn,
  startIssuer,
  TestBrowser,
  type TestIssuer,
  titleOf,
  WEB_CALLBACK,
} from './harness.test.ts';

for (const { engine, skip } of engines) {
  describe(`signing in on ${engine}`, { skip }, () => {
    let issuer: TestIssuer;
    before(async () => {
      issuer = await startIssuer(engine);
    });
    after(() => issuer.stop());
    const open = (browser: TestBrowser, more: Record<string, string> = {}, client = 'shop-web') =>
      openLogin(browser, issuer.url, { client, more });

    it('R-007 takes a right password and goes back to the application, by 303 after each post', async () => {
      const browser = new TestBrowser();
      const page = await open(browser);
      assert.equal(titleOf(page), 'Sign in');
      const back = await signIn(browser, page);
      assert.equal(`${back.url.origin}${back.url.pathname}`, WEB_CALLBACK);
      assert.ok(back.url.searchParams.get('code'));
      assert.deepEqual(browser.posts, [303]);
      const again = await open(browser);
      assert.ok(again.url.searchParams.get('code'), 'the session stands');
    });

    it('R-053 answers a wrong password and an unknown e-mail with the same page and status', async () => {
      const answers = await Promise.all(
        [ADA.email, 'nobody@shop.example'].map(async (email) => {
          const browser = new TestBrowser();
          const answer = await signIn(browser, await open(browser), { email, password: 'wrong password here' });
          assert.match(answer.text, new RegExp(`value="${email}"`), 'the e-mail is kept');
          return {
            status: answer.status,
            text: answer.text
              .replaceAll(email, '')
              .replace(/interaction\/[\w-]+/g, '')
              .replace(/value="[\w-]{43}"/, ''),
          };
        }),
      );
      assert.equal(answers[0]?.status, 422);
      assert.deepEqual(answers[0], answers[1]);
      assert.match(answers[0]?.text ?? '', /don’t match/);
    });

    it('R-052 R-053 pauses after five mistakes, says for how long, and says the same about nobody', async () => {
      const texts = [];
      for (const email of [BEN.email, 'nobody-else@shop.example']) {
        const browser = new TestBrowser();
        let page = await open(browser);
        for (let at = 0; at < 5; at++) page = await signIn(browser, page, { email, password: 'wrong password here' });
        const paused = await signIn(browser, page, { email, password: BEN.password });
        assert.equal(paused.status, 429);
        assert.match(paused.headers.get('retry-after') ?? '', /^\d+$/);
        texts.push(
          paused.text
            .replaceAll(email, '')
            .replace(/interaction\/[\w-]+/g, '')
            .replace(/value="[\w-]{43}"/, '')
            .replace(/\d+ seconds?/g, 'N'),
        );
      }
      assert.equal(texts[0], texts[1]);
      assert.match(texts[0] ?? '', /disabled>Passwords open again in N</);
    });

    it('R-010 asks again when the application wants it, and notes when that was', async () => {
      const browser = new TestBrowser();
      await signIn(browser, await open(browser));
      const page = await open(browser, { prompt: 'login' });
      assert.equal(titleOf(page), 'Sign in again');
      assert.match(page.text, /value="ada@shop\.example"/);
      assert.ok((await signIn(browser, page)).url.searchParams.get('code'));
      assert.equal(titleOf(await open(browser, { max_age: '0' })), 'Sign in again');
      const silent = await open(new TestBrowser(), { prompt: 'none' });
      assert.equal(silent.url.searchParams.get('error'), 'login_required');
    });

    it('R-010 fills in the hint, as text', async () => {
      const page = await open(new TestBrowser(), { login_hint: '"><script>alert(1)</script>' });
      assert.doesNotMatch(page.text, /<script/);
      assert.match(page.text, /value="&quot;&gt;&lt;script&gt;/);
    });

    it('R-054 gives the browser a new session at sign-in, in a cookie that scripts and other sites do not get', async () => {
      const browser = new TestBrowser();
      await signIn(browser, await open(browser));
      const before = browser.cookies.get('sc_session@/');
      await signIn(browser, await open(browser, { prompt: 'login' }));
      const after = browser.cookies.get('sc_session@/');
      assert.notEqual(before?.value, after?.value);
      for (const line of [after?.line ?? '', browser.cookies.get('safeconduct_browser@/')?.line ?? '']) {
        assert.match(line, /httponly/i);
        assert.match(line, /samesite=lax/i);
        assert.doesNotMatch(line, /domain=/i);
      }
    });

    it('lets another person sign in where one is signed in', async () => {
      const browser = new TestBrowser();
      await signIn(browser, await open(browser));
      const page = await open(browser, { prompt: 'login' });
      const fresh = await browser.get(`${page.url.href}?account=another`);
      assert.doesNotMatch(fresh.text, /ada@shop/);
      assert.ok((await signIn(browser, fresh, EVE)).url.searchParams.get('code'));
      assert.match((await open(browser, {}, 'other-cli')).text, /<b>Eve Lindqvist<\/b>/);
    });

    it('R-011 refuses an interaction that another browser began', async () => {
      const mine = new TestBrowser();
      const page = await open(mine);
      const { action, hidden } = formOf(page);
      const stranger = new TestBrowser();
      const shown = await stranger.get(page.url);
      assert.equal(shown.status, 400);
      assert.equal(titleOf(shown), 'This sign-in is no longer open');
      const posted = await stranger.post(new URL(action, page.url), { ...hidden, email: ADA.email, password: ADA.password });
      assert.equal(posted.status, 400);
      assert.equal(stranger.cookies.size, 0);
    });

    it('R-011 refuses a browser that opens the page before the one that began it, and keeps it for that one', async () => {
      const begun = await fetch(authorizeUrl(issuer.url, 'shop-web').url, { redirect: 'manual' });
      const address = new URL(begun.headers.get('location') ?? '', issuer.url);
      const cookies = begun.headers.getSetCookie().map((line) => line.split(';')[0] ?? '');
      const visit = async (cookie: string) => (await fetch(address, { headers: { cookie } })).status;
      const unsigned = cookies.filter((pair) => !pair.includes('.sig='));
      assert.deepEqual([await visit(''), await visit(unsigned.join('; '))], [400, 400]);
      assert.deepEqual([await visit(cookies.join('; ')), await visit(cookies.join('; '))], [200, 200]);
    });

    it('R-011 refuses one interaction’s form for another, in the same browser', async () => {
      const browser = new TestBrowser();
      const [one, other] = [await open(browser), await open(browser)];
      const swapped = await browser.post(new URL(formOf(other).action, other.url), {
        ...formOf(one).hidden,
        email: ADA.email,
        password: ADA.password,
      });
      assert.equal(swapped.status, 403);
      assert.equal(titleOf(swapped), 'We didn’t take that form');
    });

    it('R-055 refuses a sign-in form without its token, from another site, or of another type', async () => {
      const browser = new TestBrowser();
      const page = await open(browser);
      const address = new URL(formOf(page).action, page.url);
      const right: Record<string, string> = { ...formOf(page).hidden, email: ADA.email, password: ADA.password };
      const outcomes = [
        await browser.post(address, { email: ADA.email, password: ADA.password }),
        await browser.post(address, { ...right, csrf: `${right.csrf}x` }),
        await browser.post(address, right, { origin: 'https://evil.example' }),
        await browser.post(address, right, { 'sec-fetch-site': 'cross-site' }),
        await browser.post(address, right, { origin: 'null' }),
      ].map(({ status }) => status);
      assert.deepEqual(outcomes, [403, 403, 403, 403, 403]);
      assert.equal((await browser.post(address, right, { 'content-type': 'text/plain' })).status, 400);
      assert.ok((await browser.post(address, right, { origin: issuer.url, 'sec-fetch-site': 'same-origin' })).url.searchParams.get('code'));
    });

    it('R-012 refuses a form that is too large, and a field that comes twice', async () => {
      const browser = new TestBrowser();
      const page = await open(browser);
      const address = new URL(formOf(page).action, page.url);
      const large = await browser.post(address, { ...formOf(page).hidden, email: 'x'.repeat(70_000), password: 'x' });
      assert.equal(large.status, 413);
      const cookie = [...browser.cookies].map(([name, { value }]) => `${name.split('@')[0]}=${value}`).join('; ');
      const headers = { cookie, 'content-type': 'application/x-www-form-urlencoded' };
      const twice = await fetch(address, { method: 'POST', headers, body: `csrf=${formOf(page).hidden.csrf}&email=a&email=b&password=c` });
      assert.equal(twice.status, 400);
      assert.equal((await fetch(address, { method: 'OPTIONS' })).status, 404, 'nothing is served by this method');
    });

    it('R-002 shows an error page, and leads nowhere, when the application is not known or its address is not registered', async () => {
      const evil = await open(new TestBrowser(), { redirect_uri: 'https://evil.example/cb' });
      assert.equal(evil.status, 400);
      assert.equal(titleOf(evil), 'We stopped before sending you back');
      assert.match(evil.text, /https:\/\/evil\.example\/cb/);
      assert.doesNotMatch(evil.text, /href="https:\/\/evil/);
      const unknown = await open(new TestBrowser(), { client_id: '<b>nobody</b>' });
      assert.equal(titleOf(unknown), 'We don’t know this app');
      assert.match(unknown.text, /&lt;b&gt;nobody/);
      const reference = /class="reference">([^<]+)/.exec(unknown.text)?.[1] ?? 'none';
      assert.ok(
        issuer.log.some((line) => line.includes(reference)),
        'the log has the reference',
      );
    });

    it('says so when a page is not there', async () => {
      const page = await new TestBrowser().get(`${issuer.url}/nowhere`);
      assert.equal(page.status, 404);
      assert.equal(titleOf(page), 'There is no page here');
    });

    it('begins again when somebody reloads after a mistake', async () => {
      const browser = new TestBrowser();
      const wrong = await signIn(browser, await open(browser), { email: ADA.email, password: 'wrong password here' });
      const reloaded = await browser.get(wrong.url);
      assert.equal(titleOf(reloaded), 'Sign in');
    });

    it('R-146 writes no password, token or code to the log, and records each attempt without what was typed', async () => {
      const { url } = authorizeUrl(issuer.url, 'shop-web');
      const browser = new TestBrowser();
      const back = await signIn(browser, await browser.get(url));
      const secrets = [
        ADA.password,
        BEN.password,
        'wrong password here',
        back.url.searchParams.get('code') ?? '-',
        browser.cookies.get('sc_session@/')?.value ?? '-',
      ];
      const lines = issuer.log.join('');
      const [ok, failed] = [await issuer.events('login.ok'), await issuer.events('login.failed')];
      assert.ok(
        ok.every(({ actor, client, outcome }) => [ADA.id, EVE.id].includes(String(actor)) && client === 'shop-web' && outcome === 'ok'),
      );
      assert.ok(failed.some(({ target }) => target === ADA.id) && failed.some(({ target }) => target === null));
      assert.ok((await issuer.events('login.paused')).length > 0);
      for (const secret of secrets) assert.ok(!(lines + JSON.stringify([ok, failed])).includes(secret));
      assert.ok(!JSON.stringify(failed).includes('nobody@shop.example'));
    });
  });
}
