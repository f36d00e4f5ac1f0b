/** What clients without MSAL meet at Entra ID: the older configuration, sign-ins for several APIs, refreshes for none. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { postgresSkipped } from '@safeconduct/test-support/postgres';
import * as client from 'openid-client';
import {
  ADA,
  API,
  API_ID,
  type Asking,
  answerTo,
  claimsOf,
  type EntraWorld,
  type Json,
  OLDER,
  type Program,
  post,
  programOf,
  SCOPE,
  SECRET,
  SLASHED,
  STOCK,
  startEntra,
} from './entra.fixtures.test.ts';
import { CALLBACK, POST_LOGOUT, Visitor } from './world.fixtures.test.ts';

describe('a client of Entra ID without MSAL', { skip: postgresSkipped }, () => {
  let world: EntraWorld;
  let program: Program;
  before(async () => {
    world = await startEntra();
    program = programOf(world);
  });
  after(() => world?.stop());

  const at = (path: string) => program.at(path);
  const tokensOf = async (asking?: Asking, further: Record<string, string> = {}) =>
    (await (await program.tokens(asking)).redeem({}, further)).json;
  const web = { client_id: 'shop-web', client_secret: SECRET };
  const refreshed = async (refresh_token: string, scope: string, path = '/oauth2/v2.0/token'): Promise<Json> =>
    (await post(at(path), { grant_type: 'refresh_token', ...web, refresh_token, scope })).json;

  async function signedInBy(issuer: string, more: Record<string, string> = {}) {
    const configuration = await client.discovery(new URL(issuer), 'shop-web', SECRET);
    const verifier = client.randomPKCECodeVerifier();
    const url = client.buildAuthorizationUrl(configuration, {
      redirect_uri: CALLBACK,
      scope: 'openid profile offline_access',
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...more,
    });
    const { url: back } = await new Visitor(ADA).visit(url.href);
    return { configuration, tokens: await client.authorizationCodeGrant(configuration, back, { pkceCodeVerifier: verifier }) };
  }

  for (const [version, path] of [
    ['2.0', '/v2.0'],
    ['1.0', '/'],
  ] as const) {
    it(`signs in with the configuration of version ${version}, by openid-client`, async () => {
      const { configuration, tokens } = await signedInBy(`${world.authority}${path}`, { resource: OLDER });
      const claims = tokens.claims();
      assert.deepEqual([claims?.iss, claims?.ver, claims?.oid], [`${world.authority}${path}`, version, ADA.id]);
      // What the API wants, whatever the endpoint.
      assert.deepEqual([claimsOf(tokens.access_token).ver, claimsOf(tokens.access_token).aud], ['1.0', OLDER]);
      const renewed = await client.refreshTokenGrant(configuration, tokens.refresh_token ?? '');
      assert.equal(renewed.claims()?.iss, claims?.iss);
      const person = await client.fetchUserInfo(configuration, tokens.access_token, claims?.sub ?? '');
      assert.equal(person.name, ADA.name);
    });
  }

  it('signs out with an ID token of either version', async () => {
    for (const version of ['/v2.0', ''] as const) {
      const { id_token } = await tokensOf({ version });
      const query = new URLSearchParams({ id_token_hint: id_token, post_logout_redirect_uri: POST_LOGOUT, state: 'bye' });
      for (const tenant of [world.tenant, 'common']) {
        const { url } = await new Visitor(ADA).visit(`${program.at(`/oauth2${version}/logout`, tenant)}?${query}`);
        assert.equal(`${url.origin}${url.pathname}`, POST_LOGOUT, `${tenant}${version}`);
      }
    }
  });

  it('signs in for nothing but the person where it names no scope', async () => {
    for (const scope of [undefined, '']) {
      const query = new URLSearchParams({ client_id: 'shop-web', response_type: 'code', redirect_uri: CALLBACK, state: 's' });
      if (scope !== undefined) query.set('scope', scope);
      const answer = await answerTo(`${at('/oauth2/v2.0/authorize')}?${query}`);
      assert.deepEqual([answer.get('error'), answer.has('code')], [null, true]);
    }
  });

  const both = `openid offline_access ${SCOPE} ${STOCK}/stock.read`;

  it('signs in for two APIs, and has a token for the first of them', async () => {
    for (const further of [{}, { scope: both }] as Record<string, string>[]) {
      const { access_token, scope, refresh_token } = await tokensOf({ scope: both }, further);
      assert.deepEqual([claimsOf(access_token).aud, scope], [API_ID, SCOPE]);
      const other = await refreshed(refresh_token, `${STOCK}/stock.read`);
      assert.deepEqual([claimsOf(other.access_token).aud, other.scope], ['stock-api', `${STOCK}/stock.read`]);
    }
    const second = await tokensOf({ scope: both }, { scope: `${STOCK}/stock.read` });
    assert.equal(claimsOf(second.access_token).aud, 'stock-api');
  });

  it('has a token for the first of two APIs on a device and in a page too', async () => {
    const asked = await post(at('/oauth2/v2.0/devicecode'), { client_id: 'shop-terminal', scope: both });
    const { device_code, verification_uri, user_code } = asked.json;
    await new Visitor(ADA).visit(`${verification_uri}?user_code=${user_code}`);
    const form = { grant_type: 'device_code', client_id: 'shop-terminal', code: String(device_code), scope: both };
    const { json } = await post(at('/oauth2/v2.0/token'), form);
    assert.equal(claimsOf(json.access_token).aud, API_ID);
    const query = { client_id: 'shop-web', redirect_uri: CALLBACK, scope: both, response_type: 'id_token token', nonce: 'n' };
    const answer = await answerTo(`${at('/oauth2/v2.0/authorize')}?${new URLSearchParams(query)}`);
    assert.equal(claimsOf(answer.get('access_token') ?? '').aud, API_ID);
  });

  it('has a token for no API when it refreshes the sign-in alone', async () => {
    const { refresh_token, id_token } = await tokensOf({ scope: `openid profile email offline_access ${SCOPE}` });
    for (const [scope, given] of [
      ['User.Read openid profile offline_access', 'openid profile offline_access User.Read'],
      ['User.Read openid email', 'openid profile email User.Read'],
      ['openid profile offline_access', 'openid profile offline_access'],
      ['User.Read', 'openid profile User.Read'],
    ] as const) {
      const { access_token, scope: said } = await refreshed(refresh_token, scope);
      assert.equal(said, given);
      assert.equal(access_token.includes('.'), false, scope);
      const person = await fetch(at('/oidc/userinfo'), { headers: { authorization: `Bearer ${access_token}` } });
      assert.equal(((await person.json()) as Json).sub, claimsOf(id_token).sub);
    }
    const again = await refreshed(refresh_token, '');
    assert.equal(claimsOf(again.access_token).aud, API_ID);
  });

  it('learns no more of a person by a refresh than the sign-in covers', async () => {
    const { refresh_token } = await tokensOf({ scope: `offline_access ${SCOPE}` });
    const signedIn = await tokensOf({ scope: `openid offline_access ${SCOPE}` });
    for (const [token, scope] of [
      [refresh_token, 'User.Read'],
      [refresh_token, 'openid email'],
      [signedIn.refresh_token, 'email'],
      [signedIn.refresh_token, 'User.Read'],
    ] as const) {
      const answer = await refreshed(token, scope);
      assert.deepEqual([answer.error, answer.suberror, 'id_token' in answer], ['invalid_grant', 'consent_required', false], scope);
    }
  });

  it('asks by name for a scope that has a slash in it', async () => {
    const scope = `${SLASHED}/deep/scope`;
    const { access_token, scope: said } = await tokensOf({ scope: `openid ${scope}` });
    assert.deepEqual([claimsOf(access_token).scp, said], ['deep/scope', scope]);
  });

  it('proves itself by its secret whatever empty assertion is beside it, and tokens say so', async () => {
    const { access_token } = await tokensOf({}, { client_assertion: '' });
    assert.equal(claimsOf(access_token).azpacr, '1');
    const form = { grant_type: 'client_credentials', client_id: 'shop-robot', client_secret: SECRET, scope: `${API}/.default` };
    const { json } = await post(at('/oauth2/v2.0/token'), { ...form, client_assertion: '' });
    assert.equal(claimsOf(json.access_token).azpacr, '1');
  });

  it('reads each configuration from a page that adds headers of its own', async () => {
    for (const url of [at('/.well-known/openid-configuration'), `${world.origin}/common/discovery/instance`]) {
      const headers = {
        origin: new URL(CALLBACK).origin,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'client-request-id',
      };
      const preflight = await fetch(url, { method: 'OPTIONS', headers });
      assert.deepEqual([preflight.status, preflight.headers.get('access-control-allow-origin')], [204, '*'], url);
    }
  });
});
