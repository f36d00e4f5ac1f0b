/** Introspection of access tokens tells of now: roles, people, programs. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { applyConfiguration } from '../configuration/apply.ts';
import { setApplicationDisabled } from '../orgs/applications.ts';
import { setRoles } from '../orgs/grants.ts';
import { addSecret } from '../orgs/secrets.ts';
import { createServiceUser } from '../people/service-users.ts';
import { disableUser } from '../people/users.ts';
import { hashOf } from '../secrets/token-format.ts';
import { type OnEngine, startBareOn } from './bare-issuer.fixtures.test.ts';
import { basic, call } from './browser.fixtures.test.ts';
import { claimsOf, engines, introspect, refresh, signIn } from './harness.test.ts';
import { API, OPAQUE_API, SECRET } from './shop.fixtures.test.ts';

const inactive = { active: false };
const program = {
  id: 'program',
  name: 'Program',
  kind: 'web' as const,
  grantTypes: ['client_credentials' as const],
  secret: SECRET,
  resources: ['https://own.example.test'],
};
const own = { id: 'own-api', name: 'Own', resource: 'https://own.example.test', scopes: {}, secret: SECRET };
const more = { projects: [{ id: 'shop', organization: 'shop-org', name: 'Shop', apis: [own], applications: [program] }] };

for (const { engine, skip } of engines) {
  describe(`introspection on ${engine}`, { skip }, () => {
    let on: OnEngine;
    let url: string;
    before(async () => {
      on = await startBareOn(engine, { applicationCache: 50 });
      ({ url } = on);
      await applyConfiguration(on.bare.store, more, { mode: 'development' });
    });
    after(() => on.end());

    const transact: OnEngine['bare']['store']['transaction'] = (work) => on.bare.store.transaction(work);
    const sql = (text: string, ...values: unknown[]) => on.bare.store.run({ name: `test ${hashOf(text).slice(0, 20)}`, text }, values);
    const roles = (userId: string, keys: readonly string[]) =>
      transact((run) => setRoles(run, { organizationId: 'shop-org', userId, projectId: 'shop' }, keys));
    const credentials = async (client: string, resource: string, secret = SECRET) =>
      call(url, '/oauth2/token', { form: { grant_type: 'client_credentials', resource }, headers: basic(client, secret) });
    /** Long enough for the issuer to read registrations again. */
    const noticed = () => pause(60);

    for (const [format, resource, audience] of [
      ['JWT', API, 'api'],
      ['opaque', OPAQUE_API, 'opaque-api'],
    ] as const) {
      it(`S1.6 S1.7 a change of roles is seen at the next introspection of a ${format} token that was issued before`, async () => {
        const { access_token } = (await signIn(url, { resource })).tokens;
        for (const keys of [['support'], [], ['customer']]) {
          await roles('usr_ada', keys);
          assert.deepEqual((await introspect(url, access_token, audience)).roles, keys);
        }
      });

      it(`a ${format} token is not active while its application is disabled`, async () => {
        const { access_token } = (await signIn(url, { resource, client: 'other' })).tokens;
        await transact((run) => setApplicationDisabled(run, 'other', true));
        assert.deepEqual(await introspect(url, access_token, audience), inactive);
        await transact((run) => setApplicationDisabled(run, 'other', false));
        assert.equal((await introspect(url, access_token, audience)).active, true);
      });

      it(`S1.9 a ${format} token of a person who was disabled is not active, and never will be`, async () => {
        const { access_token, refresh_token } = (await signIn(url, { resource })).tokens;
        await disableUser(on.bare.store, 'usr_ada', 'usr_eve');
        assert.deepEqual(await introspect(url, access_token, audience), inactive);
        await sql(`update issuer.users set state = 'active', disabled_at = null where id = 'usr_ada'`);
        assert.deepEqual(await introspect(url, access_token, audience), inactive);
        assert.equal((await refresh(url, refresh_token)).json.error, 'invalid_grant');
      });
    }

    it('S1.11 a service user has its roles of now; disabled it gets no token, and the one it has is not active', async () => {
      const { id, secret } = await transact(async (run) => {
        const user = await createServiceUser(run, {
          organizationId: 'shop-org',
          name: 'Nightly',
          resources: [API],
          scopes: ['orders:read'],
        });
        return { id: user.id, secret: (await addSecret(run, user.id)).secret.reveal() };
      });
      assert.match(id, /^svc_[0-9a-f]{32}$/);
      await roles(id, ['support']);
      const { access_token } = (await credentials(id, API, secret)).json;
      const { sub, client_id, roles: issued, org_id } = claimsOf(access_token);
      assert.deepEqual({ sub, client_id, issued, org_id }, { sub: id, client_id: id, issued: ['support'], org_id: 'shop-org' });
      await roles(id, ['customer']);
      assert.deepEqual((await introspect(url, access_token)).roles, ['customer']);
      await disableUser(on.bare.store, id, 'usr_ada');
      assert.deepEqual(await introspect(url, access_token), inactive);
      const refused = await credentials(id, API, secret);
      assert.deepEqual([refused.status, refused.json.error], [401, 'invalid_client'], 'also while its registration is remembered');
      await noticed();
      assert.equal((await credentials(id, API, secret)).status, 401);
      await sql(`update issuer.users set state = 'active', disabled_at = null where id = $1`, id);
      assert.deepEqual(await introspect(url, access_token), inactive, 'what was ended stays ended');
      await sql(`update issuer.users set access_ended_at = now() - interval '2 seconds' where id = $1`, id);
      await noticed();
      assert.equal((await introspect(url, (await credentials(id, API, secret)).json.access_token)).active, true);
    });

    it('S1.9 an opaque token of a service user who was disabled is not active either', async () => {
      const { id, secret } = await transact(async (run) => {
        const user = await createServiceUser(run, { organizationId: 'shop-org', name: 'Opaque', resources: [OPAQUE_API] });
        return { id: user.id, secret: (await addSecret(run, user.id)).secret.reveal() };
      });
      await roles(id, ['support']);
      const { access_token } = (await credentials(id, OPAQUE_API, secret)).json;
      assert.match(access_token, /^sc_at_/);
      const answer = await introspect(url, access_token, 'opaque-api');
      assert.deepEqual([answer.sub, answer.roles, answer.username], [id, ['support'], 'Opaque']);
      await disableUser(on.bare.store, id, 'usr_ada');
      assert.deepEqual(await introspect(url, access_token, 'opaque-api'), inactive);
      await sql(`update issuer.users set state = 'active', disabled_at = null where id = $1`, id);
      assert.deepEqual(await introspect(url, access_token, 'opaque-api'), inactive, 'what was ended stays ended');
    });

    it('R-035 an issuer admin hears of tokens of every audience, with the roles in its own project', async () => {
      const { access_token } = (await signIn(url)).tokens;
      const ask = async () => {
        await noticed();
        return introspect(url, access_token, 'opaque-api');
      };
      assert.deepEqual(await ask(), inactive);
      await sql(`update issuer.application set issuer_admin = true where id = 'opaque-api'`);
      assert.deepEqual([(await ask()).active, (await ask()).aud], [true, API]);
      await sql(`update issuer.application set issuer_admin = false where id = 'opaque-api'`);
      assert.deepEqual(await ask(), inactive);
    });

    it('a program that is no service user has no roles', async () => {
      const { access_token } = (await credentials('program', own.resource)).json;
      const answer = await introspect(url, access_token, 'own-api');
      assert.deepEqual([answer.active, answer.sub, answer.roles], [true, 'program', []]);
    });
  });
}
