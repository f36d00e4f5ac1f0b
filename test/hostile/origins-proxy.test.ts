/** Tokens for the proxy from an origin: verified where they say they are from, whatever else they say. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { IssuerConfiguration } from '@safeconduct/issuer';
import { type Auth0World, connectAt, postJson, signIn, startAuth0World } from '../flows/dialects/auth0.fixtures.test.ts';
import { CALLBACK, SECRET } from '../flows/dialects/world.fixtures.test.ts';

const CLIENT = { client_id: 'shop-web', client_secret: SECRET };
const ACCESS = 'urn:ietf:params:oauth:token-type:access_token';

const withProxy = (base: IssuerConfiguration): IssuerConfiguration => ({
  ...base,
  connections: (base.connections ?? []).map((one) => ({
    ...one,
    proxy: { baseUrl: new URL(String(one.endpoints?.userinfo)).origin, methods: ['GET' as const], paths: ['/notes'] },
  })),
});

describe('the proxy behind an origin', () => {
  let world: Auth0World;
  let token = '';
  before(async () => {
    world = await startAuth0World(withProxy);
    const { refresh_token } = await signIn(world);
    const asked = { ...CLIENT, grant_type: 'refresh_token', refresh_token };
    const audience = `${world.origin}/me/`;
    const scope = 'create:me:connected_accounts';
    const { body } = await postJson<{ access_token: string }>(`${world.origin}/oauth/token`, { ...asked, audience, scope });
    await connect(body.access_token);
    const { access_token } = (await postJson<{ access_token: string }>(`${world.origin}/oauth/token`, asked)).body;
    const exchange = {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      ...{ subject_token: access_token, subject_token_type: ACCESS, requested_token_type: ACCESS, connection: 'github' },
    };
    const given = await postJson<{ access_token: string }>(`${world.origin}/oauth/token`, { ...CLIENT, ...exchange });
    assert.equal(given.status, 200, JSON.stringify(given.body));
    token = given.body.access_token;
  });
  after(() => world?.stop());

  async function connect(bearer: string): Promise<void> {
    const verifier = randomBytes(32).toString('base64url');
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' };
    const call = async (path: string, json: object) => {
      const body = JSON.stringify(json);
      const response = await fetch(`${world.origin}/me/v1/connected-accounts${path}`, { method: 'POST', headers, body });
      assert.equal(response.status, 201);
      return (await response.json()) as { connect_uri: string; connect_params: { ticket: string }; auth_session: string };
    };
    const pkce = { code_challenge: challenge, code_challenge_method: 'S256' };
    const begun = await call('/connect', { connection: 'github', redirect_uri: CALLBACK, state: 's', scopes: ['notes'], ...pkce });
    const back = await connectAt(`${begun.connect_uri}?${new URLSearchParams(begun.connect_params)}`);
    const connect_code = back.searchParams.get('connect_code');
    await call('/complete', { auth_session: begun.auth_session, connect_code, redirect_uri: CALLBACK, code_verifier: verifier });
  }

  const passed = (bearer: string) => fetch(`${world.home}/proxy/github/notes`, { headers: { authorization: `Bearer ${bearer}` } });
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

  it('passes on what comes with a token of the origin', async () => {
    const response = await passed(token);
    assert.equal(response.status, 200);
    assert.match(await response.text(), /a note of Ada/);
  });

  it('R-090 takes no token that says it is from elsewhere, and none that is good at the origin alone', async () => {
    const [head = '', body = '', signature = ''] = token.split('.');
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as { 'urn:safeconduct:token': object };
    for (const iss of [world.home, 'https://nobody.example', `${world.origin}/realms/x`, 7, '__proto__']) {
      const own = { ...claims['urn:safeconduct:token'], iss };
      const forged = `${head}.${encoded({ ...claims, 'urn:safeconduct:token': own })}.${signature}`;
      assert.equal((await passed(forged)).status, 401, String(iss));
    }
    const { access_token } = (await signIn(world)) as { access_token: string };
    assert.equal((await passed(access_token)).status, 401);
    assert.equal((await fetch(`${world.origin}/userinfo`, { headers: { authorization: `Bearer ${token}` } })).status, 401);
  });
});
