/** A program in a terminal signs its user in as it would at Zitadel, with nothing but a domain and a client id. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { postgresSkipped } from '@safeconduct/test-support/postgres';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { Visitor } from './world.fixtures.test.ts';
import {
  ADA,
  API,
  basic,
  bearing,
  CALLBACK,
  claimsOf,
  type Json,
  OLA,
  signIn,
  startZitadel,
  tokensOf,
  urn,
  type World,
} from './zitadel.fixtures.test.ts';

describe('a program in a terminal', { skip: postgresSkipped }, () => {
  let world: World;
  before(async () => {
    world = await startZitadel();
  });
  after(() => world?.stop());

  it('S0.2 is sent back with a code to a redirect URI without a path, without state or nonce', async () => {
    const { left } = await signIn(world);
    assert.equal(`${left.origin}${left.pathname}`, `${CALLBACK}/`);
    assert.deepEqual([...left.searchParams.keys()], ['code', 'iss']);
  });

  it('S0.5 gets an ID token and an access token for the code, without a secret', async () => {
    const { id_token, access_token, token_type, expires_in } = await tokensOf(world);
    assert.equal(typeof id_token, 'string');
    assert.equal(typeof access_token, 'string');
    assert.deepEqual([token_type, Number.isInteger(expires_in)], ['Bearer', true]);
  });

  it('S0.6 is refused with a wrong verifier, another redirect URI, or a code a second time', async () => {
    for (const wrong of [{ code_verifier: 'x'.repeat(43) }, { redirect_uri: 'http://localhost:8082' }]) {
      const { form } = await signIn(world);
      const { status, json } = await world.post('/oauth/v2/token', { ...form, ...wrong });
      assert.deepEqual([status, json.error], [400, 'invalid_grant']);
    }
    const { form } = await signIn(world);
    assert.equal((await world.post('/oauth/v2/token', form)).status, 200);
    const again = await world.post('/oauth/v2/token', form);
    assert.deepEqual([again.status, again.json.error], [400, 'invalid_grant']);
  });

  it('S0.7 S0.8 S0.9 S0.10 verifies the ID token by what discovery names', async () => {
    const { json: metadata } = await world.get('/.well-known/openid-configuration');
    assert.deepEqual(metadata.id_token_signing_alg_values_supported, ['RS256']);
    const { json: keys } = await world.get(new URL(metadata.jwks_uri).pathname);
    for (const key of keys.keys) assert.deepEqual([typeof key.kid, key.use, key.kty], ['string', 'sig', 'RSA']);
    const { id_token, access_token } = await tokensOf(world);
    const { payload } = await jwtVerify(id_token, createLocalJWKSet(keys as JSONWebKeySet), {
      issuer: world.origin,
      audience: 'cli',
      algorithms: metadata.id_token_signing_alg_values_supported,
    });
    assert.equal(payload.sub, 'usr_ada');
    assert.ok(Number(payload.iat) <= Date.now() / 1000);
    const half = createHash('sha256').update(access_token).digest().subarray(0, 16).toString('base64url');
    assert.equal(payload.at_hash, half);
  });

  it('tells who somebody is: in the ID token, at userinfo, with roles as objects', async () => {
    const scope = `openid profile email ${urn}:user:resourceowner ${urn}:user:metadata ${urn}:unheard-of`;
    const { id_token, access_token, scope: granted } = await tokensOf(world, { parameters: { scope, nonce: 'n-1' } });
    assert.equal(granted, `openid profile email ${urn}:user:resourceowner ${urn}:user:metadata`);
    const claims = claimsOf(id_token);
    assert.deepEqual(claims.aud, ['cli', API, 'ci-bot', 'elsewhere', 'jwt-api', 'key-bot', 'strict-bot', 'strict-web', 'web', 'shop']);
    assert.deepEqual([claims.azp, claims.client_id, claims.nonce, claims.amr], ['cli', 'cli', 'n-1', ['pwd']]);
    const { status, json: userinfo } = await world.get('/oidc/v1/userinfo', bearing(access_token));
    assert.equal(status, 200);
    for (const told of [claims, userinfo]) {
      assert.deepEqual([told.sub, told.name, told.email, told.email_verified], [ADA.id, 'Ada Keller', ADA.email, true]);
      assert.deepEqual([told.preferred_username, Number.isInteger(told.updated_at)], [ADA.email, true]);
      assert.deepEqual(told[`${urn}:org:project:roles`], { admin: { acme: 'acme.example' }, 'read:messages': { acme: 'acme.example' } });
      assert.equal(told[`${urn}:user:resourceowner:id`], 'acme');
      assert.deepEqual(told[`${urn}:user:metadata`], { shoe: 'Mzg' });
    }
  });

  it('is told at userinfo what is wrong with a token, in Zitadel’s words', async () => {
    const none = await world.get('/oidc/v1/userinfo');
    assert.deepEqual([none.status, none.json], [401, { error: 'invalid_request', error_description: 'access token missing' }]);
    const bad = await world.get('/oidc/v1/userinfo', bearing('nr9vnUTkQkn4rxWk'));
    assert.deepEqual([bad.status, bad.json], [401, { error: 'access_denied', error_description: 'access token invalid' }]);
  });

  it('gets a new refresh token each time, with the scopes it was granted, and none for one that was used', async () => {
    const { refresh_token } = await tokensOf(world, { parameters: { scope: `openid offline_access ${urn}:user:resourceowner` } });
    const refresh = (token: unknown, more = {}) =>
      world.post('/oauth/v2/token', { grant_type: 'refresh_token', client_id: 'cli', refresh_token: String(token), ...more });
    const { status, json } = await refresh(refresh_token, { scope: `openid ${urn}:user:metadata` });
    assert.equal(status, 200);
    assert.notEqual(json.refresh_token, refresh_token);
    const claims = claimsOf(json.id_token);
    assert.equal(claims[`${urn}:user:resourceowner:id`], 'acme');
    assert.ok(!(`${urn}:user:metadata` in claims));
    assert.equal((await refresh(json.refresh_token)).status, 200);
    const { status: refused, json: error } = await refresh(refresh_token);
    assert.deepEqual([refused, error.error], [400, 'invalid_grant']);
  });

  it('signs out without a question, comes back with its state, and has to sign in again', async () => {
    const browser = new Visitor(ADA);
    const { id_token } = await tokensOf(world, { browser });
    const bye = `${CALLBACK}/bye`;
    const leave = async (named: Record<string, string>) => {
      const asked = new URLSearchParams({ ...named, post_logout_redirect_uri: bye, state: 's' });
      return (await browser.visit(`${world.origin}/oidc/v1/end_session?${asked}`)).url;
    };
    assert.equal((await leave({ id_token_hint: id_token })).href, `${bye}?state=s`);
    const { left } = await signIn(world, { browser, parameters: { prompt: 'none' } });
    assert.equal(left.searchParams.get('error'), 'login_required');
    await tokensOf(world, { browser });
    assert.equal((await leave({ client_id: 'cli' })).href, `${bye}?state=s`);
    assert.ok((await world.events('dialect.lenient')).some(({ client, reason }) => client === 'cli' && reason === 'unasked_logout'));
    assert.equal((await signIn(world, { browser, parameters: { prompt: 'none' } })).left.searchParams.get('error'), 'login_required');
  });

  it('signs in on another device', async () => {
    const started = await world.post('/oauth/v2/device_authorization', { client_id: 'cli', scope: 'openid profile' });
    const { device_code, user_code, verification_uri, verification_uri_complete, interval, expires_in } = started.json;
    assert.deepEqual([verification_uri, typeof interval, typeof expires_in], [`${world.origin}/device`, 'number', 'number']);
    const grant_type = 'urn:ietf:params:oauth:grant-type:device_code';
    const poll = () => world.post('/oauth/v2/token', { grant_type, client_id: 'cli', device_code });
    const pending = await poll();
    assert.deepEqual([pending.status, pending.json.error], [400, 'authorization_pending']);
    assert.match(user_code, /^[A-Z]{4}-[A-Z]{4}$/);
    assert.ok(String(verification_uri_complete).includes(user_code));
  });

  it('must be an application of this dialect', async () => {
    const asked = new URLSearchParams({ client_id: 'elsewhere', redirect_uri: CALLBACK, response_type: 'code', scope: 'openid' });
    const { status, headers } = await fetch(`${world.origin}/oauth/v2/authorize?${asked}`, { redirect: 'manual' });
    assert.deepEqual([status, headers.get('location')], [400, null]);
    const token = await world.post('/oauth/v2/token', { grant_type: 'refresh_token', client_id: 'elsewhere', refresh_token: 'none' });
    assert.deepEqual([token.status, token.json.error], [401, 'invalid_client']);
  });

  it('may leave PKCE out where it has a secret, which is written down and can be refused', async () => {
    const without = (client_id: string) => signIn(world, { parameters: { client_id }, pkce: false });
    const { form } = await without('web');
    assert.equal((await world.post('/oauth/v2/token', form, basic('web'))).status, 200);
    assert.ok((await world.events('dialect.lenient')).some(({ client, reason }) => client === 'web' && reason === 'missing_pkce'));
    assert.equal((await without('strict-web')).left.searchParams.get('error'), 'invalid_request');
    assert.equal((await without('cli')).left.searchParams.get('error'), 'invalid_request');
  });

  it('may come back to any port of localhost, which is written down', async () => {
    const { form } = await signIn(world, { parameters: { redirect_uri: 'http://localhost:18081' } });
    assert.equal((await world.post('/oauth/v2/token', form)).status, 200);
    assert.ok((await world.events('dialect.lenient')).some(({ client, reason }) => client === 'cli' && reason === 'localhost_redirect'));
  });

  it('lets only people of the organization in that its scopes demand', async () => {
    for (const scope of [`openid ${urn}:org:id:acme`, `openid ${urn}:org:domain:primary:acme.example`]) {
      const { id_token } = await tokensOf(world, { parameters: { scope } });
      const claims = claimsOf(id_token);
      assert.equal(claims[`${urn}:org:id`] ?? claims[`${urn}:org:domain:primary`], scope.split(':').at(-1));
      const browser = new Visitor(OLA);
      const { body, form } = await signIn(world, { browser, parameters: { scope } });
      assert.deepEqual([form.code, body.includes('You are not in this organization')], ['', true]);
      // Whoever is signed in already is not let in either.
      assert.notEqual((await signIn(world, { browser })).form.code, '');
      const { left } = await signIn(world, { browser, parameters: { scope, prompt: 'none' } });
      assert.deepEqual([left.searchParams.get('code'), typeof left.searchParams.get('error')], [null, 'string']);
    }
  });

  it('gets its ID token at once, and an access token beside it unless it refuses that', async () => {
    const implicit = (client_id: string, response_type: string) =>
      signIn(world, { pkce: false, parameters: { client_id, response_type, nonce: 'n-2', scope: 'openid email', redirect_uri: CALLBACK } });
    const answer = async (client_id: string, response_type: string) =>
      Object.fromEntries(new URLSearchParams((await implicit(client_id, response_type)).left.hash.slice(1)));
    const alone = await answer('web', 'id_token');
    assert.deepEqual([claimsOf(alone.id_token ?? '').nonce, alone.access_token], ['n-2', undefined]);
    const both = await answer('web', 'id_token token');
    const half = createHash('sha256').update(String(both.access_token)).digest().subarray(0, 16).toString('base64url');
    assert.equal(claimsOf(both.id_token ?? '').at_hash, half);
    assert.ok((await world.events('dialect.lenient')).some(({ client, reason }) => client === 'web' && reason === 'token_in_address'));
    const refused = await answer('strict-web', 'id_token token');
    assert.deepEqual([typeof refused.error, refused.access_token], ['string', undefined]);
  });

  it('gets a code that is worth nothing at the issuer’s own origin', async () => {
    const { form } = await signIn(world);
    const answer = await fetch(`${world.home}/oauth2/token`, { method: 'POST', body: new URLSearchParams(form) });
    assert.deepEqual([answer.status, ((await answer.json()) as Json).error], [400, 'invalid_grant']);
    assert.equal((await world.post('/oauth/v2/token', form)).status, 200);
  });
});
