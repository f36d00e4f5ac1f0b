/** Refresh tokens: grace, reuse, wrong client, refused requests, lifetimes, and what must still be true when one is used. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { artifactId } from './artifact.ts';
import { Browser } from './browser.fixtures.test.ts';
import { claimsOf, engines, introspect, refresh, signIn, startIssuer, type TestIssuer } from './harness.test.ts';
import { API, EVE, OPAQUE_API } from './shop.fixtures.test.ts';

for (const { engine, skip } of engines) {
  describe(`a refresh token on ${engine}`, { skip }, () => {
    let issuer: TestIssuer;
    let url: string;
    before(async () => {
      issuer = await startIssuer(engine);
      ({ url } = issuer);
    });
    after(() => issuer.stop());

    // These look at rows, or age them, over a connection of their own: the embedded engine has but one.
    const outside = { skip: engine === 'pglite' && 'PGlite serves one process and one connection' };

    const rotated = async () => {
      const parent = (await signIn(url)).tokens.refresh_token;
      return { parent, child: String((await refresh(url, parent)).json.refresh_token) };
    };
    const status = async (...[token, client, more]: [string, string?, Record<string, string>?]) =>
      (await refresh(url, token, client, more)).status;
    const age = (token: string, seconds: number) =>
      issuer.sql(
        'update issuer.artifact set consumed_at = now() - make_interval(secs => $2) where id = $1',
        artifactId('RefreshToken', token),
        seconds,
      );

    it('R-024 is replaced by each use and looks like sc_rt_…', async () => {
      const { parent, child } = await rotated();
      assert.notEqual(parent, child);
      assert.match(child, /^sc_rt_[0-9A-Za-z]{46}$/);
    });

    it('R-025 may be sent again inside the grace window, and gives the same child', async () => {
      const { parent, child } = await rotated();
      assert.equal((await refresh(url, parent)).json.refresh_token, child);
      assert.equal(await status(child), 200);
    });

    it('R-025 checks a retry for itself: it may ask for another API than the first try did', async () => {
      const { parent } = await rotated();
      const back = await signIn(url, { more: { resource: '' }, resource: API });
      assert.equal(await status(parent, 'cli', { resource: OPAQUE_API }), 400, 'an API that was not granted');
      assert.equal(await status(back.tokens.refresh_token), 200);
    });

    it('R-024 R-027 ends its family when it is used after the grace window, and says so in the audit log', outside, async () => {
      const { parent, child } = await rotated();
      await age(parent, 11);
      assert.equal(await status(parent), 400);
      assert.equal(await status(child), 400);
      const events = await issuer.sql(`select client, actor, reason from issuer.event where type = 'refresh.reused'`);
      assert.deepEqual(events.at(-1), { client: 'cli', actor: 'usr_ada', reason: 'family_ended' });
    });

    it('R-025 ends its family when a grandparent is used, even inside the window', async () => {
      const { parent, child } = await rotated();
      const { access_token, refresh_token } = (await refresh(url, child)).json;
      assert.equal(await status(parent), 400);
      assert.equal(await status(refresh_token), 400);
      assert.deepEqual(await introspect(url, access_token), { active: false });
    });

    it('R-026 is not harmed by another client, whether used or not', outside, async () => {
      const { parent, child } = await rotated();
      await age(parent, 11);
      assert.equal(await status(parent, 'other'), 400);
      assert.equal(await status(child, 'other'), 400);
      assert.equal(await status(child), 200);
    });

    it('R-026 is not harmed by a request whose client cannot prove itself', async () => {
      const { refresh_token } = (await signIn(url, { client: 'web' })).tokens;
      assert.equal(await status(refresh_token, 'web', { client_secret: 'wrong' }), 401);
      assert.equal(await status(refresh_token, 'web'), 200);
    });

    it('R-029 is not used up by a request that is refused after the rotation', outside, async () => {
      const { child } = await rotated();
      const refused = await refresh(url, child, 'cli', { resource: 'https://not-granted.example.test' });
      assert.equal(refused.json.error, 'invalid_target');
      const [row] = await issuer.sql('select consumed_at from issuer.artifact where id = $1', artifactId('RefreshToken', child));
      assert.equal(row?.consumed_at, null);
      assert.equal(await status(child), 200);
    });

    it('R-029 narrows and never widens its scope', async () => {
      const { refresh_token } = (await signIn(url, { scope: 'openid offline_access orders:read orders:write' })).tokens;
      const narrow = (await refresh(url, refresh_token, 'cli', { scope: 'orders:read' })).json;
      assert.equal(claimsOf(narrow.access_token).scope, 'orders:read');
      const wide = (await signIn(url, { scope: 'openid offline_access orders:read' })).tokens.refresh_token;
      assert.equal((await refresh(url, wide, 'cli', { scope: 'orders:read orders:write' })).json.error, 'invalid_scope');
    });

    it("R-037 leaves neither its value nor its child's in the database", outside, async () => {
      const { parent, child } = await rotated();
      const [row] = await issuer.sql(`select string_agg(a::text, ' ') as dump from issuer.artifact a`);
      assert.ok(!String(row?.dump).includes(parent) && !String(row?.dump).includes(child));
    });

    it('R-024 lives 7 days unused, 30 days at most, and in a browser not beyond the first', outside, async () => {
      const left = async (token: string) => {
        const [row] = await issuer.sql(
          'select extract(epoch from expires_at - now())::int as left from issuer.artifact where id = $1',
          artifactId('RefreshToken', token),
        );
        return Number(row?.left);
      };
      const begun = (token: string, days: number) =>
        issuer.sql(
          `update issuer.artifact set payload = jsonb_set(payload, '{iiat}', to_jsonb(floor(extract(epoch from now())) - $2::int * 86400)) where id = $1`,
          artifactId('RefreshToken', token),
          days,
        );
      const near = (actual: number, days: number) => assert.ok(Math.abs(actual - days * 86_400) < 60, `${actual / 86_400} days`);
      const native = (await signIn(url)).tokens.refresh_token;
      near(await left(native), 7);
      await begun(native, 28);
      near(await left((await refresh(url, native)).json.refresh_token), 2);
      const spa = (await signIn(url, { client: 'spa' })).tokens.refresh_token;
      await begun(spa, 5);
      near(await left((await refresh(url, spa, 'spa')).json.refresh_token), 2);
    });

    it('R-028 is refused when its application is disabled', outside, async () => {
      const { refresh_token } = (await signIn(url, { client: 'other' })).tokens;
      await issuer.sql(`update issuer.application set disabled_at = now() where id = 'other'`);
      const deadline = performance.now() + 8_000;
      let answer = await refresh(url, refresh_token, 'other');
      // An application may be remembered for five seconds.
      while (answer.status === 200 && performance.now() < deadline) answer = await refresh(url, answer.json.refresh_token, 'other');
      assert.equal(answer.json.error, 'invalid_client');
      await issuer.sql(`update issuer.application set disabled_at = null where id = 'other'`);
    });

    it('R-028 carries the roles of now, and is refused when its person is disabled', outside, async () => {
      const { tokens } = await signIn(url, { browser: new Browser(url, { user: EVE }) });
      assert.deepEqual(claimsOf(tokens.access_token).roles, ['support']);
      await issuer.sql(
        `insert into issuer.role_grant (organization_id, user_id, project_id, role_key) values ('shop-org', $1, 'shop', 'customer')`,
        EVE.id,
      );
      const answer = (await refresh(url, tokens.refresh_token)).json;
      assert.deepEqual(claimsOf(answer.access_token).roles, ['customer', 'support']);
      await issuer.sql(`update issuer.users set state = 'disabled' where id = $1`, EVE.id);
      assert.equal((await refresh(url, answer.refresh_token)).json.error, 'invalid_grant');
      await issuer.sql(`update issuer.users set state = 'active' where id = $1`, EVE.id);
    });
  });
}
