/** Personal access tokens at the endpoints: what an API hears of one, and from when on it hears nothing. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { applyConfiguration } from '../configuration/apply.ts';
import { setApplicationDisabled } from '../orgs/applications.ts';
import { setRoles } from '../orgs/grants.ts';
import { createAccessToken, listAccessTokens, type NewAccessToken, revokeAccessToken } from '../people/access-tokens.ts';
import { createServiceUser } from '../people/service-users.ts';
import { disableUser } from '../people/users.ts';
import { hashOf, newToken } from '../secrets/token-format.ts';
import type { Row } from '../store/database.ts';
import { type OnEngine, startBareOn } from './bare-issuer.fixtures.test.ts';
import { basic, call } from './browser.fixtures.test.ts';
import { engines, introspect } from './harness.test.ts';
import { API, OPAQUE_API, SECRET } from './shop.fixtures.test.ts';

const inactive = { active: false };
const elsewhere = {
  organizations: [{ id: 'else-org', name: 'Elsewhere' }],
  projects: [
    {
      id: 'else',
      organization: 'else-org',
      name: 'Elsewhere',
      roles: { boss: 'Boss' },
      apis: [{ id: 'else-api', name: 'Else', resource: 'https://api.else.test', scopes: { 'else:run': 'Run' }, secret: SECRET }],
    },
  ],
};
const [READ, WRITE] = ['orders:read', 'orders:write'];

for (const { engine, skip } of engines) {
  describe(`personal access tokens on ${engine}`, { skip }, () => {
    let on: OnEngine;
    let url: string;
    before(async () => {
      on = await startBareOn(engine);
      ({ url } = on);
      await applyConfiguration(on.bare.store, elsewhere, { mode: 'development' });
      await transact((run) => createServiceUser(run, { id: 'svc_bot', organizationId: 'shop-org', name: 'CI bot' }));
    });
    after(() => on.end());

    const transact: OnEngine['bare']['store']['transaction'] = (work) => on.bare.store.transaction(work);
    const sql = (text: string, ...values: unknown[]): Promise<Row[]> =>
      on.bare.store.run({ name: `test ${hashOf(text).slice(0, 20)}`, text }, values);
    const create = async (more: Partial<NewAccessToken> = {}) => {
      const wanted = { userId: 'svc_bot', name: 'CI', resources: [API], scopes: [READ], createdBy: 'usr_ada', ...more };
      const { token, metadata } = await transact((run) => createAccessToken(run, wanted));
      return { ...metadata, value: token.reveal() };
    };
    const roles = (userId: string, projectId: string, keys: readonly string[]) =>
      transact((run) => setRoles(run, { organizationId: 'shop-org', userId, projectId }, keys));

    it('R-141 S1.4 S1.11 tells the API whose it is, until when, and what it may do', async () => {
      await roles('svc_bot', 'shop', ['customer']);
      const { value, id, createdAt, expiresAt } = await create();
      const answer = await introspect(url, value);
      assert.deepEqual(answer, {
        active: true,
        iss: url,
        sub: 'svc_bot',
        client_id: 'svc_bot',
        username: 'CI bot',
        aud: API,
        scope: READ,
        roles: ['customer'],
        org_id: 'shop-org',
        jti: id,
        iat: Math.floor(createdAt.getTime() / 1000),
        exp: Math.floor(expiresAt.getTime() / 1000),
        token_type: 'Bearer',
      });
    });

    it("names no application for a person's token, and not the person's e-mail", async () => {
      const answer = await introspect(url, (await create({ userId: 'usr_ada' })).value);
      assert.deepEqual(
        [answer.active, answer.sub, answer.client_id, answer.username, answer.roles],
        [true, 'usr_ada', undefined, undefined, ['customer']],
      );
    });

    it('S1.6 S1.7 tells the roles of now: a role that is given or taken away counts at the next call', async () => {
      const { value } = await create();
      for (const keys of [['support'], ['customer', 'support'], []]) {
        await roles('svc_bot', 'shop', keys);
        assert.deepEqual((await introspect(url, value)).roles, keys);
      }
    });

    it('S1.12 R-035 tells nothing to an API that it is not for, nor to an application', async () => {
      const { value } = await create();
      for (const caller of ['opaque-api', 'stranger', 'else-api', 'web', 'job'])
        assert.deepEqual(await introspect(url, value, caller), inactive);
    });

    it('R-035 tells each of its APIs the scopes that it knows and the roles of its own project only', async () => {
      await roles('svc_bot', 'shop', ['support']);
      await roles('svc_bot', 'else', ['boss']);
      const { value } = await create({ resources: [API, 'https://api.else.test'], scopes: [READ, WRITE, 'else:run'] });
      const [shop, other] = [await introspect(url, value), await introspect(url, value, 'else-api')];
      assert.deepEqual([shop.scope, shop.roles], [`${READ} ${WRITE}`, ['support']]);
      assert.deepEqual([other.scope, other.roles], ['else:run', ['boss']]);
      for (const { aud } of [shop, other]) assert.deepEqual(aud, [API, 'https://api.else.test']);
    });

    it('S1.9 is over at once when it is revoked, has expired, or its user is disabled or removed', async () => {
      const revoked = await create();
      await transact((run) => revokeAccessToken(run, revoked.id));
      const expired = await create();
      await sql('update issuer.personal_access_token set expires_at = now() where id = $1', expired.id);
      await transact((run) => createServiceUser(run, { id: 'svc_gone', organizationId: 'shop-org', name: 'Gone' }));
      const disabled = await create({ userId: 'svc_gone' });
      assert.equal((await introspect(url, disabled.value)).active, true);
      await disableUser(on.bare.store, 'svc_gone', 'usr_ada');
      for (const { value } of [revoked, expired, disabled]) assert.deepEqual(await introspect(url, value), inactive);
      await sql(`update issuer.users set state = 'active' where id = 'svc_gone'`);
      assert.deepEqual(await introspect(url, disabled.value), inactive, 'what was ended stays ended');
      const removed = await create({ userId: 'svc_gone' });
      await sql(`delete from issuer.users where id = 'svc_gone'`);
      assert.deepEqual(await introspect(url, removed.value), inactive);
    });

    it("is not active while its service user's application is disabled", async () => {
      const { value } = await create();
      await transact((run) => setApplicationDisabled(run, 'svc_bot', true));
      assert.deepEqual(await introspect(url, value), inactive);
      await transact((run) => setApplicationDisabled(run, 'svc_bot', false));
      assert.equal((await introspect(url, value)).active, true);
    });

    it('R-037 S1.9 is compared whole: no part, longer, altered or unknown value is one', async () => {
      const { value, prefix } = await create();
      const swapped = value.slice(0, -1) + (value.endsWith('0') ? '1' : '0');
      const candidates = [
        prefix,
        value.slice(0, -1),
        `${value}0`,
        ` ${value}`,
        `${value} `,
        `${value}\n`,
        value.toLowerCase(),
        value.replace('sc_pat_', 'sc_at_'),
        value.replace('sc_pat_', ''),
        swapped,
        newToken('pat'),
        'sc_pat_%',
      ];
      for (const token of candidates) assert.deepEqual(await introspect(url, token), inactive, token);
      assert.equal((await introspect(url, value)).active, true);
    });

    it('R-141 notes its last use once a minute, and only a use by an API that it is for', async () => {
      const { value, id } = await create();
      const lastUsed = async () => (await listAccessTokens(on.bare.store.run, 'svc_bot')).find((one) => one.id === id)?.lastUsedAt;
      await introspect(url, value, 'stranger');
      assert.equal(await lastUsed(), undefined);
      await Promise.all(Array.from({ length: 8 }, () => introspect(url, value)));
      const first = await lastUsed();
      assert.ok(first && Date.now() - first.getTime() < 60_000);
      await introspect(url, value);
      assert.deepEqual(await lastUsed(), first);
      await sql(`update issuer.personal_access_token set last_used_at = now() - interval '61 seconds' where id = $1`, id);
      await introspect(url, value);
      assert.ok(Number(await lastUsed()) >= Number(first));
    });

    it('introspection waits for nobody who changes the token at the same moment', async () => {
      if (engine === 'pglite') return;
      const { value, id } = await create();
      await transact(async (run) => {
        await run({ name: 'hold token', text: 'select from issuer.personal_access_token where id = $1 for update' }, [id]);
        assert.equal((await introspect(url, value)).active, true);
      });
    });

    it('R-036 cannot be ended at the revocation endpoint, which says so and where to', async () => {
      const { value } = await create();
      for (const token of [value, newToken('pat')]) {
        const { status, json } = await call(url, '/oauth2/revoke', { form: { token }, headers: basic('api') });
        assert.deepEqual([status, json.error], [400, 'unsupported_token_type']);
        assert.match(json.error_description, /revoked by their id/);
      }
      assert.equal((await introspect(url, value)).active, true);
    });

    it('is no sign-in: userinfo refuses it', async () => {
      const { value } = await create({ userId: 'usr_ada' });
      assert.equal((await call(url, '/oauth2/userinfo', { headers: { authorization: `Bearer ${value}` } })).status, 401);
    });

    it('is good for an API with opaque tokens, too', async () => {
      assert.equal((await introspect(url, (await create({ resources: [OPAQUE_API] })).value, 'opaque-api')).active, true);
    });
  });
}
