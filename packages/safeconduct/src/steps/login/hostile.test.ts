import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { startScriptedProvider } from '@safeconduct/test-support/scripted-provider';
import { generic } from '../../core/providers/generic.ts';
import { safeconduct } from '../../core/providers/safeconduct.ts';
import { finishLogin } from './finish.ts';
import { loginAt, provider, redirectUri, refusedAs, signIn, tokenRequests } from './hostile.fixtures.test.ts';
import { createLogin } from './login.ts';
import { refreshLogin } from './refresh.ts';
import { fetchUserinfo } from './sign-out.ts';
import { startLogin } from './start.ts';

describe('the request', () => {
  it('S0.1 R-070 B0.1 B0.2 carries state, nonce and an S256 challenge, all fresh', async () => {
    const login = loginAt({ resource: 'https://api.example' });
    const [one, two] = [await startLogin(login), await startLogin(login)];
    const asked = Object.fromEntries(one.url.searchParams);
    assert.match(one.transaction.verifier, /^[A-Za-z0-9_-]{43}$/);
    assert.match(asked.code_challenge ?? '', /^[A-Za-z0-9_-]{43}$/);
    assert.equal(asked.code_challenge_method, 'S256');
    assert.equal(asked.response_type, 'code');
    assert.equal(asked.redirect_uri, redirectUri);
    assert.equal(asked.resource, 'https://api.example');
    for (const name of ['state', 'nonce', 'verifier'] as const) assert.notEqual(one.transaction[name], two.transaction[name]);
    assert.ok(!one.url.href.includes(one.transaction.verifier));
  });

  it('keeps a redirect URI to the letter', async () => {
    const bare = 'http://localhost:8081';
    await signIn({ login: { redirectUri: bare } });
    assert.equal(provider.seen.form?.get('redirect_uri'), bare);
  });

  it('S0.5 sends no secret for a public client, and Basic for a confidential one', async () => {
    await signIn();
    assert.equal(provider.seen.authorization, undefined);
    assert.equal(provider.seen.form?.get('client_id'), 'shop');
    await signIn({ login: { clientSecret: 'top secret' } });
    assert.equal(provider.seen.authorization, `Basic ${btoa('shop:top+secret')}`);
    assert.equal(provider.seen.form?.get('client_secret'), null);
  });

  it('refuses options that can never work', () => {
    assert.throws(() => loginAt({ scopes: ['profile'] }), TypeError);
    assert.throws(() => loginAt({ clientSecret: '' }), TypeError);
    assert.throws(() => loginAt({ redirectUri: 'http://shop.example/callback' }), TypeError);
    assert.throws(() => loginAt({ redirectUri: 'javascript:alert(1)' }), TypeError);
    assert.throws(() => loginAt({ provider: generic({ issuer: 'http://id.example' }) }), /https/);
    assert.throws(() => loginAt({ provider: generic({ issuer: provider.issuer, algorithms: ['HS256'] }) }), /algorithms/);
    assert.throws(() => loginAt({ provider: generic({ issuer: provider.issuer, algorithms: ['none'] }) }), /algorithms/);
  });

  it('is refused for a login that createLogin did not make', async () => {
    await assert.rejects(startLogin({ ...loginAt() }), TypeError);
  });
});

describe('the answer', () => {
  it('B0.1 R-070 is refused without the right state, and no code is sent', async () => {
    await assert.rejects(signIn({ answer: { state: 'another' } }), refusedAs('login_state_mismatch'));
    await assert.rejects(signIn({ answer: { state: undefined } }), refusedAs('login_state_mismatch'));
    assert.equal(tokenRequests(), 0);
  });

  it('R-071 is refused when iss is another provider, before the code is sent', async () => {
    await assert.rejects(signIn({ answer: { iss: 'https://evil.example' } }), refusedAs('login_issuer_mismatch'));
    await assert.rejects(signIn({ answer: { iss: `${provider.issuer}/` } }), refusedAs('login_issuer_mismatch'));
    assert.equal(tokenRequests(), 0);
  });

  it('R-071 is refused without iss from a provider that promised to send it', async () => {
    await assert.rejects(signIn({ answer: { iss: undefined } }), refusedAs('login_issuer_mismatch'));
    assert.equal(tokenRequests(), 0);
  });

  it('R-071 may lack iss from a provider that never sends it', async () => {
    provider.script.metadata = ({ authorization_response_iss_parameter_supported: _, ...rest }) => rest;
    assert.equal((await signIn({ answer: { iss: undefined } })).identity.subject, 'person-1');
  });

  it('R-070 belongs to the provider and application that the sign-in was begun with', async () => {
    const other = await startScriptedProvider();
    const mixedUp = createLogin({ provider: generic({ issuer: other.issuer }), clientId: 'shop', redirectUri, scopes: ['openid'] });
    const { url, transaction } = await startLogin(loginAt());
    await assert.rejects(finishLogin(mixedUp, provider.answer(url), transaction), refusedAs('login_issuer_mismatch'));
    assert.equal(other.calls.get('/token'), undefined);
    await other.close();
  });

  it('R-070 is refused ten minutes after the sign-in began', async () => {
    let time = Date.now();
    const login = loginAt({ clock: () => time });
    const { url, transaction } = await startLogin(login);
    time += 10 * 60_000 + 1;
    await assert.rejects(finishLogin(login, provider.answer(url), transaction), refusedAs('login_transaction_missing'));
  });

  it('is refused when a parameter comes twice', async () => {
    const login = loginAt();
    const { url, transaction } = await startLogin(login);
    const callback = provider.answer(url);
    callback.searchParams.append('state', transaction.state);
    await assert.rejects(finishLogin(login, callback, transaction), refusedAs('login_state_mismatch'));
  });

  it('is refused when it is one of another flow', async () => {
    await assert.rejects(signIn({ answer: { id_token: 'eyJ' } }), refusedAs('login_state_mismatch'));
    await assert.rejects(signIn({ answer: { response: 'eyJ' } }), refusedAs('login_state_mismatch'));
    assert.equal(tokenRequests(), 0);
  });

  it('B0.9 tells error and description of a refusal, cleaned', async () => {
    const answer = { code: undefined, error: 'access_denied', error_description: 'Not\u001b[31m today\nnor "tomorrow"' };
    await assert.rejects(signIn({ answer }), refusedAs('login_denied', /access_denied: Not \[31m today nor "tomorrow"$/));
    assert.equal(tokenRequests(), 0);
  });

  it('S0.4 without a code ends the sign-in and sends nothing', async () => {
    await assert.rejects(signIn({ answer: { code: undefined } }), refusedAs('login_denied', /^No authorization code received$/));
    assert.equal(tokenRequests(), 0);
  });
});

describe('the code exchange', () => {
  it('S0.6 is refused for a replayed code, another verifier and another redirect URI', async () => {
    const login = loginAt();
    const { url, transaction } = await startLogin(login);
    const failed = refusedAs('code_exchange_failed', /^Token exchange failed: invalid_grant$/);
    const callback = provider.answer(url);
    await finishLogin(login, callback, transaction);
    await assert.rejects(finishLogin(login, callback, transaction), failed);
    await assert.rejects(finishLogin(login, provider.answer(url), { ...transaction, verifier: 'x'.repeat(43) }), failed);
    await assert.rejects(finishLogin(login, provider.answer(url), { ...transaction, redirectUri: `${redirectUri}/x` }), failed);
  });

  it('B0.8 S0.11 repeats nothing of a refusal but its error code', async () => {
    provider.script.tokenRefusal = () => ({
      status: 400,
      body: JSON.stringify({ error: 'invalid_grant', error_description: 'code abc-secret' }),
    });
    const error: unknown = await signIn().catch((reason: unknown) => reason);
    assert.ok(!inspect(error, { depth: 9 }).includes('abc-secret'));
    provider.script.tokenRefusal = () => ({ status: 400, body: '<html>abc-secret</html>' });
    const other: unknown = await signIn().catch((reason: unknown) => reason);
    assert.ok(!inspect(other, { depth: 9 }).includes('abc-secret'));
    assert.equal((other as { code: string }).code, 'provider_invalid');
  });

  it('R-096 says so when the provider cannot answer', async () => {
    provider.script.tokenRefusal = () => ({ status: 503, body: '' });
    await assert.rejects(signIn(), refusedAs('provider_unreachable'));
    await provider.close();
    await assert.rejects(signIn(), refusedAs('provider_unreachable'));
  });

  it('refuses an answer that is none', async () => {
    for (const change of [
      { access_token: undefined },
      { access_token: 7 },
      { token_type: 'mac' },
      { expires_in: 'soon' },
      { id_token: 7 },
    ]) {
      provider.script.tokenAnswer = (honest) => ({ ...honest, ...change });
      await assert.rejects(signIn(), refusedAs('provider_invalid'), JSON.stringify(change));
    }
  });

  it('S0.11 shows no token, code or verifier when a sign-in is printed', async () => {
    const signedIn = await signIn({ login: { clientSecret: 'top-secret' } });
    const { accessToken, refreshToken, idToken } = signedIn.tokens;
    for (const printed of [
      inspect(signedIn, { depth: 9, showHidden: true }),
      JSON.stringify(signedIn),
      `${accessToken}${refreshToken}${idToken}`,
    ]) {
      for (const secret of [accessToken, refreshToken, idToken]) assert.ok(!printed.includes(secret?.reveal() ?? 'missing'));
      assert.ok(printed.includes('[secret]'));
    }
  });
});

describe('the provider', () => {
  it('R-073 must call itself what the configuration says, to the slash', async () => {
    provider.script.metadata = (honest) => ({ ...honest, issuer: `${provider.issuer}/` });
    await assert.rejects(signIn(), refusedAs('provider_invalid', /exactly/));
    provider.script.metadata = (honest) => ({ ...honest, issuer: 'https://evil.example' });
    await assert.rejects(signIn(), refusedAs('provider_invalid'));
  });

  it('R-073 B0.7 must have endpoints on https, or on loopback', async () => {
    for (const endpoint of ['authorization_endpoint', 'token_endpoint', 'end_session_endpoint', 'jwks_uri']) {
      for (const bad of ['http://id.example/token', 'file:///etc/passwd', 'javascript:alert(1)', 'not a url']) {
        provider.script.metadata = (honest) => ({ ...honest, [endpoint]: bad });
        await assert.rejects(startLogin(loginAt()), refusedAs('provider_invalid'), `${endpoint} ${bad}`);
      }
    }
  });

  it('is discovered once for all who ask at the same time', async () => {
    const login = loginAt();
    await Promise.all(Array.from({ length: 20 }, () => startLogin(login)));
    assert.equal(provider.calls.get('/.well-known/openid-configuration'), 1);
  });

  it('is not asked again at once after it failed', async () => {
    let time = Date.now();
    const login = loginAt({ clock: () => time });
    provider.script.down = () => 500;
    await assert.rejects(startLogin(login), refusedAs('provider_unreachable'));
    await assert.rejects(startLogin(login), refusedAs('provider_unreachable'));
    assert.equal(provider.calls.get('/.well-known/openid-configuration'), 1);
    provider.script = {};
    time += 5_001;
    assert.ok(await startLogin(login));
  });

  it('R-072 may not refresh somebody into somebody else', async () => {
    const login = loginAt();
    const { url, transaction } = await startLogin(login);
    const signedIn = await finishLogin(login, provider.answer(url), transaction);
    provider.script.idTokenClaims = (honest) => ({ ...honest, sub: 'person-2' });
    await assert.rejects(refreshLogin(login, signedIn), refusedAs('id_token_invalid', /another person/));
  });

  it('R-072 may not answer userinfo about somebody else', async () => {
    const signedIn = await signIn();
    provider.script.userinfo = (honest) => ({ ...honest, sub: 'person-2' });
    await assert.rejects(fetchUserinfo(loginAt(), signedIn), refusedAs('provider_invalid', /another subject/));
  });

  it('R-074 never gets the tokens of another one', async () => {
    const signedIn = await signIn();
    const other = await startScriptedProvider();
    const elsewhere = createLogin({ provider: generic({ issuer: other.issuer }), clientId: 'shop', redirectUri, scopes: ['openid'] });
    await assert.rejects(refreshLogin(elsewhere, signedIn), TypeError);
    assert.equal(other.calls.size, 0);
    await other.close();
  });

  it('gives roles and organization through a JWT access token that verifies, and lies through no other', async () => {
    const ours = { provider: safeconduct({ issuer: provider.issuer }), resource: 'https://api.example' };
    assert.deepEqual((await signIn({ login: ours })).identity.roles, ['customer']);
    for (const change of [{ sub: 'person-2' }, { aud: 'https://other.example' }, { iss: 'https://evil.example' }]) {
      provider.script.accessTokenClaims = (honest) => ({ ...honest, ...change });
      await assert.rejects(signIn({ login: ours }), refusedAs('provider_invalid'), JSON.stringify(change));
    }
  });
});
