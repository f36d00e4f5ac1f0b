import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Browser, secret, webLogin, world } from './browser.fixtures.test.ts';
import { memorySessions } from './memory-sessions.ts';
import type { SessionStore } from './session-store.ts';

describe('signing in on the web', () => {
  it('R-077 opens a session behind an opaque cookie that no script, no other site and no cache can read', async () => {
    const browser = new Browser();
    const response = await browser.signIn('/auth/login?returnTo=/orders');
    assert.equal(response.status, 303);
    assert.equal(response.headers.get('location'), '/orders');
    assert.equal(response.headers.get('cache-control'), 'private, no-store');
    const cookie = response.headers.getSetCookie().find((line) => line.startsWith('safeconduct-session='));
    assert.match(cookie ?? '', /^safeconduct-session=[A-Za-z0-9_-]{43}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Lax$/);
    assert.equal((await browser.session())?.identity.subject, 'person-1');
    assert.equal(await new Browser().session(), undefined);
  });

  it('R-077 uses __Host- cookies that only travel over https where the application does', async () => {
    const secure = webLogin({}, { redirectUri: 'https://shop.example/auth/callback' });
    const browser = new Browser();
    const response = await browser.signIn('/auth/login', secure);
    for (const line of response.headers.getSetCookie()) assert.match(line, /^__Host-.*; Path=\/; .*; Secure$/);
    assert.ok(await browser.session(secure));
  });

  it('R-077 marks every page that reads the session as private', async () => {
    const response = await world.web.withSession(new Browser().request('/'), (session) => new Response(String(session)));
    assert.equal(response.headers.get('cache-control'), 'private, no-store');
    assert.equal(response.headers.get('vary'), 'Cookie');
  });

  it('R-077 gives the store neither the cookie nor a token', async () => {
    const kept: string[] = [];
    const create: SessionStore['create'] = async (session, now) => {
      kept.push(JSON.stringify(session));
      await memorySessions().create(session, now);
    };
    const browser = new Browser();
    await browser.signIn('/auth/login', webLogin({ sessions: { ...world.sessions, create } }));
    const cookie = browser.jar.get('safeconduct-session') ?? '';
    assert.equal(kept.length, 1);
    assert.ok(cookie !== '' && !kept[0]?.includes(cookie));
    assert.ok(!kept[0]?.includes('eyJ'));
  });

  it('R-077 has a new session id after every sign-in, whatever the browser brought along', async () => {
    const browser = new Browser();
    const planted = 'A'.repeat(43);
    browser.jar.set('safeconduct-session', planted);
    await browser.signIn();
    const first = browser.jar.get('safeconduct-session');
    assert.notEqual(first, planted);
    await browser.signIn();
    const second = new Map(browser.jar);
    assert.notEqual(second.get('safeconduct-session'), first);
    browser.jar.set('safeconduct-session', first ?? '');
    assert.equal(await browser.session(), undefined);
  });

  it('R-070 is finished only by the browser that began it', async () => {
    const callback = world.provider.answer(await new Browser().begin());
    const response = await new Browser().finish(callback);
    assert.equal(response.status, 400);
    assert.equal(world.provider.calls.get('/token'), undefined);
    assert.equal(world.events.at(-1)?.code, 'login_transaction_missing');
  });

  it('R-070 is finished once, even by a browser that kept its cookie', async () => {
    const browser = new Browser();
    const url = await browser.begin();
    const cookies = new Map(browser.jar);
    assert.equal((await browser.finish(world.provider.answer(url))).status, 303);
    for (const [name, value] of cookies) browser.jar.set(name, value);
    assert.equal((await browser.finish(world.provider.answer(url))).status, 400);
    assert.equal(world.provider.calls.get('/token'), 1);
  });

  it('R-070 refuses a cookie that was changed, or made for another sign-in', async () => {
    const browser = new Browser();
    const one = await browser.begin();
    const [name = '', sealed = ''] = [...browser.jar][0] ?? [];
    browser.jar.set(name, `${sealed.slice(0, -2)}${sealed.endsWith('AA') ? 'BB' : 'AA'}`);
    assert.equal((await browser.finish(world.provider.answer(one))).status, 400);
    const two = await browser.begin();
    const [other = ''] = [...browser.jar].at(-1) ?? [];
    browser.jar.set(other, sealed);
    assert.equal((await browser.finish(world.provider.answer(two))).status, 400);
  });

  it('R-070 works in parallel tabs, and forgets the oldest of too many', async () => {
    const browser = new Browser();
    const urls: URL[] = [];
    for (let tab = 0; tab < 6; tab++) {
      world.time += 1_000;
      urls.push(await browser.begin(`/auth/login?returnTo=/tab-${tab}`));
    }
    assert.equal(browser.jar.size, 4);
    const answers = [];
    for (const url of urls) answers.push((await browser.finish(world.provider.answer(url))).headers.get('location'));
    assert.deepEqual(answers, [null, null, '/tab-2', '/tab-3', '/tab-4', '/tab-5']);
  });

  it('R-079 returns to a path of the same origin only', async () => {
    for (const away of [
      'https://evil.example/',
      '//evil.example',
      '/\\evil.example',
      '/\t/evil.example',
      '/..//evil.example',
      'javascript:alert(1)',
      'orders',
    ]) {
      const response = await new Browser().signIn(`/auth/login?returnTo=${encodeURIComponent(away)}`);
      assert.equal(response.headers.get('location'), '/', away);
    }
  });

  it('shows a failure on the page of the application, and keeps no transaction of it', async () => {
    world.web = webLogin({ failed: (error) => new Response(`sorry: ${error.code}`, { status: error.status }) });
    const browser = new Browser();
    const callback = world.provider.answer(await browser.begin(), { code: undefined, error: 'access_denied' });
    const response = await browser.finish(callback);
    assert.equal(await response.text(), 'sorry: login_denied');
    assert.equal(response.headers.get('cache-control'), 'private, no-store');
    assert.equal(browser.jar.size, 0);
  });

  it('S0.11 tells the log of each failure, and never a code, a token or a cookie', async () => {
    const browser = new Browser();
    const callback = world.provider.answer(await browser.begin());
    world.provider.script.idTokenClaims = (honest) => ({ ...honest, nonce: 'replayed' });
    const cookies = [...browser.jar.values()];
    await browser.finish(callback);
    await browser.finish(callback);
    assert.deepEqual(
      world.events.map(({ code }) => code),
      ['id_token_invalid', 'login_transaction_missing'],
    );
    const told = JSON.stringify(world.events);
    for (const hidden of [...cookies, ...callback.searchParams.values(), 'top-secret', 'eyJ'].filter(
      (text) => text !== world.provider.issuer,
    )) {
      assert.ok(!told.includes(hidden));
    }
  });

  it('refuses a secret that can be guessed', () => {
    assert.throws(() => webLogin({ secret: 'short' }), /32 characters/);
    assert.throws(() => webLogin({ secret: [] }), TypeError);
  });

  it('survives a rotation of its secret, and not its loss', async () => {
    const browser = new Browser();
    await browser.signIn();
    const next = 'the next secret, of thirty-two characters or more';
    assert.ok(await browser.session(webLogin({ secret: [next, secret] })));
    assert.equal(await browser.session(webLogin({ secret: next })), undefined);
  });
});
