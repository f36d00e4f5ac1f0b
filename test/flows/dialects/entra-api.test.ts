/** What APIs and plain clients of Entra ID see: keys, verification, both versions of tokens, the login button of OpenAPI pages. */
import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { postgresSkipped } from '@safeconduct/test-support/postgres';
import { createLocalJWKSet, createRemoteJWKSet, type JSONWebKeySet, jwtVerify, SignJWT, UnsecuredJWT } from 'jose';
import {
  ADA,
  API,
  API_ID,
  type Asking,
  answerTo,
  claimsOf,
  type EntraWorld,
  headerOf,
  type Json,
  keysAt,
  OLDER,
  type Program,
  post,
  programOf,
  SCOPE,
  SECRET,
  startEntra,
} from './entra.fixtures.test.ts';
import { BEN, CALLBACK, GUS, OTHER_ORG, Visitor } from './world.fixtures.test.ts';

describe('an API of Entra ID', { skip: postgresSkipped }, () => {
  let world: EntraWorld;
  let program: Program;
  before(async () => {
    // Beside another dialect, whose paths these must not be in the way of.
    world = await startEntra({ origin: 'auth0+entra' });
    program = programOf(world);
  });
  after(() => world?.stop());

  const at = (path: string, tenant?: string) => program.at(path, tenant);
  const tokens = (asking?: Asking) => program.tokens(asking);
  const tokensOf = async (asking?: Asking) => (await (await tokens(asking)).redeem()).json;

  const page = { origin: new URL(CALLBACK).origin, 'x-requested-with': 'XMLHttpRequest' };

  describe('verifies', () => {
    it('S3.2 S3.4 by the configuration alone', async () => {
      const configuration = (await (await fetch(at('/v2.0/.well-known/openid-configuration?appid=x'))).json()) as Record<string, string>;
      assert.match(configuration.jwks_uri ?? '', /\/discovery\/v2\.0\/keys$/);
      const { access_token } = await tokensOf();
      const { payload } = await jwtVerify(access_token, createRemoteJWKSet(new URL(configuration.jwks_uri ?? '')), {
        algorithms: ['RS256'],
        audience: API_ID,
        issuer: configuration.issuer ?? '',
        requiredClaims: ['exp', 'nbf', 'iat', 'sub'],
      });
      assert.deepEqual([payload.tid, payload.oid, payload.roles], [world.tenant, ADA.id, ['customer', 'read:messages']]);
    });

    it('S3.3 by the first certificate alone', async () => {
      const { access_token } = await tokensOf();
      const { kid } = headerOf(access_token);
      const key = (await keysAt(at('/discovery/v2.0/keys'))).find((one) => one.kid === kid);
      assert.ok(key);
      const der = Buffer.from(key.x5c[0] ?? '', 'base64');
      const { publicKey } = new X509Certificate(der);
      await jwtVerify(access_token, publicKey, { algorithms: ['RS256'], audience: API_ID });
      assert.equal(createHash('sha1').update(der).digest('base64url'), key.kid);
      const { n, e } = publicKey.export({ format: 'jwk' });
      const published = key as unknown as Record<string, unknown>;
      assert.deepEqual([n, e, published.x5t, published.alg], [published.n, published.e, kid, undefined]);
    });

    it('S3.5 no token that another key signed, none without a signature, and none by a shared secret', async () => {
      const keys = { keys: await keysAt(at('/discovery/v2.0/keys')) } as unknown as JSONWebKeySet;
      const { access_token } = await tokensOf();
      const claims = claimsOf(access_token);
      const { kid = '' } = headerOf(access_token);
      const stolen = new TextEncoder().encode(JSON.stringify(keys.keys[0]));
      const forged = [
        new UnsecuredJWT({ ...claims }).encode(),
        await new SignJWT({ ...claims }).setProtectedHeader({ alg: 'HS256', kid: String(kid) }).sign(stolen),
        `${access_token.slice(0, access_token.lastIndexOf('.'))}.${'A'.repeat(342)}`,
      ];
      for (const token of forged) {
        await assert.rejects(jwtVerify(token, createLocalJWKSet(keys), { algorithms: ['RS256'], audience: API_ID }));
        const { status } = await fetch(at('/oidc/userinfo'), { headers: { authorization: `Bearer ${token}` } });
        assert.equal(status, 401);
      }
    });

    it('tokens of its own tenant where keys of all tenants are published', async () => {
      const { access_token } = await tokensOf();
      const { kid } = headerOf(access_token);
      assert.equal(
        (await keysAt(at('/discovery/v2.0/keys', OTHER_ORG))).some((one) => one.kid === kid),
        false,
      );
      const all = await keysAt(`${world.origin}/common/discovery/v2.0/keys`);
      assert.equal(all.find((one) => one.kid === kid)?.issuer, `${world.authority}/v2.0`);
      assert.ok(all.some(({ issuer }) => issuer !== `${world.authority}/v2.0`));
    });
  });

  it('S3.6 has a login button in its OpenAPI page: code and PKCE from the page, no secret', async () => {
    const { redeem } = await tokens({ client: 'shop-spa', scope: SCOPE });
    const preflight = await fetch(at('/oauth2/v2.0/token'), {
      method: 'OPTIONS',
      headers: { ...page, 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-requested-with' },
    });
    assert.match(preflight.headers.get('access-control-allow-headers') ?? '', /x-requested-with/i);
    const { status, headers, json } = await redeem(page);
    assert.deepEqual([status, headers.get('access-control-allow-origin'), json.scope], [200, page.origin, SCOPE]);
  });

  it('takes the code of a single-page application from its page alone, and any other from no page', async () => {
    const spa = await (await tokens({ client: 'shop-spa' })).redeem();
    assert.match(spa.json.error_description, /^AADSTS9002327: /);
    const web = await (await tokens()).redeem(page);
    assert.match(web.json.error_description, /^AADSTS9002326: /);
  });

  it('gets tokens of version 1 when it wants them, at endpoints of either version', async () => {
    for (const [version, more, aud] of [
      ['', { resource: OLDER, scope: 'openid' }, OLDER],
      ['/v2.0', { scope: 'openid older-api/use' }, 'older-api'],
    ] as const) {
      const { access_token } = await tokensOf({ version, more });
      const claims = claimsOf(access_token);
      const header = headerOf(access_token);
      assert.deepEqual([claims.ver, claims.iss, claims.aud, claims.appid], ['1.0', `${world.authority}/`, aud, 'shop-web']);
      assert.deepEqual([claims.upn, claims.scp, header.x5t], [ADA.email, 'use', header.kid]);
    }
  });

  it('gives no right at any API to who only asks for a sign-in', async () => {
    const { scope, access_token } = await tokensOf({ scope: 'openid profile email' });
    assert.deepEqual([scope, access_token.includes('.')], ['openid profile email', false]);
  });

  it('tells who the person is at userinfo, with a token of either version or of none, and at the address without a tenant', async () => {
    for (const more of [{}, { scope: 'openid profile older-api/use' }, { scope: 'openid profile User.Read' }]) {
      const { access_token, id_token } = await tokensOf({ more });
      for (const url of [at('/oidc/userinfo'), at('/openid/userinfo'), `${world.origin}/oidc/userinfo`]) {
        const response = await fetch(url, { headers: { authorization: `Bearer ${access_token}` } });
        const { sub, name } = (await response.json()) as Json;
        assert.deepEqual([response.status, sub, name], [200, claimsOf(id_token).sub, ADA.name], url);
      }
    }
  });

  it('knows a guest, with the roles that this tenant gave', async () => {
    const { access_token } = await tokensOf({ person: GUS as typeof ADA });
    const { acct, idp, tid, roles } = claimsOf(access_token);
    assert.deepEqual([acct, tid, roles], [1, world.tenant, ['support']]);
    assert.match(String(idp), new RegExp(`^${world.origin}/[\\da-f-]{36}/$`));
  });

  it('R-031 lets nobody sign in at a tenant that is not theirs', async () => {
    const query = new URLSearchParams({
      client_id: 'shop-web',
      response_type: 'code',
      redirect_uri: CALLBACK,
      scope: 'openid',
      code_challenge: 'x'.repeat(43),
      code_challenge_method: 'S256',
    });
    const { response, body } = await new Visitor(BEN).visit(`${at('/oauth2/v2.0/authorize', OTHER_ORG)}?${query}`);
    assert.equal(response.headers.get('location'), null);
    assert.match(body, /role="alert"/);
  });

  it('leaves the root of its origin to the dialect that is there', async () => {
    const found = (await (await fetch(`${world.origin}/.well-known/openid-configuration`)).json()) as Json;
    assert.equal(found.issuer, `${world.origin}/`);
  });

  it('finds a tenant by its domain', async () => {
    const found = (await (await fetch(at('/v2.0/.well-known/openid-configuration', 'shop.example'))).json()) as Json;
    assert.equal(found.issuer, `${world.authority}/v2.0`);
  });

  it('numbers a tenant that does not exist', async () => {
    const form = { grant_type: 'client_credentials', client_id: 'shop-robot', client_secret: SECRET };
    const { status, json } = await post(at('/oauth2/v2.0/token', 'nobody.example'), form);
    assert.deepEqual([status, json.error, json.error_codes], [400, 'invalid_tenant', [90002]]);
    assert.equal((await fetch(at('/v2.0/.well-known/openid-configuration', 'nobody.example'))).status, 400);
  });

  it('answers in the page by form_post and in a fragment, with an ID token that has its hashes', async () => {
    for (const [response_type, response_mode] of [
      ['code id_token', 'form_post'],
      ['id_token', 'fragment'],
      ['id_token token', 'fragment'],
    ] as const) {
      const more = { response_type, response_mode, nonce: 'n', scope: `openid profile ${SCOPE}` };
      const query = new URLSearchParams({ client_id: 'shop-web', redirect_uri: CALLBACK, state: 's', ...more });
      const answer = await answerTo(`${at('/oauth2/v2.0/authorize')}?${query}`);
      const claims = claimsOf(answer.get('id_token') ?? '');
      assert.deepEqual([claims.nonce, claims.oid, claims.aud], ['n', ADA.id, 'shop-web'], response_type);
      assert.equal('c_hash' in claims, response_type.includes('code'));
      const token = answer.get('access_token');
      assert.equal(token !== null, response_type === 'id_token token');
      // Nobody has proved to be the application there.
      if (token !== null) assert.deepEqual([claimsOf(token).azpacr, answer.get('scope')], ['0', SCOPE]);
    }
    const reasons = (await world.events('dialect.lenient')).map(({ reason }) => reason);
    assert.ok(reasons.includes('token_in_address'), String(reasons));
  });

  it('keeps an old refresh token good, and says so in the audit log', async () => {
    const { refresh_token } = await tokensOf();
    const form = { grant_type: 'refresh_token', client_id: 'shop-web', client_secret: SECRET, refresh_token };
    for (let time = 0; time < 2; time++) assert.equal((await post(at('/oauth2/v2.0/token'), form)).status, 200);
    const reasons = (await world.events('dialect.lenient')).map(({ reason }) => reason);
    assert.ok(reasons.includes('refresh_token_reuse'), String(reasons));
  });

  it('R-033 refuses a wrong secret with a number and a trace, and keeps the secret out of its log', async () => {
    const form = { grant_type: 'client_credentials', client_id: 'shop-robot', client_secret: `${SECRET}x`, scope: `${API}/.default` };
    const { status, json, headers } = await post(at('/oauth2/v2.0/token?client-request-id=x'), form);
    assert.deepEqual([status, json.error, json.error_codes], [401, 'invalid_client', [7000215]]);
    assert.equal(headers.get('x-ms-request-id'), json.trace_id);
    const named = '11111111-2222-4333-8444-555555555555';
    assert.equal((await post(at(`/oauth2/v2.0/token?client-request-id=${named}`), form)).json.correlation_id, named);
    assert.equal((await post(at('/oauth2/v2.0/token'), form, { 'client-request-id': named })).json.correlation_id, named);
    assert.equal(headers.get('cache-control'), 'no-store');
    assert.equal(JSON.stringify(json).includes(SECRET), false);
    assert.equal(world.log.join('').includes(SECRET), false);
  });

  it('S3.12 acts on behalf of people only with a token that is for it, and only until they sign out', async () => {
    const { access_token, id_token, refresh_token } = await tokensOf();
    const obo = (assertion: string, more: Record<string, string> = {}) =>
      post(at('/oauth2/v2.0/token'), {
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        requested_token_use: 'on_behalf_of',
        client_id: API_ID,
        client_secret: SECRET,
        scope: 'api://stock/.default',
        assertion,
        ...more,
      });
    const good = await obo(access_token);
    const { oid, 'urn:safeconduct:token': own } = claimsOf(good.json.access_token);
    assert.deepEqual([good.status, oid, (own as { act?: unknown }).act], [200, ADA.id, { sub: API_ID }]);
    const [noted] = await world.sql(`select actor, client, details from issuer.event where type = 'token.delegated'`);
    assert.deepEqual(noted, { actor: ADA.id, client: API_ID, details: { resource: 'api://stock' } });
    const robot = await post(at('/oauth2/v2.0/token'), {
      grant_type: 'client_credentials',
      client_id: 'shop-robot',
      client_secret: SECRET,
      scope: `${API}/.default`,
    });
    for (const other of [robot.json.access_token, good.json.access_token, id_token, refresh_token])
      assert.equal((await obo(other)).json.error, 'invalid_grant');
    assert.equal((await obo(access_token, { requested_token_use: '' })).json.error, 'invalid_request');
    assert.equal((await obo(access_token, { scope: SCOPE })).json.error, 'invalid_resource');
    const other = { client_id: 'shop-web' };
    assert.equal((await obo(access_token, other)).json.error, 'invalid_grant');
    const nobody = await obo(access_token, { client_id: 'shop-spa', client_secret: '' });
    assert.equal(nobody.json.error, 'unauthorized_client');
    await world.sql(`update issuer.artifact set revoked_at = now() where kind = 'Grant' and account_id = $1`, [ADA.id]);
    assert.equal((await obo(access_token)).json.error, 'invalid_grant');
  });

  it('connects a device where people of all tenants sign in', async () => {
    const asked = await post(at('/oauth2/v2.0/devicecode', 'common'), { client_id: 'shop-terminal', scope: `openid profile ${SCOPE}` });
    const { device_code, verification_uri, user_code, message } = asked.json;
    assert.match(String(message), new RegExp(`enter the code ${user_code} `));
    const form = {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      client_id: 'shop-terminal',
      device_code: String(device_code),
    };
    const pending = await post(at('/oauth2/v2.0/token', 'common'), form);
    assert.deepEqual([pending.status, pending.json.error], [400, 'authorization_pending']);
    await new Visitor(ADA).visit(`${verification_uri}?user_code=${user_code}`);
    const { status, json } = await post(at('/oauth2/v2.0/token', 'common'), form);
    assert.deepEqual([status, claimsOf(json.access_token).tid, claimsOf(json.id_token).oid], [200, world.tenant, ADA.id]);
  });

  it('vouches for its own origin in instance discovery', async () => {
    const url = `${world.origin}/common/discovery/instance?api-version=1.1&authorization_endpoint=${encodeURIComponent(at('/oauth2/v2.0/authorize'))}`;
    const { tenant_discovery_endpoint } = (await (await fetch(url)).json()) as Json;
    assert.equal(tenant_discovery_endpoint, at('/v2.0/.well-known/openid-configuration'));
  });
});
