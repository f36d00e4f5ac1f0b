import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startScriptedProvider } from '@safeconduct/test-support/scripted-provider';
import { generic } from '../../../core/providers/generic.ts';
import { Browser, origin, webLogin, world } from './browser.fixtures.test.ts';

describe('a session', () => {
  it('R-077 ends when it idles and after its lifetime', async () => {
    const idle = new Browser();
    await idle.signIn();
    world.time += 86_400_000 + 1;
    assert.equal(await idle.session(), undefined);
    const busy = new Browser();
    await busy.signIn();
    for (let day = 1; day < 14; day++) {
      world.time += 43_200_000;
      assert.ok(await busy.session(), `half-day ${day}`);
    }
    world.time += 43_200_000;
    assert.equal(await busy.session(), undefined);
  });

  it('R-075 refreshes once for all requests that come at the same time', async () => {
    const browser = new Browser();
    await browser.signIn();
    world.time += 600_000;
    const found = await Promise.all(Array.from({ length: 20 }, () => browser.session()));
    const tokens = await Promise.all(found.map((session) => session?.accessToken()));
    assert.equal(new Set(tokens).size, 1);
    assert.equal(world.provider.calls.get('/token'), 2);
  });

  it('R-076 gives each person the token of their own session', async () => {
    const [ada, ben] = [new Browser(), new Browser()];
    await ada.signIn();
    await ben.signIn();
    world.time += 600_000;
    const tokens = await Promise.all([ada, ben, ada, ben].map(async (browser) => (await browser.session())?.accessToken()));
    assert.equal(tokens[0], tokens[2]);
    assert.equal(tokens[1], tokens[3]);
    assert.notEqual(tokens[0], tokens[1]);
  });

  it('ends when the provider refuses to refresh it', async () => {
    const browser = new Browser();
    await browser.signIn();
    world.time += 600_000;
    world.provider.script.tokenRefusal = () => ({ status: 400, body: '{"error":"invalid_grant"}' });
    assert.equal(await browser.session(), undefined);
    world.provider.script = {};
    assert.equal(await browser.session(), undefined);
  });

  it('R-096 survives a provider that is down, and lets nobody in meanwhile', async () => {
    const browser = new Browser();
    await browser.signIn();
    world.time += 600_000;
    world.provider.script.down = () => 503;
    await assert.rejects(browser.session(), { code: 'provider_unreachable' });
    world.provider.script = {};
    assert.equal((await browser.session())?.identity.subject, 'person-1');
  });

  for (const [status, error, code] of [
    [401, 'invalid_client', 'provider_invalid'],
    [400, 'unauthorized_client', 'provider_invalid'],
    [400, 'temporarily_unavailable', 'provider_unreachable'],
  ] as const) {
    it(`R-096 outlives an answer about the application and not about the person: ${error}`, async () => {
      const browser = new Browser();
      await browser.signIn();
      world.time += 600_000;
      world.provider.script.tokenRefusal = () => ({ status, body: JSON.stringify({ error }) });
      await assert.rejects(browser.session(), { code });
      world.provider.script = {};
      assert.equal((await browser.session())?.identity.subject, 'person-1');
    });
  }

  it('lasts without a refresh token, though its access token does not', async () => {
    world.provider.script.tokenAnswer = ({ refresh_token: _, ...rest }) => rest;
    const browser = new Browser();
    await browser.signIn();
    assert.ok(await (await browser.session())?.accessToken());
    world.time += 600_000;
    const session = await browser.session();
    assert.equal(session?.identity.subject, 'person-1');
    await assert.rejects(async () => session?.accessToken(), { code: 'session_missing' });
  });

  it('R-074 of another provider or application is none, and its tokens go to nobody else', async (t) => {
    const browser = new Browser();
    await browser.signIn();
    const kept = new Map(browser.jar);
    const other = await startScriptedProvider();
    t.after(() => other.close());
    const moved = webLogin({}, { provider: generic({ issuer: other.issuer }) });
    const renamed = webLogin({}, { clientId: 'another' });
    for (const at of [moved, renamed]) {
      assert.equal(await browser.session(at), undefined);
      const leave = { method: 'POST', headers: { origin, 'sec-fetch-site': 'same-origin' } };
      assert.equal((await at.signOut(browser.request('/auth/sign-out', leave))).headers.get('location'), '/');
    }
    assert.deepEqual([...other.revoked, ...world.provider.revoked], []);
    world.time += 600_000;
    assert.equal(await browser.session(moved), undefined);
    assert.deepEqual(browser.jar, kept);
    assert.equal((await browser.session())?.identity.subject, 'person-1');
  });

  it('is not read from a cookie that comes twice', async () => {
    const browser = new Browser();
    await browser.signIn();
    const mine = `safeconduct-session=${browser.jar.get('safeconduct-session')}`;
    const request = new Request(origin, { headers: { cookie: `${mine}; safeconduct-session=${'A'.repeat(43)}` } });
    assert.equal(await world.web.sessionOf(request), undefined);
  });
});
