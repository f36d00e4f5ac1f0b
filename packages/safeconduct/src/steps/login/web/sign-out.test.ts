import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Browser, origin, webLogin, world } from './browser.fixtures.test.ts';

describe('signing out', () => {
  it('ends the session here, the tokens, and then the session at the provider', async () => {
    const browser = new Browser();
    await browser.signIn();
    const kept = new Map(browser.jar);
    const response = await browser.signOut();
    assert.equal(response.status, 303);
    const to = new URL(response.headers.get('location') ?? '');
    assert.equal(to.origin + to.pathname, `${world.provider.issuer}/logout`);
    assert.ok(to.searchParams.has('id_token_hint'));
    assert.equal(to.searchParams.get('post_logout_redirect_uri'), `${origin}/`);
    assert.equal(world.provider.revoked.length, 2);
    assert.equal(browser.jar.size, 0);
    for (const [name, value] of kept) browser.jar.set(name, value);
    assert.equal(await browser.session(), undefined);
  });

  it('is refused when another site asks for it, or nobody says who asks', async () => {
    const browser = new Browser();
    await browser.signIn();
    for (const headers of [
      { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'null' },
      { 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site', origin: 'null' },
      {},
    ]) {
      assert.equal((await browser.signOut(headers as Record<string, string>)).status, 403);
    }
    assert.equal((await world.web.signOut(browser.request('/auth/sign-out'))).status, 405);
    assert.ok(await browser.session());
  });

  for (const headers of [{ origin }, { 'sec-fetch-site': 'same-origin' }, { 'sec-fetch-site': 'same-origin', origin: 'null' }]) {
    it(`is taken from a page of its own that says ${JSON.stringify(headers)}`, async () => {
      const browser = new Browser();
      await browser.signIn();
      assert.equal((await browser.signOut(headers as Record<string, string>)).status, 303);
    });
  }

  it('works while the provider is down', async () => {
    const browser = new Browser();
    await browser.signIn();
    world.provider.script.down = () => 503;
    assert.equal((await browser.signOut()).status, 303);
    assert.equal(world.events.at(-1)?.code, 'provider_unreachable');
  });

  it('R-078 wins against a refresh whose answer comes later, and the late tokens are revoked', async () => {
    const browser = new Browser();
    await browser.signIn();
    world.time += 600_000;
    const gate = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    world.provider.script.answering = (path) => {
      if (path !== '/token') return;
      arrived.resolve();
      return gate.promise;
    };
    const late = browser.session();
    await arrived.promise;
    const kept = new Map(browser.jar);
    await browser.signOut();
    gate.resolve();
    assert.equal(await late, undefined);
    for (const [name, value] of kept) browser.jar.set(name, value);
    assert.equal(await browser.session(), undefined);
    assert.equal(world.provider.revoked.length, 4);
  });

  it('makes the API refuse tokens of that session, and take those of the next one', async () => {
    const browser = new Browser();
    await browser.signIn();
    const before = await browser.session();
    assert.ok(before);
    assert.equal(await world.web.isEnded(before.identity), false);
    world.time += 5_000;
    await browser.signOut();
    assert.equal(await world.web.isEnded(before.identity), true);
    world.time += 5_000;
    await browser.signIn();
    const after = await browser.session();
    assert.ok(after);
    assert.equal(await world.web.isEnded(after.identity), false);
    await assert.rejects(async () => world.web.isEnded({ ...after.identity }), TypeError);
  });
});

describe('a logout token from the provider', () => {
  const event = { 'http://schemas.openid.net/event/backchannel-logout': {} };
  const claims = (changes: Record<string, unknown> = {}) => {
    const now = Math.floor(world.time / 1000);
    return {
      iss: world.provider.issuer,
      aud: 'shop',
      iat: now,
      exp: now + 120,
      jti: crypto.randomUUID(),
      events: event,
      sid: 'sid-1',
      ...changes,
    };
  };
  const send = async (token: string) =>
    world.web.receiveBackChannelLogout(
      new Request(`${origin}/auth/backchannel-logout`, { method: 'POST', body: new URLSearchParams({ logout_token: token }) }),
    );

  for (const [name, change] of [
    ['the session', {}],
    ['everything of the person', { sid: undefined, sub: 'person-1' }],
  ] as const) {
    it(`ends ${name}`, async () => {
      const browser = new Browser();
      await browser.signIn();
      const response = await send(await world.provider.sign(claims(change), { typ: 'logout+jwt' }));
      assert.equal(response.status, 200);
      assert.match(response.headers.get('cache-control') ?? '', /no-store/);
      assert.equal(await browser.session(), undefined);
    });
  }

  it('R-078 ends a session whose sign-in is just being finished', async () => {
    const browser = new Browser();
    const url = await browser.begin();
    assert.equal((await send(await world.provider.sign(claims()))).status, 200);
    await browser.finish(world.provider.answer(url));
    assert.equal(await browser.session(), undefined);
  });

  it('is refused when it breaks a rule', async () => {
    const browser = new Browser();
    await browser.signIn();
    const wrong: [string, Record<string, unknown>, Record<string, unknown>?][] = [
      ['issuer', { iss: 'https://evil.example' }],
      ['audience', { aud: 'other' }],
      ['expired', { exp: Math.floor(world.time / 1000) - 60 }],
      ['future', { iat: Math.floor(world.time / 1000) + 60 }],
      ['nobody', { sid: undefined }],
      ['no event', { events: {} }],
      ['nonce', { nonce: 'n' }],
      ['no jti', { jti: undefined }],
      ['type', {}, { typ: 'at+jwt' }],
    ];
    for (const [name, change, header] of wrong) {
      assert.equal((await send(await world.provider.sign(claims(change), header))).status, 400, name);
    }
    assert.equal((await send('no token')).status, 400);
    assert.equal((await world.web.receiveBackChannelLogout(new Request(`${origin}/auth/backchannel-logout`))).status, 400);
    assert.ok(await browser.session());
  });

  it('is refused when it comes again', async () => {
    const token = await world.provider.sign(claims());
    assert.equal((await send(token)).status, 200);
    assert.equal((await send(token)).status, 400);
  });

  it('R-061 ends the session at the second try when the store failed at the first', async () => {
    const browser = new Browser();
    await browser.signIn();
    const token = await world.provider.sign(claims());
    const failing = { ...world.sessions, endAtProvider: () => Promise.reject(new Error('the store is down')) };
    const request = () =>
      new Request(`${origin}/auth/backchannel-logout`, { method: 'POST', body: new URLSearchParams({ logout_token: token }) });
    await assert.rejects(webLogin({ sessions: failing }).receiveBackChannelLogout(request()), /the store is down/);
    assert.ok(await browser.session());
    world.time += 10_000;
    assert.equal((await send(token)).status, 200);
    assert.equal(await browser.session(), undefined);
    assert.equal((await send(token)).status, 400);
  });

  it('ends no session that began after it, however often it comes', async () => {
    const token = await world.provider.sign(claims());
    assert.equal((await send(token)).status, 200);
    world.time += 60_000;
    const browser = new Browser();
    await browser.signIn();
    assert.equal((await send(token)).status, 400);
    assert.ok(await browser.session());
  });

  it('is refused when it does not end', async () => {
    const body = `logout_token=${'a'.repeat(40_000)}`;
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    assert.equal((await world.web.receiveBackChannelLogout(new Request(origin, { method: 'POST', body, headers }))).status, 400);
  });
});
