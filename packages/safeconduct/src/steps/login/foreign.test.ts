import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ForeignProvider, FormBrowser, startForeignProvider } from '@safeconduct/test-support/foreign-provider';
import { OAuth2Server } from 'oauth2-mock-server';
import { assertMinted } from '../../core/identity/identity.ts';
import { revealTokens } from '../../core/protocol/tokens.ts';
import { generic } from '../../core/providers/generic.ts';
import { pollDeviceLogin, startDeviceLogin } from './device.ts';
import { finishLogin } from './finish.ts';
import { createLogin, type Login } from './login.ts';
import { refreshLogin, resumeLogin } from './refresh.ts';
import { fetchUserinfo, revokeTokens, signOutUrl } from './sign-out.ts';
import { startLogin } from './start.ts';

// No path and no slash: some libraries add one, and strict providers then refuse it.
const redirectUri = 'http://127.0.0.1:4999';
// Every character that Basic authentication can get wrong.
const clientSecret = 'a secret with: odd/characters+and %spaces%';

describe('a sign-in at oidc-provider with its own defaults', () => {
  let foreign: ForeignProvider;
  let login: Login;

  before(async () => {
    foreign = await startForeignProvider(
      [
        {
          client_id: 'shop: the one/and+only',
          client_secret: clientSecret,
          redirect_uris: [redirectUri],
          post_logout_redirect_uris: [redirectUri],
          grant_types: ['authorization_code', 'refresh_token'],
        },
        {
          client_id: 'terminal',
          token_endpoint_auth_method: 'none',
          application_type: 'native',
          redirect_uris: ['http://127.0.0.1/callback'],
          grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
        },
      ],
      { features: { deviceFlow: { enabled: true }, revocation: { enabled: true } }, claims: { email: ['email'] } },
    );
    login = createLogin({
      provider: generic({ issuer: foreign.issuer }),
      clientId: 'shop: the one/and+only',
      clientSecret,
      redirectUri,
      postLogoutRedirectUri: redirectUri,
      scopes: ['openid', 'offline_access'],
    });
  });
  after(() => foreign.close());

  const signIn = async (person: string) => {
    const { url, transaction } = await startLogin(login, { prompt: 'consent', returnTo: '/orders?page=2#top' });
    const callback = await new FormBrowser().signIn(url, { login: person }, redirectUri);
    return finishLogin(login, callback, transaction);
  };

  it('S0.5 gives an identity and tokens', async () => {
    const { identity, tokens, returnTo } = await signIn('ada');
    assertMinted(identity);
    assert.equal(identity.issuer, foreign.issuer);
    assert.equal(identity.subject, 'ada');
    assert.equal(identity.kind, 'person');
    assert.equal(identity.client, 'shop: the one/and+only');
    assert.deepEqual(tokens.scopes, ['openid', 'offline_access']);
    assert.ok(tokens.expiresAt.getTime() > Date.now());
    assert.equal(returnTo, '/orders?page=2#top');
  });

  it('refreshes, keeps the person, and refuses a refresh after revocation', async () => {
    const first = await signIn('ben');
    const second = await refreshLogin(login, first);
    assert.equal(second.identity.subject, 'ben');
    assert.notEqual(second.tokens.accessToken.reveal(), first.tokens.accessToken.reveal());
    assert.equal(await revokeTokens(login, second.tokens), true);
    await assert.rejects(refreshLogin(login, second), { code: 'refresh_refused', message: 'Refresh failed: invalid_grant' });
  });

  it('resumes from stored tokens as the same person', async () => {
    const first = await signIn('ada');
    const stored = JSON.parse(JSON.stringify(revealTokens(first.tokens)));
    const resumed = await resumeLogin(login, stored);
    assert.deepEqual(resumed.identity, first.identity);
    assert.equal((await refreshLogin(login, resumed)).identity.subject, 'ada');
  });

  it('asks userinfo, and gives the address that ends the session', async () => {
    const signedIn = await signIn('ada');
    assert.deepEqual(await fetchUserinfo(login, signedIn), { sub: 'ada' });
    const url = await signOutUrl(login, { idToken: signedIn.tokens.idToken, state: 'bye' });
    assert.equal(url?.searchParams.get('post_logout_redirect_uri'), redirectUri);
    assert.equal(url?.searchParams.get('id_token_hint'), signedIn.tokens.idToken?.reveal());
    assert.equal(url?.searchParams.get('state'), 'bye');
  });

  it('signs in by the device grant', async () => {
    const terminal = createLogin({
      provider: generic({ issuer: foreign.issuer }),
      clientId: 'terminal',
      redirectUri: 'http://127.0.0.1/callback',
      scopes: ['openid', 'offline_access'],
    });
    const device = await startDeviceLogin(terminal);
    assert.match(device.userCode, /^[A-Z]{4}-[A-Z]{4}$/);
    assert.ok(device.verificationUriComplete);
    await approve(device.verificationUriComplete);
    const { identity } = await pollDeviceLogin(terminal, { ...device, intervalMs: 10 });
    assert.equal(identity.subject, 'ada');
  });

  // The confirmation page answers in place instead of redirecting, so the browser ends by failing to find a form.
  const approve = (url: URL) => assert.rejects(new FormBrowser().signIn(url, { login: 'ada' }, 'nowhere:'), /no form/);
});

describe('a sign-in at oauth2-mock-server', () => {
  const server = new OAuth2Server();
  let login: Login;

  before(async () => {
    await server.issuer.keys.generate('RS256');
    await server.start(0, '127.0.0.1');
    server.issuer.url = `http://127.0.0.1:${server.address().port}`;
    login = createLogin({
      provider: generic({ issuer: server.issuer.url }),
      clientId: 'terminal',
      redirectUri: 'http://127.0.0.1:4999/callback',
      scopes: ['openid', 'offline_access'],
    });
  });
  after(() => server.stop());

  it('gives an identity, and refreshes it', async () => {
    const { url, transaction } = await startLogin(login);
    const response = await fetch(url, { redirect: 'manual' });
    const callback = new URL(response.headers.get('location') ?? '');
    const signedIn = await finishLogin(login, callback, transaction);
    assert.equal(signedIn.identity.subject, 'johndoe');
    assert.equal((await refreshLogin(login, signedIn)).identity.subject, 'johndoe');
  });
});
