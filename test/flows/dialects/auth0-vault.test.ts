/** Access tokens for connections at an Auth0 origin: accounts are connected by its own API, and its SDKs get the tokens. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { AuthClient } from '@auth0/auth0-auth-js';
import { ServerClient, type StateData } from '@auth0/auth0-server-js';
import { AuthenticationClient, SUBJECT_TOKEN_TYPES } from 'auth0/legacy';
import { type Auth0World, connectAt, decoded, postJson, signIn, startAuth0World, type Tokens } from './auth0.fixtures.test.ts';
import { ADA, API, BEN, CALLBACK, SECRET, Visitor } from './world.fixtures.test.ts';

const CLIENT = { client_id: 'shop-web', client_secret: SECRET };
const ME_SCOPES = 'create:me:connected_accounts read:me:connected_accounts delete:me:connected_accounts';
const FEDERATED = 'urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token';
const FEDERATED_TOKEN = 'http://auth0.com/oauth/token-type/federated-connection-access-token';
const REFRESH = 'urn:ietf:params:oauth:token-type:refresh_token';

interface Account {
  readonly id: string;
  readonly connection: string;
}

describe('the vault at an Auth0 origin', () => {
  let world: Auth0World;
  let origin = '';
  let tokens: Tokens;
  before(async () => {
    world = await startAuth0World();
    ({ origin } = world);
    tokens = await signIn(world);
  });
  after(() => world?.stop());

  const token = <B = Tokens>(body: object) => postJson<B>(`${origin}/oauth/token`, { ...CLIENT, ...body });
  const refreshed = (more: object) => token({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token, ...more });
  const exchange = (connection: string, more: object = {}) =>
    token({
      grant_type: FEDERATED,
      subject_token_type: REFRESH,
      subject_token: tokens.refresh_token,
      requested_token_type: FEDERATED_TOKEN,
      connection,
      login_hint: null,
      ...more,
    });

  async function tokenForMe(): Promise<string> {
    const { status, body } = await refreshed({ audience: `${origin}/me/`, scope: `openid ${ME_SCOPES}` });
    assert.equal(status, 200, JSON.stringify(body));
    return body.access_token;
  }

  async function me<B>(path: string, { method = 'GET', bearer, json }: { method?: string; bearer?: string; json?: object } = {}) {
    const response = await fetch(`${origin}/me/v1/connected-accounts${path}`, {
      method,
      headers: { ...(bearer && { authorization: `Bearer ${bearer}` }), ...(json && { 'content-type': 'application/json' }) },
      ...(json && { body: JSON.stringify(json) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: (text === '' ? {} : JSON.parse(text)) as B };
  }

  async function connect(connection: string): Promise<Account> {
    const bearer = await tokenForMe();
    const verifier = randomBytes(32).toString('base64url');
    const asked = {
      connection,
      redirect_uri: CALLBACK,
      state: 'a-state',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      scopes: ['notes'],
      authorization_params: {},
    };
    const begun = await me<{ connect_uri: string; connect_params: { ticket: string }; auth_session: string }>('/connect', {
      method: 'POST',
      bearer,
      json: asked,
    });
    assert.equal(begun.status, 201, JSON.stringify(begun.body));
    const { connect_uri: uri, connect_params: params, auth_session } = begun.body;
    const back = await connectAt(`${uri}?${new URLSearchParams(params)}`);
    assert.equal(back.searchParams.get('state'), 'a-state', back.href);
    const connect_code = back.searchParams.get('connect_code');
    const json = { auth_session, connect_code, redirect_uri: CALLBACK, code_verifier: verifier };
    const done = await me<Account>('/complete', { method: 'POST', bearer, json });
    assert.equal(done.status, 201, JSON.stringify(done.body));
    return done.body;
  }

  it('gives a token for the API of connected accounts against the one refresh token, and for no API beyond its own', async () => {
    const { payload } = decoded(await tokenForMe());
    assert.deepEqual([payload.aud].flat()[0], `${origin}/me/`);
    assert.ok(ME_SCOPES.split(' ').every((scope) => String(payload.scope).split(' ').includes(scope)));
    const usual = decoded((await refreshed({})).body.access_token).payload;
    assert.deepEqual([usual.aud].flat()[0], API, 'what was granted stays what it was');
    assert.ok(!String(usual.scope).includes('connected_accounts'));
    const other = await refreshed({ audience: 'https://nowhere.example/' });
    assert.deepEqual([other.status, other.body.error], [403, 'access_denied']);
  });

  it('wants a token of its own, and says where to get one', async () => {
    const none = await me('/accounts');
    assert.equal(none.status, 401);
    assert.ok(none.headers.get('www-authenticate')?.includes(`resource_metadata="${origin}/.well-known/oauth-protected-resource/me/"`));
    const metadata = (await (await fetch(`${origin}/.well-known/oauth-protected-resource/me/`)).json()) as {
      authorization_servers: string[];
    };
    assert.deepEqual(metadata.authorization_servers, [`${origin}/`]);
    assert.equal((await me('/accounts', { bearer: tokens.access_token })).status, 401, 'a token for another API');
    const reading = (await refreshed({ audience: `${origin}/me/`, scope: 'read:me:connected_accounts' })).body.access_token;
    assert.equal((await me('/accounts', { bearer: reading })).status, 200);
    const forbidden = await me<{ status: number; title: string; detail: string }>('/connect', {
      method: 'POST',
      bearer: reading,
      json: {},
    });
    assert.equal(forbidden.status, 403);
    assert.equal(forbidden.body.status, 403);
    assert.match(forbidden.body.detail, /create:me:connected_accounts/);
    assert.equal(
      (await fetch(`${world.home}/me/v1/connected-accounts/accounts`, { headers: { authorization: `Bearer ${reading}` } })).status,
      401,
    );
  });

  it('B2.10 says 401 while nothing is connected', async () => {
    const { status, body } = await exchange('github');
    assert.deepEqual([status, body.error], [401, 'federated_connection_account_not_found']);
    assert.equal((await exchange('nowhere')).status >= 400, true);
  });

  it('S2.6 S2.7 S2.9 S2.12 connects accounts, and gives their tokens by the name of the connection, as often as it is asked', async () => {
    for (const connection of ['github', 'google-oauth2']) {
      const { id } = await connect(connection);
      assert.match(id, /^cac_[A-Za-z0-9]+$/);
      for (let time = 0; time < 2; time++) {
        const { status, body } = await exchange(connection);
        assert.equal(status, 200, JSON.stringify(body));
        assert.ok(Number.isInteger(body.expires_in));
        assert.equal(body.scope, 'notes');
        const notes = await fetch(`${world.thirdParty.url}/notes`, { headers: { authorization: `Bearer ${body.access_token}` } });
        assert.deepEqual(await notes.json(), { notes: ['a note of Ada at another place'] });
      }
    }
    const listed = await me<{ accounts: Account[] }>('/accounts', { bearer: await tokenForMe() });
    assert.deepEqual(listed.body.accounts.map(({ connection }) => connection).toSorted(), ['github', 'google-oauth2']);
    const subject_token_type = 'urn:ietf:params:oauth:token-type:access_token';
    assert.equal((await exchange('github', { subject_token_type, subject_token: tokens.access_token })).status, 200);
    assert.equal((await exchange('github', { login_hint: '42' })).status, 200);
    assert.equal((await exchange('github', { login_hint: '43' })).status, 401, 'the person has no such account there');
  });

  it('R-120 gives nothing for another person’s token, a wrong secret, or a token that has ended', async () => {
    const bens = await signIn(world, { browser: new Visitor(BEN) });
    assert.equal((await exchange('github', { subject_token: bens.refresh_token })).status, 401);
    const wrong = await exchange('github', { client_secret: 'guessed' });
    assert.deepEqual([wrong.status, wrong.body.error], [401, 'invalid_client']);
    await postJson(`${origin}/oauth/revoke`, { ...CLIENT, token: bens.refresh_token });
    const ended = await exchange('github', { subject_token: bens.refresh_token });
    assert.deepEqual([ended.status, ended.body.error], [401, 'invalid_grant']);
    const form = await exchange('github', { audience: API });
    assert.equal(form.body.error, 'invalid_target');
  });

  it('S2.6 node-auth0 gets it, which sends its secret and no client_id', async () => {
    const auth0 = new AuthenticationClient({ domain: world.domain, clientId: 'shop-web', clientSecret: SECRET });
    const subject_token = tokens.refresh_token ?? '';
    const { data } = await auth0.oauth.tokenForConnection({ connection: 'github', subject_token });
    assert.equal(data.access_token, 'there-42');
    const byAccess = { subject_token: tokens.access_token, subject_token_type: SUBJECT_TOKEN_TYPES.ACCESS_TOKEN };
    assert.equal((await auth0.oauth.tokenForConnection({ connection: 'github', ...byAccess })).data.access_token, 'there-42');
    const guessing = new AuthenticationClient({ domain: world.domain, clientId: 'shop-web', clientSecret: 'guessed' });
    await assert.rejects(guessing.oauth.tokenForConnection({ connection: 'github', subject_token }), {
      error: 'invalid_client',
      statusCode: 401,
    });
  });

  it('S2.6 auth0-auth-js gets it', async () => {
    const auth0 = new AuthClient({ domain: world.domain, clientId: 'shop-web', clientSecret: SECRET });
    const given = await auth0.getTokenForConnection({ connection: 'google-oauth2', refreshToken: tokens.refresh_token ?? '' });
    assert.equal(given.accessToken, 'there-42');
    assert.ok(given.expiresAt > Date.now() / 1000);
    const nothing = auth0.getTokenForConnection({ connection: 'nowhere', refreshToken: tokens.refresh_token ?? '' });
    await assert.rejects(nothing, { code: 'token_for_connection_error' });
  });

  it('R-123 auth0-server-js signs a person in, gets it, and signs out', async () => {
    const kept = new Map<string, unknown>();
    const store = {
      get: async (name: string) => kept.get(name) as never,
      set: async (name: string, value: unknown) => void kept.set(name, value),
      delete: async (name: string) => void kept.delete(name),
    };
    const auth0 = new ServerClient({
      domain: world.domain,
      clientId: 'shop-web',
      clientSecret: SECRET,
      authorizationParams: { redirect_uri: CALLBACK, scope: 'openid profile email offline_access', audience: API },
      transactionStore: store,
      stateStore: { ...store, deleteByLogoutToken: async () => {} },
    });
    const begun = await auth0.startInteractiveLogin();
    const { url } = await new Visitor().visit(begun.href);
    await auth0.completeInteractiveLogin(url);
    assert.equal((await auth0.getUser())?.sub, `auth0|${ADA.id}`);
    assert.equal(((await auth0.getSession()) as StateData | undefined)?.idToken?.split('.').length, 3);
    assert.equal((await auth0.getAccessTokenForConnection({ connection: 'github' })).accessToken, 'there-42');
    const out = await auth0.logout({ returnTo: 'http://localhost:3999/bye' });
    assert.equal(out.origin + out.pathname, `${origin}/oidc/logout`);
  });

  it('disconnects an account, and then has no token of it', async () => {
    const bearer = await tokenForMe();
    const { body } = await me<{ accounts: Account[] }>('/accounts?connection=github', { bearer });
    const [account] = body.accounts;
    assert.equal((await me(`/accounts/${account?.id}`, { method: 'DELETE', bearer })).status, 204);
    assert.equal((await exchange('github')).status, 401);
  });

  it('shows every way in when the one that was named said no', async () => {
    const browser = new Visitor();
    const query = {
      client_id: 'shop-web',
      response_type: 'code',
      redirect_uri: CALLBACK,
      scope: 'openid',
      state: 's',
      connection: 'github',
    };
    const away = await browser.visit(`${origin}/authorize?${new URLSearchParams(query)}`);
    const there = new URL(/url=(.*)$/i.exec(away.response.headers.get('refresh') ?? '')?.[1] ?? '');
    const no = new URLSearchParams({ error: 'access_denied', state: there.searchParams.get('state') ?? '' });
    const stopped = await browser.visit(`${there.searchParams.get('redirect_uri')}?${no}`);
    const [, back = ''] = /href="([^"]*way=any)"/.exec(stopped.body) ?? [];
    assert.match(await (await browser.send(origin + back)).text(), /name="password"/);
  });
});
