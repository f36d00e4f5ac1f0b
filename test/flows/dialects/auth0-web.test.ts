/** A web application as https://auth0.com/docs shows it: a secret, JSON, no PKCE, the user's profile, third parties' tokens. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { postgresSkipped } from '@safeconduct/test-support/postgres';
import {
  type Auth0World,
  authorize,
  decoded,
  postJson,
  signIn,
  startAuth0World,
  type Tokens,
  withStrictApplication,
} from './auth0.fixtures.test.ts';
import { ADA, API, CALLBACK, OTHER_ORG, POST_LOGOUT, SECRET, SHOP_ORG, Visitor } from './world.fixtures.test.ts';

const CLIENT = { client_id: 'shop-web', client_secret: SECRET };

describe('an Auth0 origin', () => {
  let world: Auth0World;
  let origin = '';
  before(async () => {
    world = await startAuth0World(withStrictApplication);
    ({ origin } = world);
  });
  after(() => world?.stop());

  const token = <B = Tokens>(body: object, headers = {}) => postJson<B>(`${origin}/oauth/token`, body, headers);
  const userinfo = async (bearer: string) => {
    const response = await fetch(`${origin}/userinfo`, { headers: { authorization: `Bearer ${bearer}` } });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  it('S2.11 says who it is, with a slash at the end, and publishes RS256 only', async () => {
    const found = (await (await fetch(`${origin}/.well-known/openid-configuration`)).json()) as Record<string, unknown>;
    assert.equal(found.issuer, `${origin}/`);
    assert.equal(found.authorization_endpoint, `${origin}/authorize`);
    assert.equal(found.token_endpoint, `${origin}/oauth/token`);
    assert.equal(found.userinfo_endpoint, `${origin}/userinfo`);
    assert.equal(found.jwks_uri, `${origin}/.well-known/jwks.json`);
    assert.equal(found.revocation_endpoint, `${origin}/oauth/revoke`);
    assert.equal(found.end_session_endpoint, `${origin}/oidc/logout`);
    assert.equal(found.device_authorization_endpoint, `${origin}/oauth/device/code`);
    assert.deepEqual(found.id_token_signing_alg_values_supported, ['RS256']);
    const { keys } = (await (await fetch(String(found.jwks_uri))).json()) as { keys: Record<string, unknown>[] };
    for (const key of keys) {
      assert.deepEqual([key.kty, key.use, key.alg], ['RSA', 'sig', 'RS256']);
      assert.equal(key.x5t, key.kid);
      assert.ok(Array.isArray(key.x5c));
    }
  });

  it('S2.2 S2.4 S2.5 takes a sign-in with a secret in the address, JSON at the token endpoint, and tells who it is', async () => {
    const browser = new Visitor();
    const scope = 'offline_access openid profile email';
    const asked = { ...CLIENT, response_type: 'code', redirect_uri: CALLBACK, scope, prompt: 'consent', state: 'of the app' };
    const back = await authorize(origin, { ...asked, access_type: 'offline', grant_type: 'authorization_code' }, browser);
    assert.equal(back.origin + back.pathname, CALLBACK);
    assert.equal(back.searchParams.get('state'), 'of the app');
    const code = back.searchParams.get('code');
    const { status, body } = await token({ ...CLIENT, grant_type: 'authorization_code', code, redirect_uri: CALLBACK, organization: null });
    assert.equal(status, 200, JSON.stringify(body));
    assert.ok(body.refresh_token);
    assert.equal(body.token_type, 'Bearer');
    const seen = await userinfo(body.access_token);
    assert.equal(seen.body.sub, `auth0|${ADA.id}`);
    assert.equal(seen.body.name, ADA.name);
    assert.equal(seen.body.email, ADA.email);
    assert.match(String(seen.body.updated_at), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    const picture = await fetch(String(seen.body.picture));
    assert.equal(picture.headers.get('content-type'), 'image/svg+xml');
    assert.ok(!world.log.join('').includes(SECRET), 'the secret is in no log');
  });

  it('B2.1 writes down that a secret was in an address, and that there was no PKCE', { skip: postgresSkipped }, async () => {
    const seen = await world.events('client.secret_in_address');
    assert.deepEqual([seen.length, seen[0]?.client], [1, 'shop-web']);
    const lenient = await world.events('dialect.lenient');
    assert.ok(lenient.some(({ reason, client }) => reason === 'missing_pkce' && client === 'shop-web'));
  });

  it('B2.1 R-020 R-024 lets an application do without what is unsafe: no secret in an address, PKCE, new refresh tokens, a question', async () => {
    const strict = { client_id: 'strict-web', client_secret: SECRET };
    const given = {
      client_id: 'strict-web',
      response_type: 'code',
      redirect_uri: CALLBACK,
      scope: 'openid offline_access',
      state: 's',
      nonce: 'n',
    };
    const verifier = randomBytes(32).toString('base64url');
    const pkce = { code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256' };
    const browser = new Visitor();
    for (const unsafe of [given, { ...given, ...pkce, client_secret: SECRET }]) {
      const back = await authorize(origin, unsafe, browser);
      assert.equal(back.searchParams.get('error'), 'invalid_request', back.href);
    }
    const code = (await authorize(origin, { ...given, ...pkce }, browser)).searchParams.get('code');
    const asked = { ...strict, grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: verifier };
    const { body } = await token(asked);
    const renewed = await token({ ...strict, grant_type: 'refresh_token', refresh_token: body.refresh_token });
    assert.equal(renewed.status, 200, JSON.stringify(renewed.body));
    assert.ok(renewed.body.refresh_token && renewed.body.refresh_token !== body.refresh_token);
    const out = await browser.send(`${origin}/v2/logout?${new URLSearchParams({ returnTo: POST_LOGOUT, client_id: 'strict-web' })}`);
    assert.equal(out.status, 200);
    assert.match(await out.text(), /Sign out/);
  });

  it('gives a JWT for an API, with permissions, and an ID token with the profile in it', async () => {
    const tokens = await signIn(world, { scope: 'openid profile email offline_access orders:read read:messages orders:fly', nonce: 'n' });
    const { header, payload } = decoded(tokens.access_token);
    assert.deepEqual([header.alg, header.typ], ['RS256', 'JWT']);
    assert.equal(payload.iss, `${origin}/`);
    assert.equal(payload.sub, `auth0|${ADA.id}`);
    assert.deepEqual(payload.aud, [API, `${origin}/userinfo`]);
    assert.equal(payload.azp, 'shop-web');
    assert.deepEqual(
      String(payload.scope).split(' ').toSorted(),
      'email offline_access openid orders:read profile read:messages'.split(' '),
    );
    assert.deepEqual([...(payload.permissions as string[])].toSorted(), ['customer', 'read:messages']);
    assert.equal(payload.org_id, SHOP_ORG);
    assert.deepEqual(String(tokens.scope).split(' ').toSorted(), String(payload.scope).split(' ').toSorted());
    const { payload: id } = decoded(tokens.id_token);
    assert.deepEqual([id.sub, id.aud, id.nonce, id.nickname, id.email], [payload.sub, 'shop-web', 'n', 'ada', ADA.email]);
    assert.equal((await userinfo(tokens.access_token)).body.sub, payload.sub, 'a token for an API is good for userinfo, too');
  });

  it('gives an opaque token when no API is named', async () => {
    for (const audience of ['', `${origin}/userinfo`]) {
      const tokens = await signIn(world, { audience, scope: 'openid email' });
      assert.equal(tokens.access_token.split('.').length, 1);
      assert.equal((await userinfo(tokens.access_token)).body.email, ADA.email);
    }
  });

  it('takes the secret in the form, in JSON and by Basic', async () => {
    const basic = `Basic ${Buffer.from(`shop-web:${SECRET}`).toString('base64')}`;
    const { refresh_token: refreshToken } = await signIn(world);
    const asked = { grant_type: 'refresh_token', refresh_token: refreshToken };
    assert.equal((await token({ ...CLIENT, ...asked })).status, 200);
    assert.equal((await token(asked, { authorization: basic })).status, 200);
    const form = await fetch(`${origin}/oauth/token`, { method: 'POST', body: new URLSearchParams({ ...CLIENT, ...asked } as never) });
    assert.equal(form.status, 200);
    const wrong = await token({ ...CLIENT, ...asked, client_secret: 'guessed' });
    assert.deepEqual([wrong.status, wrong.body.error], [401, 'invalid_client']);
  });

  it('S2.9 R-024 keeps the refresh token of an application with a secret, and says which errors SDKs look for', async () => {
    const { refresh_token: refreshToken = '' } = await signIn(world, { nonce: 'n' });
    for (let time = 0; time < 3; time++) {
      const { status, body } = await token({ ...CLIENT, grant_type: 'refresh_token', refresh_token: refreshToken });
      assert.equal(status, 200, JSON.stringify(body));
      assert.equal(body.refresh_token, undefined, 'it stays the same');
      assert.equal(decoded(body.id_token).payload.nonce, undefined);
    }
    const revoked = await postJson(`${origin}/oauth/revoke`, { ...CLIENT, token: refreshToken });
    assert.equal(revoked.status, 200);
    const { status, body } = await token({ ...CLIENT, grant_type: 'refresh_token', refresh_token: refreshToken });
    assert.deepEqual([status, body.error, body.error_description], [403, 'invalid_grant', 'Unknown or invalid refresh token.']);
    const code = await token({ ...CLIENT, grant_type: 'authorization_code', code: 'none', redirect_uri: CALLBACK });
    assert.deepEqual([code.status, code.body.error_description], [403, 'Invalid authorization code']);
    const unknown = await token({ ...CLIENT, grant_type: 'password', username: 'a', password: 'b' });
    assert.equal(unknown.body.error, 'unsupported_grant_type');
  });

  it('R-031 gives a program what its API allows, and wants an audience', async () => {
    const robot = { client_id: 'shop-robot', client_secret: SECRET, grant_type: 'client_credentials' };
    const { status, body } = await token({ ...robot, audience: API });
    assert.equal(status, 200, JSON.stringify(body));
    const { payload } = decoded(body.access_token);
    assert.deepEqual([payload.sub, payload.azp, payload.gty], ['shop-robot@clients', 'shop-robot', 'client-credentials']);
    assert.equal(payload.scope, 'orders:read');
    const refused = await token({ ...robot, audience: 'https://nowhere.example' });
    assert.deepEqual([refused.status, refused.body.error], [403, 'access_denied']);
    assert.equal((await token({ ...robot, audience: API, organization: OTHER_ORG })).status, 403);
  });

  it('S2.10 signs out at /v2/logout and goes back to a registered address only', async () => {
    const browser = new Visitor();
    await signIn(world, { browser });
    const silent = {
      client_id: 'shop-web',
      response_type: 'code',
      redirect_uri: CALLBACK,
      scope: 'openid',
      prompt: 'none',
      nonce: 'n',
      state: 's',
    };
    assert.ok((await authorize(origin, silent, browser)).searchParams.get('code'), 'signed in');
    const out = await browser.visit(`${origin}/v2/logout?${new URLSearchParams({ returnTo: POST_LOGOUT, client_id: 'shop-web' })}`);
    assert.equal(out.url.href, POST_LOGOUT);
    assert.equal((await authorize(origin, silent, browser)).searchParams.get('error'), 'login_required');
    const elsewhere = await browser.visit(`${origin}/v2/logout?returnTo=https%3A%2F%2Fevil.example%2F&client_id=shop-web`);
    assert.equal(elsewhere.url.origin, origin);
    assert.equal(elsewhere.response.status, 400);
    assert.equal((await browser.visit(`${origin}/v2/logout`)).url.origin, origin);
  });

  it('signs people in through the connection that is named, without a page, as connection|id', async () => {
    const browser = new Visitor();
    world.thirdParty.person = { sub: '4711', email: 'new@there.example', name: 'New Here' };
    const query = {
      client_id: 'shop-web',
      response_type: 'code',
      redirect_uri: CALLBACK,
      scope: 'openid profile',
      nonce: 'n',
      state: 's',
      connection: 'github',
    };
    const away = await browser.visit(`${origin}/authorize?${new URLSearchParams(query)}`);
    const [, there = ''] = /url=(.*)$/i.exec(away.response.headers.get('refresh') ?? '') ?? [];
    assert.ok(there.startsWith(world.thirdParty.url), 'the browser is sent on at once');
    const answer = await fetch(there, { redirect: 'manual' });
    const { url } = await browser.visit(answer.headers.get('location') ?? '');
    const { body } = await token({
      ...CLIENT,
      grant_type: 'authorization_code',
      code: url.searchParams.get('code'),
      redirect_uri: CALLBACK,
    });
    assert.equal(decoded(body.id_token).payload.sub, 'github|4711');
    const usual = await browser.visit(
      `${origin}/authorize?${new URLSearchParams({ ...query, prompt: 'login', connection: 'Username-Password-Authentication' })}`,
    );
    assert.ok(usual.url.searchParams.get('code') ?? usual.body.includes('password'), 'any other name means the usual page');
  });

  it('tells devices to wait with 403, and to slow down with 429', async () => {
    const asked = await fetch(`${origin}/oauth/device/code`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: 'shop-terminal', scope: 'openid offline_access orders:read', audience: API }),
    });
    const device = (await asked.json()) as {
      device_code: string;
      user_code: string;
      verification_uri: string;
      verification_uri_complete: string;
    };
    assert.equal(device.verification_uri, `${origin}/activate`);
    const poll = () =>
      token({ grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: device.device_code, client_id: 'shop-terminal' });
    const pending = await poll();
    assert.deepEqual([pending.status, pending.body.error], [403, 'authorization_pending']);
    const early = await poll();
    assert.deepEqual([early.status, early.body.error], [429, 'slow_down']);
    assert.ok(Number(early.headers.get('x-ratelimit-reset')) > 0);
    const done = await new Visitor().visit(device.verification_uri_complete);
    assert.equal(done.response.status, 200, done.body);
  });

  it('refuses what is no request, whatever it is written in', async () => {
    const post = (type: string, body: string) =>
      fetch(`${origin}/oauth/token`, { method: 'POST', headers: { 'content-type': type }, body });
    const bodies = ['{', '[]', 'null', '7', '"text"', '{"grant_type":{"a":1}}', '{"grant_type":"refresh_token","refresh_token":"\\u0000"}'];
    for (const body of bodies) {
      const response = await post('application/json', body);
      const { error } = (await response.json()) as { error?: string };
      assert.ok(response.status >= 400 && response.status < 500 && error !== undefined, `${body}: ${response.status}`);
    }
    assert.equal((await post('application/json', JSON.stringify({ filler: 'x'.repeat(70_000) }))).status, 413);
    assert.equal((await post('text/plain', 'grant_type=client_credentials')).status, 400);
  });

  it('says in Auth0’s form what it does not serve, by any method', async () => {
    const users = await fetch(`${origin}/api/v2/users`);
    assert.deepEqual([users.status, ((await users.json()) as { statusCode: number }).statusCode], [404, 404]);
    for (const path of ['/oidc/register', '/bc-authorize', '/mfa/challenge'])
      assert.equal((await postJson(`${origin}${path}`, {})).status, 404, path);
  });
});
