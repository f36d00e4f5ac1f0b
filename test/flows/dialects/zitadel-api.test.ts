/** An API that asks Zitadel about the tokens it gets: of people, of service users, personal ones. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { postgresSkipped } from '@safeconduct/test-support/postgres';
import {
  ADA,
  API,
  ASSERTION,
  basic,
  bearing,
  claimsOf,
  held,
  SECRET,
  signAssertion,
  startZitadel,
  tokensOf,
  urn,
  type World,
} from './zitadel.fixtures.test.ts';

const PROFILE = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

describe('an API', { skip: postgresSkipped }, () => {
  let world: World;
  before(async () => {
    world = await startZitadel();
  });
  after(() => world?.stop());

  const introspect = async (token: string, headers = basic(API)) =>
    world.post('/oauth/v2/introspect', { token, token_type_hint: 'access_token', scope: 'openid' }, headers);
  const assertion = (id: string, how = {}) => signAssertion(world, id, how);

  describe('is told about a personal access token', () => {
    it('S1.4 S1.5 S1.10 who it is of, its roles as an object, and an end; by a secret that nobody encoded', async () => {
      const { token } = await world.personalToken();
      const { status, headers, json } = await introspect(token);
      assert.equal(status, 200);
      assert.match(String(headers.get('content-type')), /^application\/json/);
      const { exp, iat, nbf, jti, updated_at, ...rest } = json;
      for (const time of [exp, iat, nbf, updated_at]) assert.ok(Number.isInteger(time), String(time));
      assert.ok(exp > Date.now() / 1000 && typeof jti === 'string');
      assert.deepEqual(rest, {
        active: true,
        scope: `openid profile ${urn}:user:metadata ${urn}:user:resourceowner ${urn}:org:project:role:read:messages`,
        token_type: 'Bearer',
        sub: 'ci-bot',
        aud: [API, 'shop'],
        iss: world.origin,
        username: 'ci-bot',
        preferred_username: 'ci-bot',
        name: 'CI bot',
        [`${urn}:user:resourceowner:id`]: 'acme',
        [`${urn}:user:resourceowner:name`]: 'ACME',
        [`${urn}:user:resourceowner:primary_domain`]: 'acme.example',
        [`${urn}:org:project:roles`]: held,
        [`${urn}:org:project:shop:roles`]: held,
        'urn:safeconduct:subject': 'ci-bot',
        'urn:safeconduct:organization': 'acme',
      });
    });

    it('S1.6 S1.7 that a role is gone, at the next call, with the same token', async () => {
      const { token } = await world.personalToken();
      await world.admin('DELETE', '/grants/ci-bot/shop/read:messages');
      const { json } = await introspect(token);
      assert.deepEqual([json.active, `${urn}:org:project:roles` in json], [true, false]);
      await world.admin('POST', '/grants', { user: 'ci-bot', project: 'shop', role: 'read:messages' });
      assert.deepEqual((await introspect(token)).json[`${urn}:org:project:roles`], held);
    });

    it('S1.9 nothing but that it is not active, once it is revoked or when nobody knows it', async () => {
      const { id, token } = await world.personalToken();
      assert.equal((await introspect(token)).json.active, true);
      await world.admin('DELETE', `/tokens/${id}`);
      for (const bad of [token, 'nr9vnUTkQkn4rxWk', 'a.b.c']) {
        const { status, json } = await introspect(bad);
        assert.deepEqual([status, json], [200, { active: false }]);
      }
    });

    it('S1.12 nothing when it is for another project', async () => {
      const { token } = await world.personalToken('https://depot.example');
      assert.deepEqual((await introspect(token)).json, { active: false });
      assert.equal((await introspect(token, basic('depot-api'))).json.active, true);
    });
  });

  describe('is told about a person’s token', () => {
    it('S1.11 who it is and what the scopes ask for', async () => {
      const { access_token } = await tokensOf(world, { parameters: { scope: `openid email ${urn}:org:project:role:admin` } });
      const { json } = await introspect(access_token);
      assert.deepEqual([json.active, json.sub, json.client_id, json.email], [true, ADA.id, 'cli', ADA.email]);
      assert.equal(json.scope, `openid email ${urn}:org:project:role:admin`);
      assert.deepEqual(json[`${urn}:org:project:roles`], { admin: { acme: 'acme.example' } });
      assert.ok(json.aud.includes(API) && json.aud.includes('shop'));
    });

    it('whichever API of the project asks, and none of another project', async () => {
      const { access_token } = await tokensOf(world);
      const proof = { client_assertion_type: ASSERTION, client_assertion: await assertion('jwt-api') };
      for (let time = 0; time < 2; time++) {
        const { status, json } = await world.post('/oauth/v2/introspect', { token: access_token, ...proof });
        assert.deepEqual([status, json.active], [200, true]);
      }
      assert.deepEqual((await introspect(access_token, basic('depot-api'))).json, { active: false });
    });

    it('that it ended, though it is a JWT', async () => {
      const { access_token } = await tokensOf(world, { parameters: { client_id: 'web', scope: `openid ${urn}:org:project:id:shop:aud` } });
      const claims = claimsOf(access_token);
      assert.deepEqual([claims.iss, claims.sub, claims.client_id, claims.nbf], [world.origin, ADA.id, 'web', claims.iat]);
      assert.ok(!('scope' in claims) && Array.isArray(claims.aud) && claims.aud.includes('shop'));
      const proof = { client_assertion_type: ASSERTION, client_assertion: await assertion('jwt-api') };
      const ask = async () => (await world.post('/oauth/v2/introspect', { token: access_token, ...proof })).json.active;
      assert.equal(await ask(), true);
      assert.equal((await world.post('/oauth/v2/revoke', { token: access_token }, basic('web'))).status, 200);
      assert.equal(await ask(), false);
    });

    it('and takes no ID token for an access token, though the same key signed it', async () => {
      const { id_token } = await tokensOf(world);
      assert.deepEqual((await introspect(id_token)).json, { active: false });
      assert.equal((await world.get('/oidc/v1/userinfo', bearing(id_token))).status, 401);
    });

    it('of another project that the token was asked for', async () => {
      const scope = `openid ${urn}:org:project:id:shop:aud ${urn}:org:project:id:depot:aud ${urn}:org:project:id:nowhere:aud`;
      const { access_token } = await tokensOf(world, { parameters: { client_id: 'web', scope } });
      const { aud } = claimsOf(access_token);
      assert.ok(Array.isArray(aud) && aud.includes('depot') && aud.includes('shop') && !aud.includes('nowhere'));
      const { json } = await introspect(access_token, basic('depot-api'));
      assert.equal(json.active, true);
      assert.deepEqual(json[`${urn}:org:project:roles`], { picker: { acme: 'acme.example' } });
    });
  });

  describe('is told about a service user', () => {
    it('that came with a secret', async () => {
      const scope = `openid profile ${urn}:org:project:id:shop:aud ${urn}:org:projects:roles`;
      const answer = await world.post('/oauth/v2/token', { grant_type: 'client_credentials', scope }, basic('ci-bot'));
      assert.equal(answer.status, 200);
      assert.equal(answer.json.scope, scope);
      const { json } = await introspect(answer.json.access_token);
      assert.deepEqual([json.active, json.sub, json.client_id, json.username, json.name], [true, 'ci-bot', 'ci-bot', 'ci-bot', 'CI bot']);
      assert.deepEqual(json[`${urn}:org:project:roles`], held);
    });

    it('that came with a key and nothing else: the JWT profile', async () => {
      const scope = `openid profile ${urn}:org:project:id:shop:aud`;
      for (const audience of [world.origin, [world.origin, 'https://elsewhere.example']]) {
        const form = { grant_type: PROFILE, scope, assertion: await assertion('key-bot', { audience }) };
        for (let time = 0; time < 2; time++) {
          const { status, json } = await world.post('/oauth/v2/token', form);
          assert.deepEqual([status, json.token_type], [200, 'Bearer'], JSON.stringify(json));
          assert.deepEqual([(await introspect(json.access_token)).json.sub], ['key-bot']);
        }
      }
    });

    it('never, when its assertion is old, for somebody else, or not signed by it', async () => {
      const bad = [
        await assertion('key-bot', { age: 3700 }),
        await assertion('key-bot', { audience: 'https://elsewhere.example' }),
        await assertion('ci-bot'),
        await assertion('key-bot', { dated: false }),
        'x.y.z',
      ];
      for (const one of bad) {
        const { status, json } = await world.post('/oauth/v2/token', { grant_type: PROFILE, assertion: one, scope: 'openid' });
        assert.deepEqual([status, json.error], [400, 'invalid_grant'], JSON.stringify(json));
      }
      const { status, json } = await world.post('/oauth/v2/token', { grant_type: PROFILE, scope: 'openid' });
      assert.deepEqual([status, json], [400, { error: 'invalid_request', error_description: 'assertion is missing' }]);
    });

    it('of no organization but its own', async () => {
      const scope = (organization: string) => `openid ${urn}:org:id:${organization}`;
      for (const [asked, told] of [
        [scope('acme'), scope('acme')],
        [scope('globex'), 'openid'],
      ] as const) {
        const { json } = await world.post('/oauth/v2/token', { grant_type: 'client_credentials', scope: asked }, basic('ci-bot'));
        assert.deepEqual([json.scope, (await introspect(json.access_token)).json.scope], [told, told]);
      }
    });
  });

  it('R-033 takes one assertion again and again, writes that down, and not for an application that refuses it', async () => {
    const once = { grant_type: PROFILE, scope: 'openid', assertion: await assertion('strict-bot') };
    const { status, json } = await world.post('/oauth/v2/token', once);
    assert.deepEqual([status, json.error], [400, 'invalid_grant']);
    assert.ok((await world.events('dialect.lenient')).some(({ client, reason }) => client === 'key-bot' && reason === 'assertion_reuse'));
  });

  it('must prove itself, by one way at a time', async () => {
    const { token } = await world.personalToken();
    const wrong = await introspect(token, basic(API, 'another'));
    assert.deepEqual([wrong.status, wrong.json.error], [401, 'invalid_client']);
    const none = await introspect(token, {});
    assert.deepEqual([none.status, none.json.error], [401, 'invalid_client']);
    const two = await world.post('/oauth/v2/introspect', { token, client_id: API, client_secret: SECRET }, basic(API));
    assert.deepEqual(two.json, { error: 'invalid_request', error_description: 'client authentication must not use more than one method' });
    const nobody = await world.post('/oauth/v2/introspect', { token, client_id: 'cli' });
    assert.deepEqual([nobody.status, nobody.json.error], [401, 'invalid_client']);
    const undated = { client_assertion_type: ASSERTION, client_assertion: await assertion('jwt-api', { dated: false }) };
    const refused = await world.post('/oauth/v2/introspect', { token, ...undated });
    assert.deepEqual([refused.status, refused.json.error], [401, 'invalid_client']);
  });

  it('says what is wrong with a token request by the codes that Zitadel has', async () => {
    const asked = async (form: Record<string, string>, headers = basic('ci-bot'), query = '') => {
      const { status, json } = await world.post(`/oauth/v2/token${query}`, form, headers);
      return [status, json.error];
    };
    const grant_type = 'client_credentials';
    assert.deepEqual(await asked({ grant_type }, basic('ci-bot', 'wrong')), [401, 'invalid_client']);
    assert.deepEqual(await asked({ grant_type }, basic('web')), [400, 'unauthorized_client']);
    assert.deepEqual(await asked({ grant_type: 'password' }), [400, 'unsupported_grant_type']);
    assert.deepEqual(await asked({}, basic('ci-bot'), `?grant_type=${grant_type}`), [400, 'invalid_request']);
    assert.deepEqual(await asked({ grant_type, resource: 'https://jwt.example' }), [400, 'invalid_target']);
  });

  it('S0.11 finds no token, code, secret or assertion in the log', async () => {
    const { token } = await world.personalToken();
    await introspect(token);
    const lines = world.log.join('');
    assert.ok(lines.includes('/oauth/v2/introspect') || lines.includes('introspect'), 'the log is there');
    for (const secret of [token, SECRET, ADA.password, 'eyJ']) assert.ok(!lines.includes(secret), secret.slice(0, 8));
  });
});
