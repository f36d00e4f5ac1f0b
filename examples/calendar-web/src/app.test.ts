/** The planner by its requests: as it is, and as `auth0.diff` makes it. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { typeErrors, variant } from '@safeconduct/test-support/variant';
import { createApp } from './app.ts';
import { origin, type Stage, setStage, Visitor } from './visitor.fixtures.test.ts';

const here = fileURLToPath(new URL('..', import.meta.url));
const withAuth0 = () => variant(here, { parts: ['src', 'package.json'], diffs: ['auth0.diff'] });

for (const dialect of ['safeconduct', 'auth0'] as const) {
  describe(`the planner with ${dialect}`, () => {
    let directory = '';
    let create = createApp;
    let stage: Stage;
    let ada: Visitor;
    before(async () => {
      if (dialect !== 'auth0') return;
      directory = withAuth0();
      create = (await import(join(directory, 'src/app.ts'))).createApp;
    });
    after(() => directory && rmSync(directory, { recursive: true, force: true }));
    beforeEach(async () => {
      stage = await setStage(create, dialect);
      ada = new Visitor(stage);
    });
    afterEach(() => stage.close());

    it('S2.1 B2.1 B2.3 B2.9 begins a sign-in with state, nonce and PKCE, and with no secret in the address', async () => {
      const response = await ada.go('/login');
      assert.equal(response.status, 303);
      const { searchParams } = new URL(response.headers.get('location') ?? '');
      for (const name of ['state', 'nonce', 'code_challenge']) assert.match(searchParams.get(name) ?? '', /^[\w-]{43}$/, name);
      assert.equal(searchParams.get('response_type'), 'code');
      assert.equal(searchParams.get('redirect_uri'), `${origin}/callback`);
      assert.match(searchParams.get('scope') ?? '', /^openid profile email offline_access /);
      for (const name of ['client_secret', 'grant_type', 'prompt']) assert.equal(searchParams.has(name), false, name);
    });

    it('S2.4 S2.5 S2.11 signs in with a verified ID token, and greets by name', async () => {
      const response = await ada.signIn();
      assert.equal(response.headers.get('location'), '/');
      assert.match(await (await ada.go('/')).text(), /Good day, Ada/);
      const { form } = stage.vault.seen.find(({ path }) => path === '/oauth/token') ?? {};
      assert.match(form?.get('code_verifier') ?? '', /^[\w.~-]{43,}$/);
    });

    for (const [what, changes] of [
      ['another state', { state: 'of-somebody-else' }],
      ['no state', { state: undefined }],
      ['the issuer of another provider', { iss: 'https://evil.example' }],
      ['an error and no code', { code: undefined, error: 'access_denied' }],
      ['a code that nobody gave', { code: 'stolen' }],
    ] as const) {
      it(`S2.3 B2.2 B2.4 takes no answer with ${what}, and signs nobody in`, async () => {
        const response = await ada.go(ada.back(await ada.go('/login'), changes));
        assert.ok(response.status === 400 || response.status === 401, String(response.status));
        assert.match(await response.text(), /Sign in again|begin again/);
        assert.match(await (await ada.go('/')).text(), /You are not signed in/);
      });
    }

    it('B2.2 takes no answer in a browser that began nothing, nor the same one twice', async () => {
      const callback = ada.back(await ada.go('/login'));
      assert.equal((await new Visitor(stage).go(callback)).status, 400);
      assert.equal((await new Visitor(stage).go('/callback')).status, 400);
      assert.equal((await ada.go(callback)).status, 303);
      assert.equal((await ada.go(callback)).status, 400);
    });

    it('B2.5 R-077 keeps tokens on the server: a cookie holds a random name, and no page or address a token', async () => {
      await ada.signIn();
      await ada.connect();
      const [session] = ada.jar.values();
      assert.match(session ?? '', /^[\w-]{43}$/);
      const response = await ada.go('/federated/calendar');
      assert.equal(response.headers.get('cache-control'), 'private, no-store');
      assert.doesNotMatch(`${await response.text()} ${stage.logged.join()}`, /eyJ|upstream-|top-secret/);
    });

    it('B2.8 gives the browser a new session when it signs in, and ends the one before', async () => {
      await ada.signIn();
      const old = new Map(ada.jar);
      await ada.signIn();
      assert.notDeepEqual(ada.jar, old);
      const thief = new Visitor(stage);
      for (const [name, value] of old) thief.jar.set(name, value);
      assert.match(await (await thief.go('/')).text(), /You are not signed in/);
    });

    it('B2.7 shows a third party to nobody who is not signed in, and no connection that is not listed', async () => {
      const response = await ada.go('/federated/calendar');
      assert.equal(response.headers.get('location'), '/login?returnTo=%2Ffederated%2Fcalendar');
      await ada.signIn();
      const before = stage.vault.seen.length;
      for (const name of ['github', 'Calendar', '..%2Fadmin', 'constructor'])
        assert.equal((await ada.go(`/federated/${name}`)).status, 404);
      assert.equal(stage.vault.seen.length, before);
    });

    it('B2.10 answers 409 with a way to connect when nothing is connected, and changes nothing by being looked at', async () => {
      await ada.signIn();
      const response = await ada.go('/federated/calendar');
      assert.equal(response.status, 409);
      assert.match(await response.text(), /<form[^>]+method="post" action="\/connect\/calendar"/);
      assert.equal((await ada.go('/connect/calendar')).headers.get('location'), '/federated/calendar');
      assert.equal(stage.vault.seen.filter(({ path }) => path.endsWith('/connect')).length, 0);
    });

    it('S2.6 S2.7 S2.9 connects, then asks the calendar as the person and shows what it answers, as often as wanted', async () => {
      await ada.signIn();
      assert.equal((await ada.connect()).headers.get('location'), '/federated/calendar');
      for (let round = 0; round < 3; round++) {
        const page = await (await ada.go('/federated/calendar')).text();
        assert.match(page, /Parcel &lt;b&gt;now&lt;\/b&gt;/);
        assert.match(page, /<code>calendar<\/code>/);
      }
      assert.deepEqual(
        stage.asked.map((request) => request.headers.get('authorization')),
        Array(3).fill('Bearer upstream-1'),
      );
    });

    it('asks for more when an event is to be added, and adds it once that is allowed', async () => {
      await ada.signIn();
      await ada.connect();
      assert.equal((await ada.go('/federated/calendar')).status, 200);
      const event = { title: ' Tea with Ben ', day: '2026-11-27' };
      const refused = await ada.post('/federated/calendar', event);
      assert.equal(refused.status, 409);
      assert.match(await refused.text(), /name="use" value="add"/);
      const allowed = await ada.go(ada.back(await ada.post('/connect/calendar', { use: 'add' })));
      assert.equal(allowed.headers.get('location'), '/federated/calendar');
      assert.equal((await ada.post('/federated/calendar', event)).headers.get('location'), '/federated/calendar');
      assert.equal(stage.asked.at(-1)?.method, 'POST');
      assert.deepEqual(await stage.asked.at(-1)?.json(), { title: 'Tea with Ben', day: '2026-11-27' });
      for (const wrong of [{}, { title: '', day: '2026-11-27' }, { title: 'x', day: 'soon' }])
        assert.equal((await ada.post('/federated/calendar', wrong)).status, 400);
    });

    it('R-071 finishes a connecting in the session that began it, once', async () => {
      await ada.signIn();
      const callback = ada.back(await ada.post('/connect/calendar'));
      const eve = new Visitor(stage);
      await eve.signIn();
      assert.equal((await eve.go(callback)).status, 400);
      assert.equal((await new Visitor(stage).go(callback)).status, 400);
      assert.equal((await ada.go(callback)).status, 303);
      assert.equal((await ada.go(callback)).status, 400);
    });

    it('says so on a page when the person refused to connect', async () => {
      await ada.signIn();
      const refused = ada.back(await ada.post('/connect/calendar'), { connect_code: undefined, error: 'access_denied' });
      const response = await ada.go(refused);
      assert.equal(response.status, 403);
      assert.match(await response.text(), /Connecting the account was refused or cancelled/);
    });

    it('B2.10 asks to connect again when the calendar does not know the account any more', async () => {
      await ada.signIn();
      await ada.connect();
      stage.answer = () => new Response(null, { status: 401 });
      const response = await ada.go('/federated/calendar');
      assert.equal(response.status, 409);
      assert.match(await response.text(), /Connect Almanac first/);
    });

    for (const [what, answer] of [
      ['nothing', () => new Response('')],
      ['no JSON', () => new Response('<html>')],
      ['500', () => new Response('secret stack trace', { status: 500 })],
      ['a redirect', () => new Response(null, { status: 302, headers: { location: 'https://evil.example/' } })],
      ['more than it may', () => new Response('x'.repeat(1_100_000))],
    ] as const) {
      it(`S2.8 B2.6 B2.10 says what happened when the calendar answers ${what}, and nothing of the inside`, async () => {
        await ada.signIn();
        await ada.connect();
        stage.answer = answer;
        const response = await ada.go('/federated/calendar');
        assert.equal(response.status, 502);
        const page = await response.text();
        assert.match(page, /Almanac gave no answer that can be shown/);
        const reference = /quote <code>(\w{8})<\/code>/.exec(page)?.[1] ?? 'none';
        assert.ok(stage.logged.some((line) => line.includes(reference)));
        assert.doesNotMatch(page, /stack trace|evil|SafeconductError|\.ts:/);
        assert.equal(stage.asked.length, 1);
      });
    }

    it('B2.6 B2.10 answers 503 while the vault cannot be reached', async () => {
      await ada.signIn();
      await ada.connect();
      stage.vault.script.answer = ({ path }) => (path === '/oauth/token' ? new Response('inside: db-7', { status: 503 }) : undefined);
      const response = await ada.go('/federated/calendar');
      assert.equal(response.status, 503);
      assert.doesNotMatch(await response.text(), /inside/);
    });

    it('S2.10 disconnects, signs out here and at the provider, and knows nobody then', async () => {
      await ada.signIn();
      await ada.connect();
      assert.equal((await ada.post('/disconnect/calendar')).headers.get('location'), '/');
      assert.deepEqual(stage.vault.accounts, []);
      assert.equal((await ada.go('/federated/calendar')).status, 409);
      const response = await ada.post('/logout');
      const leave = new URL(response.headers.get('location') ?? '');
      assert.equal(leave.origin + leave.pathname, `${stage.vault.issuer.replace(/\/$/, '')}/oidc/logout`);
      assert.equal(leave.searchParams.get('post_logout_redirect_uri'), `${origin}/`);
      assert.ok(stage.vault.countOf('/oauth/revoke') > 0);
      assert.match(await (await ada.go('/')).text(), /You are not signed in/);
    });

    it('takes forms from its own pages alone', async () => {
      await ada.signIn();
      for (const path of ['/connect/calendar', '/disconnect/calendar', '/logout']) {
        for (const headers of [{ origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.example' }]) {
          assert.equal((await ada.post(path, {}, headers)).status, 403, path);
        }
      }
      assert.match(await (await ada.go('/')).text(), /Good day/);
    });
  });
}

describe('auth0.diff', () => {
  it('compiles', { timeout: 120_000 }, async () => {
    const made = withAuth0();
    const findings = await typeErrors([made], ['src']);
    rmSync(made, { recursive: true, force: true });
    assert.equal(findings, '');
  });
});
