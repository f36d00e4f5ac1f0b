/** Clients that others wrote complete sign-in, refresh and sign-out without any setting but leave to use http on loopback. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import { Browser } from './browser.fixtures.test.ts';
import { engines, startIssuer, type TestIssuer } from './harness.test.ts';
import { API, CALLBACK, SECRET } from './shop.fixtures.test.ts';

const scope = 'openid profile email offline_access orders:read';

for (const { engine, skip } of engines) {
  describe(`clients of others on ${engine}`, { skip }, () => {
    let issuer: TestIssuer;
    let url: string;
    before(async () => {
      issuer = await startIssuer(engine);
      ({ url } = issuer);
    });
    after(() => issuer.stop());

    const visit = async (address: URL, browser = new Browser(url)) => {
      const { left } = await browser.follow(address.pathname + address.search);
      assert.ok(left);
      return left;
    };

    for (const [id, secret] of [
      ['cli', undefined],
      ['web', SECRET],
    ] as const) {
      it(`openid-client signs in, refreshes, introspects and signs out as ${id}`, async () => {
        const config = await openid.discovery(new URL(url), id, secret, secret ? undefined : openid.None(), {
          execute: [openid.allowInsecureRequests],
        });
        const verifier = openid.randomPKCECodeVerifier();
        const expectedNonce = openid.randomNonce();
        const expectedState = openid.randomState();
        const request = {
          redirect_uri: CALLBACK,
          scope,
          code_challenge: await openid.calculatePKCECodeChallenge(verifier),
          code_challenge_method: 'S256',
          nonce: expectedNonce,
          state: expectedState,
        };
        const browser = new Browser(url);
        const back = await visit(openid.buildAuthorizationUrl(config, request), browser);
        const tokens = await openid.authorizationCodeGrant(config, back, {
          pkceCodeVerifier: verifier,
          expectedNonce,
          expectedState,
          idTokenExpected: true,
        });
        assert.equal(tokens.claims()?.name, 'Ada Brandt');
        const fresh = await openid.refreshTokenGrant(config, String(tokens.refresh_token), { resource: API });
        assert.equal((await openid.fetchUserInfo(config, fresh.access_token, 'usr_ada')).email, 'ada@shop.example');
        if (secret) assert.equal((await openid.tokenIntrospection(config, String(fresh.refresh_token))).active, true);
        await openid.tokenRevocation(config, String(fresh.refresh_token));
        await assert.rejects(openid.refreshTokenGrant(config, String(fresh.refresh_token)), { error: 'invalid_grant' });
        const leave = openid.buildEndSessionUrl(config, {
          id_token_hint: String(fresh.id_token),
          ...(secret && { post_logout_redirect_uri: 'http://127.0.0.1:9999/' }),
        });
        const end = await browser.follow(leave.pathname + leave.search);
        if (secret) assert.equal(end.left?.href, 'http://127.0.0.1:9999/');
        else assert.equal(end.answer.status, 200);
      });
    }

    it('openid-client gets a token for a service, and signs a device in', async () => {
      const options = { execute: [openid.allowInsecureRequests] };
      const service = await openid.discovery(new URL(url), 'job', SECRET, undefined, options);
      assert.ok((await openid.clientCredentialsGrant(service, { scope: 'orders:read', resource: API })).access_token);
      const device = await openid.discovery(new URL(url), 'cli', undefined, openid.None(), options);
      const begun = await openid.initiateDeviceAuthorization(device, { scope });
      const browser = new Browser(url);
      const typed = await browser.submit(await browser.send('/device'), '/device', { user_code: begun.user_code });
      const approved = await browser.submit(typed, '/device', { confirm: 'yes' });
      await browser.follow(new URL(String(approved.headers.location), url).pathname);
      const tokens = await openid.pollDeviceAuthorizationGrant(device, { ...begun, interval: 0 });
      assert.equal(tokens.claims()?.sub, 'usr_ada');
    });

    it('oauth4webapi signs in, refreshes and revokes, with every check that it has', async () => {
      const insecure = { [oauth.allowInsecureRequests]: true };
      const at = new URL(url);
      const server = await oauth.processDiscoveryResponse(at, await oauth.discoveryRequest(at, insecure));
      const client = { client_id: 'web' };
      const authentication = oauth.ClientSecretBasic(SECRET);
      const verifier = oauth.generateRandomCodeVerifier();
      const nonce = oauth.generateRandomNonce();
      const state = oauth.generateRandomState();
      const query = {
        client_id: 'web',
        response_type: 'code',
        redirect_uri: CALLBACK,
        scope,
        state,
        nonce,
        max_age: '600',
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      };
      const back = await visit(new URL(`${server.authorization_endpoint}?${new URLSearchParams(query)}`));
      const parameters = oauth.validateAuthResponse(server, client, back, state);
      const redeemed = await oauth.authorizationCodeGrantRequest(server, client, authentication, parameters, CALLBACK, verifier, insecure);
      const tokens = await oauth.processAuthorizationCodeResponse(server, client, redeemed, {
        expectedNonce: nonce,
        maxAge: 600,
        requireIdToken: true,
      });
      const again = await oauth.refreshTokenGrantRequest(server, client, authentication, String(tokens.refresh_token), insecure);
      const fresh = await oauth.processRefreshTokenResponse(server, client, again);
      const guarded = new Request(API, { headers: { authorization: `Bearer ${fresh.access_token}` } });
      const claims = await oauth.validateJwtAccessToken(server, guarded, API, insecure);
      assert.equal(claims.sub, 'usr_ada');
      const revoked = await oauth.revocationRequest(server, client, authentication, String(fresh.refresh_token), insecure);
      await oauth.processRevocationResponse(revoked);
    });
  });
}
