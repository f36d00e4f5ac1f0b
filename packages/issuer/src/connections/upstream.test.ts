import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { forge, type ScriptedProvider, startScriptedProvider } from '@safeconduct/test-support/scripted-provider';
import type { JWK } from 'jose';
import type { Connection } from './connection.ts';
import { createOutboundFetch, type OutboundFetch } from './outbound-fetch.ts';
import { type Upstream, UpstreamFailed, UpstreamRefused, type UpstreamRequest } from './third-party.ts';
import { CLIENT_SECRET, connectionOf, LOCAL_ISSUER, request } from './upstream.fixtures.test.ts';
import { createUpstream } from './upstream.ts';

let there: ScriptedProvider;
let fetch: OutboundFetch;
let upstream: Upstream;
let connection: Connection;

before(async () => {
  there = await startScriptedProvider('person-over-there');
  fetch = createOutboundFetch({ issuer: LOCAL_ISSUER });
});
after(async () => {
  await fetch.close();
  await there.close();
});
beforeEach(() => {
  there.script = {};
  there.calls.clear();
  upstream = createUpstream({ fetch });
  connection = connectionOf('oidc', { issuer: there.issuer, scopes: ['calendar.read'] });
});

/** Goes there and comes back. */
async function trip(changes: Readonly<Record<string, string | undefined>> = {}, asked: UpstreamRequest = request) {
  const url = await upstream.begin(connection, asked);
  return upstream.finish(connection, there.answer(url, changes), asked);
}

const untrusted = (error: unknown): boolean => error instanceof UpstreamFailed && error.reason === 'untrusted';
const refusedAs = (code: string) => (error: unknown) => error instanceof UpstreamRefused && error.code === code;
const failed = (sent: boolean) => (error: unknown) => error instanceof UpstreamFailed && error.sent === sent;

describe('going to a third party', () => {
  it('R-070 B2.3 sends state, nonce and PKCE S256, the redirect URI of this connection, and every scope once', async () => {
    const url = await upstream.begin(connection, { ...request, scopes: ['calendar.write', 'calendar.read'], loginHint: 'ada@example.com' });
    const sent = Object.fromEntries(url.searchParams);
    assert.equal(url.origin + url.pathname, `${there.issuer}/authorize`);
    assert.equal(sent.scope, 'openid calendar.read calendar.write');
    assert.equal(sent.redirect_uri, request.redirectUri);
    assert.deepEqual(
      [sent.response_type, sent.state, sent.nonce, sent.code_challenge_method],
      ['code', request.state, request.nonce, 'S256'],
    );
    assert.match(sent.code_challenge ?? '', /^[\w-]{43}$/);
    assert.equal(sent.login_hint, 'ada@example.com');
    assert.ok(!url.href.includes(encodeURIComponent(CLIENT_SECRET)) && !url.href.includes(request.codeVerifier));
  });

  it('B2.9 asks for consent where access is to last while the person is away', async () => {
    const asked = (changes: Partial<UpstreamRequest>) => upstream.begin(connection, { ...request, ...changes });
    assert.equal((await asked({ scopes: ['offline_access'] })).searchParams.get('prompt'), 'consent');
    assert.equal((await asked({})).searchParams.get('prompt'), null);
    assert.equal((await asked({ scopes: ['offline_access'], prompt: 'login' })).searchParams.get('prompt'), 'login');
  });

  it('passes on what the connection and the caller add, and refuses what would replace the protocol', async () => {
    connection = connectionOf('oidc', { issuer: there.issuer, authorizationParams: { audience: 'https://api.example' } });
    const url = await upstream.begin(connection, { ...request, params: { max_age: '0', ui_locales: 'de' } });
    assert.deepEqual(
      ['audience', 'max_age', 'ui_locales'].map((name) => url.searchParams.get(name)),
      ['https://api.example', '0', 'de'],
    );
    for (const name of [
      'state',
      'redirect_uri',
      'REDIRECT_URI',
      'scope',
      'nonce',
      'client_id',
      'code_challenge',
      'request',
      'request_uri',
      'response_mode',
      'user_scope',
    ])
      await assert.rejects(upstream.begin(connection, { ...request, params: { [name]: 'evil' } }), refusedAs('invalid_request'), name);
    connection = connectionOf('oidc', { issuer: there.issuer, authorizationParams: { response_type: 'token' } });
    await assert.rejects(upstream.begin(connection, request), refusedAs('invalid_request'));
  });
});

describe('coming back from a third party', () => {
  it('gives the tokens and who the person is there', async () => {
    there.script.tokenAnswer = (honest) => ({ ...honest, scope: 'openid calendar.read' });
    there.script.idTokenClaims = (honest) => ({
      ...honest,
      email: 'ada@there.example',
      email_verified: true,
      name: 'Ada Brandt',
      auth_time: 1_700_000_000,
    });
    const { tokens, account } = await trip();
    assert.deepEqual(account, {
      issuer: there.issuer,
      subject: 'person-over-there',
      name: 'ada@there.example',
      email: 'ada@there.example',
      emailVerified: true,
      fullName: 'Ada Brandt',
      authenticatedAt: new Date(1_700_000_000_000),
    });
    assert.deepEqual(tokens.scopes, ['openid', 'calendar.read']);
    assert.ok(Math.abs(Number(tokens.expiresAt) - Date.now() - 600_000) < 5_000);
    assert.ok(tokens.refreshToken && tokens.accessToken);
  });

  it('B2.1 proves itself with its secret in the way that the connection says, and never in an address', async () => {
    await trip();
    assert.equal(there.seen.form?.get('code_verifier'), request.codeVerifier);
    const basic = `Basic ${Buffer.from(`safeconduct-demo:${'demo-secret%2Bof%2Fcalendar'}`).toString('base64')}`;
    assert.equal(there.seen.authorization, basic);
    connection = { ...connection, authMethod: 'client_secret_post' };
    await trip();
    assert.deepEqual([there.seen.form?.get('client_secret'), there.seen.authorization], [CLIENT_SECRET, undefined]);
    connection = { ...connection, clientSecret: undefined };
    await assert.rejects(trip(), /has no client secret/);
  });

  it('R-070 B2.2 RPC-01 refuses an answer with another state, or with none', async () => {
    for (const state of ['other', '', undefined]) {
      const url = await upstream.begin(connection, request);
      const callback = there.answer(url);
      if (state === undefined) callback.searchParams.delete('state');
      else callback.searchParams.set('state', state);
      await assert.rejects(upstream.finish(connection, callback, request), untrusted);
    }
    const twice = there.answer(await upstream.begin(connection, request));
    twice.searchParams.append('state', request.state);
    await assert.rejects(upstream.finish(connection, twice, request), untrusted);
    assert.equal(there.calls.get('/token'), undefined);
  });

  it('R-071 RPC-05 refuses an answer of another issuer, and one that hides it though it promised, before the code is sent', async () => {
    for (const iss of ['https://evil.example', `${there.issuer}/`, '', undefined])
      await assert.rejects(trip({ iss }), untrusted, String(iss));
    assert.equal(there.calls.get('/token'), undefined);
    there.script.metadata = (honest) => ({ ...honest, authorization_response_iss_parameter_supported: undefined });
    upstream = createUpstream({ fetch });
    await trip({ iss: undefined });
    await assert.rejects(trip({ iss: 'https://evil.example' }), untrusted);
  });

  it('B2.4 says what the third party answered when it was a no', async () => {
    const parameters = { code: undefined, error: 'access_denied', error_description: `no ${'x'.repeat(60)}\r\nforged` };
    await assert.rejects(trip(parameters), (error: Error) => refusedAs('access_denied')(error) && !/[\r\n]|x{40}/.test(error.message));
    await assert.rejects(trip({ error: 'weird error!' }), refusedAs('access_denied'));
    there.script.tokenRefusal = () => ({ status: 400, body: '{"error":"invalid_grant","error_description":"expired"}' });
    await assert.rejects(trip(), refusedAs('invalid_grant'));
    there.script.tokenRefusal = () => ({ status: 401, body: '{"error":"invalid_client"}' });
    await assert.rejects(trip(), refusedAs('invalid_client'));
  });

  it('R-072 RPC-11 refuses an ID token that breaks any of the rules', async () => {
    const lies: Record<string, (claims: Record<string, unknown>) => Record<string, unknown>> = {
      'of another issuer': (claims) => ({ ...claims, iss: 'https://evil.example' }),
      'for another client': (claims) => ({ ...claims, aud: 'other' }),
      'for several without azp': (claims) => ({ ...claims, aud: ['safeconduct-demo', 'other'] }),
      'with azp of another': (claims) => ({ ...claims, azp: 'other' }),
      'that has expired': (claims) => ({ ...claims, exp: Math.floor(Date.now() / 1000) - 120 }),
      'from the future': (claims) => ({ ...claims, iat: Math.floor(Date.now() / 1000) + 3_600 }),
      'without iat': ({ iat: _, ...claims }) => claims,
      'without sub': ({ sub: _, ...claims }) => claims,
      'with an odd sub': (claims) => ({ ...claims, sub: 'a\nb' }),
      'with another nonce': (claims) => ({ ...claims, nonce: 'other' }),
      'without a nonce': ({ nonce: _, ...claims }) => claims,
      'of another access token': (claims) => ({ ...claims, at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' }),
    };
    for (const [name, lie] of Object.entries(lies)) {
      there.script = { idTokenClaims: lie };
      await assert.rejects(trip(), untrusted, name);
    }
    there.script = { tokenAnswer: ({ id_token: _, ...honest }) => honest };
    await assert.rejects(trip(), untrusted);
  });

  it('R-072 RPC-12 refuses an ID token that the third party did not sign', async () => {
    for (const [alg, key] of [
      ['none', undefined],
      ['HS256', 'public'],
      ['RS256', 'public'],
    ] as const) {
      there.script.idToken = (claims) => forge(claims, { alg }, key);
      await assert.rejects(trip(), untrusted, alg);
    }
    for (const keys of [(honest: JWK[]) => honest.map((key) => ({ ...key, kid: 'other' })), () => []]) {
      there.script = { keys };
      upstream = createUpstream({ fetch });
      await assert.rejects(trip(), untrusted);
    }
    there.script = {};
    upstream = createUpstream({ fetch });
    await trip();
    await there.rotateKey();
    there.script.keys = () => [];
    await assert.rejects(trip(), untrusted);
  });

  it('R-072 RPC-16 takes a name from userinfo of the same subject only, and does without when there is none', async () => {
    assert.equal((await trip()).account.email, 'person-1@example.com');
    there.script.userinfo = () => ({ sub: 'somebody-else', email: 'eve@example.com' });
    await assert.rejects(trip(), untrusted);
    there.script = { down: (path) => (path === '/userinfo' ? 503 : undefined) };
    assert.equal((await trip()).account.email, undefined);
  });

  it('R-073 RPC-22 refuses metadata of another issuer, to the slash, and endpoints that are not https', async () => {
    const lies: ((honest: Record<string, unknown>) => Record<string, unknown>)[] = [
      (honest) => ({ ...honest, issuer: `${there.issuer}/` }),
      (honest) => ({ ...honest, issuer: 'https://evil.example' }),
      (honest) => ({ ...honest, token_endpoint: 'javascript:alert(1)' }),
      (honest) => ({ ...honest, authorization_endpoint: 'file:///etc/passwd' }),
      (honest) => ({ ...honest, jwks_uri: 7 }),
    ];
    for (const lie of lies) {
      there.script.metadata = lie;
      await assert.rejects(createUpstream({ fetch }).begin(connection, request), failed(false));
    }
  });

  it('goes on with metadata and keys that it knows while the third party gives none', async () => {
    let now = Date.now();
    upstream = createUpstream({ fetch, clock: () => now });
    there.clock = () => now;
    await trip();
    now += 2 * 60 * 60_000;
    there.script.down = (path) => (path.startsWith('/.well-known') || path === '/jwks' ? 503 : undefined);
    await trip();
    there.clock = Date.now;
  });
});
