/** Auth0's own clients for Node, unmodified: they are told a domain, ids and a secret, and nothing else. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { AuthClient } from '@auth0/auth0-auth-js';
import { postgresSkipped } from '@safeconduct/test-support/postgres';
import { AuthenticationClient as Recent, UserInfoClient as RecentUserInfo } from 'auth0/legacy';
import { AuthenticationClient as Older, UserInfoClient as OlderUserInfo } from 'auth0-4';
import express, { type Express } from 'express';
import { claimIncludes, auth as guard, requiredScopes } from 'express-oauth2-jwt-bearer';
import openid, { type ConfigParams } from 'express-openid-connect';
import { type Auth0World, authorize, decoded, STOCK, signIn, startAuth0World, withStock } from './auth0.fixtures.test.ts';
import { ADA, API, API_ID, CALLBACK, OTHER_ORG, POST_LOGOUT, SECRET, SHOP_ORG, Visitor } from './world.fixtures.test.ts';

const { auth, requiresAuth } = openid;
const APP = 'http://localhost:3998';

describe('clients of Auth0', () => {
  let world: Auth0World;
  let origin = '';
  const servers: Server[] = [];
  before(async () => {
    world = await startAuth0World((base) =>
      withStock(base, {
        id: 'express-web',
        name: 'A page',
        kind: 'web',
        firstParty: true,
        secret: SECRET,
        redirectUris: [`${APP}/callback`],
        postLogoutRedirectUris: [APP],
        dialects: ['auth0'],
        resources: [API],
        scopes: ['openid', 'profile', 'email', 'offline_access', 'orders:read'],
      }),
    );
    ({ origin } = world);
  });
  after(async () => {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
    await world?.stop();
  });

  async function serve(app: Express): Promise<string> {
    const server = createServer(app);
    servers.push(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return `http://localhost:${(server.address() as AddressInfo).port}`;
  }

  async function code(more: Readonly<Record<string, string>> = {}): Promise<string> {
    const scope = 'openid profile email offline_access orders:read';
    const given = { client_id: 'shop-web', response_type: 'code', redirect_uri: CALLBACK, scope, audience: API, state: 's', ...more };
    const back = await authorize(origin, given);
    return back.searchParams.get('code') ?? assert.fail(back.href);
  }

  for (const [name, AuthenticationClient, UserInfoClient] of [
    ['auth0 4', Older, OlderUserInfo],
    ['auth0 7', Recent as unknown as typeof Older, RecentUserInfo as unknown as typeof OlderUserInfo],
  ] as const)
    it(`${name} redeems codes, refreshes, asks who it is, acts for itself, and revokes`, async () => {
      const auth0 = new AuthenticationClient({ domain: world.domain, clientId: 'shop-web', clientSecret: SECRET });
      const verifier = randomBytes(32).toString('base64url');
      const challenge = createHash('sha256').update(verifier).digest('base64url');
      const pkce = { code_challenge: challenge, code_challenge_method: 'S256' };
      const proved = await auth0.oauth.authorizationCodeGrantWithPKCE({
        code: await code({ ...pkce, organization: SHOP_ORG }),
        redirect_uri: CALLBACK,
        code_verifier: verifier,
      });
      assert.equal(decoded(proved.data.access_token).payload.org_id, SHOP_ORG);
      const { data } = await auth0.oauth.authorizationCodeGrant(
        { code: await code({ organization: 'shop.example' }), redirect_uri: CALLBACK },
        { idTokenValidateOptions: { organization: 'shop.example' } },
      );
      const refresh_token = data.refresh_token ?? assert.fail('no refresh token');
      const again = await auth0.oauth.refreshTokenGrant({ refresh_token });
      assert.equal(again.data.expires_in, data.expires_in);
      const profile = await new UserInfoClient({ domain: world.domain }).getUserInfo(again.data.access_token);
      assert.equal(profile.data.sub, `auth0|${ADA.id}`);
      assert.equal(profile.data.nickname, 'ada');
      await auth0.oauth.revokeRefreshToken({ token: refresh_token });
      await assert.rejects(auth0.oauth.refreshTokenGrant({ refresh_token }), {
        statusCode: 403,
        error: 'invalid_grant',
        error_description: 'Unknown or invalid refresh token.',
      });
      const robot = new AuthenticationClient({ domain: world.domain, clientId: 'shop-robot', clientSecret: SECRET });
      const own = await robot.oauth.clientCredentialsGrant({ audience: API });
      assert.equal(decoded(own.data.access_token).payload.sub, 'shop-robot@clients');
      await assert.rejects(robot.oauth.clientCredentialsGrant({ audience: 'https://nowhere.example' }), { statusCode: 403 });
    });

  it('R-031 auth0 4 pushes an authorization request', async () => {
    const auth0 = new Older({ domain: world.domain, clientId: 'shop-web', clientSecret: SECRET });
    const asked = { client_id: 'shop-web', response_type: 'code', redirect_uri: CALLBACK, scope: 'openid', audience: API, state: 'pushed' };
    const { data, status } = await auth0.oauth.pushedAuthorization(asked);
    assert.equal(status, 201);
    const back = await authorize(origin, { client_id: 'shop-web', request_uri: data.request_uri });
    assert.equal(back.searchParams.get('state'), 'pushed', back.href);
    const tokens = await auth0.oauth.authorizationCodeGrant({ code: back.searchParams.get('code') ?? '', redirect_uri: CALLBACK });
    assert.deepEqual([decoded(tokens.data.access_token).payload.aud].flat()[0], API);
    const elsewhere = await auth0.oauth.pushedAuthorization({ ...asked, organization: OTHER_ORG });
    const refused = await authorize(origin, { client_id: 'shop-web', request_uri: elsewhere.data.request_uri });
    assert.equal(refused.searchParams.get('code'), null, 'she is not of that organization');
  });

  it('auth0-auth-js signs in with PKCE, refreshes for an API, acts for itself, and signs out', async () => {
    const auth0 = new AuthClient({
      domain: world.domain,
      clientId: 'shop-web',
      clientSecret: SECRET,
      authorizationParams: { redirect_uri: CALLBACK, scope: 'openid profile email offline_access', audience: API },
    });
    const { authorizationUrl, codeVerifier } = await auth0.buildAuthorizationUrl();
    const { url } = await new Visitor().visit(authorizationUrl.href);
    const tokens = await auth0.getTokenByCode(url, { codeVerifier });
    assert.equal(tokens.claims?.sub, `auth0|${ADA.id}`);
    const again = await auth0.getTokenByRefreshToken({ refreshToken: tokens.refreshToken ?? '' });
    assert.ok(again.accessToken);
    const out = await auth0.buildLogoutUrl({ returnTo: POST_LOGOUT });
    assert.equal(out.origin + out.pathname, `${origin}/oidc/logout`);
    const robot = new AuthClient({ domain: world.domain, clientId: 'shop-robot', clientSecret: SECRET });
    const own = await robot.getTokenByClientCredentials({ audience: API });
    assert.equal(decoded(own.accessToken).payload.gty, 'client-credentials');
  });

  it('auth0-auth-js gets an API a token for the next one, as the person who called it', { skip: postgresSkipped }, async () => {
    await world.sql('update issuer.application set resources = $2, scopes = $3 where id = $1', [API_ID, [STOCK], ['stock:read']]);
    const { access_token: subjectToken } = await signIn(world);
    const api = new AuthClient({ domain: world.domain, clientId: API_ID, clientSecret: SECRET });
    const subjectTokenType = 'urn:ietf:params:oauth:token-type:access_token';
    const given = await api.exchangeToken({ subjectToken, subjectTokenType, audience: STOCK });
    const { payload } = decoded(given.accessToken);
    assert.deepEqual([payload.sub, payload.aud, payload.azp, payload.scope], [`auth0|${ADA.id}`, STOCK, API_ID, 'stock:read']);
    assert.deepEqual(payload.act, { sub: API_ID }, 'who acts for the person');
    const custom = api.exchangeToken({ subjectToken, subjectTokenType: 'urn:acme:legacy-token', audience: STOCK });
    await assert.rejects(custom, { statusCode: 400 });
  });

  function page(more: ConfigParams): Express {
    const app = express();
    app.use(
      auth({ issuerBaseURL: origin, baseURL: APP, clientID: 'express-web', secret: 'a secret for the cookies of the tests', ...more }),
    );
    app.get('/', requiresAuth(), (request, response) => void response.json(request.oidc.user));
    return app;
  }

  /** The page is known by one address and listens at another. */
  async function walk(
    app: Express,
    browser: Visitor,
    path: string,
  ): Promise<{ readonly status: number; readonly body: string; readonly url: URL }> {
    const place = await serve(app);
    const here = (url: string | URL) => String(url).replace(APP, place);
    let response = await browser.send(here(`${APP}${path}`));
    for (let step = 0; step < 10; step++) {
      const location = response.headers.get('location');
      if (location === null) return { status: response.status, body: await response.text(), url: new URL(response.url) };
      const next = new URL(location, APP);
      if (next.origin === new URL(APP).origin) {
        response = await browser.send(here(next));
        continue;
      }
      const { url, body } = await browser.visit(next.href);
      if (url.origin !== APP) return { status: 0, body, url };
      response =
        body === '' ? await browser.send(here(url)) : await browser.send(here(url), { method: 'POST', body: new URLSearchParams(body) });
    }
    throw new Error('no end of redirects');
  }

  it('express-openid-connect signs in as it comes: an ID token in a form', async () => {
    const { status, body } = await walk(page({ authRequired: false, idpLogout: true }), new Visitor(), '/login');
    assert.equal(status, 200, body);
    const user = JSON.parse(body) as Record<string, unknown>;
    assert.deepEqual([user.sub, user.email, user.nickname], [`auth0|${ADA.id}`, ADA.email, 'ada']);
  });

  it('express-openid-connect signs in with a code and signs out by /oidc/logout and by /v2/logout', async () => {
    for (const auth0Logout of [false, true]) {
      const browser = new Visitor();
      const app = page({
        clientSecret: SECRET,
        authRequired: false,
        idpLogout: true,
        auth0Logout,
        authorizationParams: { response_type: 'code', scope: 'openid profile email offline_access', audience: API },
      });
      const seen = await walk(app, browser, '/login');
      assert.equal(seen.status, 200, seen.body);
      const away = await browser.send(`${new URL(seen.url).origin}/logout`);
      const location = new URL(away.headers.get('location') ?? '');
      assert.equal(location.pathname, auth0Logout ? '/v2/logout' : '/oidc/logout');
      const back = await browser.visit(location.href);
      assert.equal(back.url.origin, APP, back.body);
      const silent = {
        client_id: 'express-web',
        response_type: 'code',
        redirect_uri: `${APP}/callback`,
        scope: 'openid',
        prompt: 'none',
        state: 's',
      };
      assert.equal((await authorize(origin, silent, browser)).searchParams.get('error'), 'login_required');
    }
  });

  it('express-oauth2-jwt-bearer lets the right tokens in, by scope and by permission', async () => {
    const app = express().set('env', 'test');
    app.use(guard({ issuerBaseURL: origin, audience: API }));
    app.get('/orders', requiredScopes('orders:read'), (request, response) => void response.json({ sub: request.auth?.payload.sub }));
    app.get('/messages', claimIncludes('permissions', 'read:messages'), (_request, response) => void response.json({}));
    app.get('/all', claimIncludes('permissions', 'delete:messages'), (_request, response) => void response.json({}));
    const place = await serve(app);
    const { access_token: token } = await signIn(world);
    const get = async (path: string, bearer?: string) =>
      fetch(place + path, bearer === undefined ? {} : { headers: { authorization: `Bearer ${bearer}` } });
    const seen = await get('/orders', token);
    assert.deepEqual([seen.status, await seen.json()], [200, { sub: `auth0|${ADA.id}` }]);
    assert.equal((await get('/messages', token)).status, 200);
    assert.equal((await get('/all', token)).status, 401);
    assert.equal((await get('/orders')).status, 401);
    const { id_token: idToken } = await signIn(world);
    assert.equal((await get('/orders', idToken)).status, 401, 'an ID token is no access token');
  });
});
