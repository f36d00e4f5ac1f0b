/** Clients that others wrote get a connection's token. Auth0's know one address, over https: their fetch is led here. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ServerClient, type StateData } from '@auth0/auth0-server-js';
import { AuthenticationClient, SUBJECT_TOKEN_TYPES } from 'auth0/legacy';
import * as openid from 'openid-client';
import { ACCESS, type ExchangeIssuer, exchange, REFRESH, startExchangeIssuer } from './exchange.fixtures.test.ts';
import { CONNECTION_TOKEN, TOKEN_EXCHANGE } from './exchange-names.ts';
import { engines, refresh, signIn, type Tokens } from './harness.test.ts';
import { SECRET } from './shop.fixtures.test.ts';

const DOMAIN = 'tenant.auth.example';

/** Leads requests for Auth0's address to the issuer, and calls the issuer by that address in what it says of itself. */
const ledTo =
  (url: string): typeof fetch =>
  async (input, init) => {
    const asked = new URL(input instanceof Request ? input.url : input);
    assert.equal(asked.host, DOMAIN);
    const path = asked.pathname === '/oauth/token' ? '/oauth2/token' : asked.pathname;
    const { duplex: _duplex, ...rest } = (init ?? {}) as RequestInit & { duplex?: unknown };
    const answer = await fetch(new URL(path, url), rest);
    if (!path.startsWith('/.well-known/')) return answer;
    return new Response((await answer.text()).replaceAll(url, `https://${DOMAIN}`), { headers: { 'content-type': 'application/json' } });
  };

for (const { engine, skip } of engines) {
  describe(`clients of others exchange on ${engine}`, { skip }, () => {
    let issuer: ExchangeIssuer;
    let url: string;
    let web: Tokens;
    before(async () => {
      issuer = await startExchangeIssuer(engine);
      ({ url } = issuer);
      ({ tokens: web } = await signIn(url, { client: 'web' }));
      await issuer.keep();
    });
    after(() => issuer.end());

    for (const [how, proof] of [
      ['secret in the form', openid.ClientSecretPost(SECRET)],
      ['Basic', openid.ClientSecretBasic(SECRET)],
    ] as const) {
      it(`R-120 S2.6 openid-client, ${how}: a generic grant request`, async () => {
        const config = await openid.discovery(new URL(url), 'web', undefined, proof, { execute: [openid.allowInsecureRequests] });
        for (const [type, token] of [
          [REFRESH, web.refresh_token],
          [ACCESS, web.access_token],
        ] as const) {
          const answer = await openid.genericGrantRequest(config, TOKEN_EXCHANGE, {
            subject_token: token,
            subject_token_type: type,
            requested_token_type: CONNECTION_TOKEN,
            connection: 'calendar',
          });
          assert.equal(answer.access_token, 'token-of-usr_ada-there-at-calendar');
          assert.ok(Number.isInteger(answer.expires_in));
        }
      });

      it(`B2.10 openid-client, ${how}, reads the error and the link when nothing is connected`, async () => {
        const config = await openid.discovery(new URL(url), 'web', undefined, proof, { execute: [openid.allowInsecureRequests] });
        const params = { subject_token: web.refresh_token, subject_token_type: REFRESH, connection: 'files' };
        await assert.rejects(openid.genericGrantRequest(config, TOKEN_EXCHANGE, params), (error) => {
          assert.ok(error instanceof openid.ResponseBodyError);
          assert.equal(error.error, 'federated_connection_account_not_found');
          assert.equal(error.cause.connect_uri, `${url}/connect/files?client_id=web`);
          return true;
        });
      });
    }

    it('R-120 S2.6 node-auth0 asks for a connection`s token, though it sends no client_id', async () => {
      const auth0 = new AuthenticationClient({ domain: DOMAIN, clientId: 'web', clientSecret: SECRET, fetch: ledTo(url) });
      for (const [subject_token, subject_token_type] of [
        [web.refresh_token, SUBJECT_TOKEN_TYPES.REFRESH_TOKEN],
        [web.access_token, SUBJECT_TOKEN_TYPES.ACCESS_TOKEN],
      ] as const) {
        const { data } = await auth0.oauth.tokenForConnection({ connection: 'calendar', subject_token, subject_token_type });
        assert.equal(data.access_token, 'token-of-usr_ada-there-at-calendar');
        assert.ok(Number.isInteger(data.expires_in));
      }
    });

    it('R-120 a secret without client_id must still be that of the subject token`s application', async () => {
      const auth0 = new AuthenticationClient({ domain: DOMAIN, clientId: 'web', clientSecret: 'guessed', fetch: ledTo(url) });
      const asked = auth0.oauth.tokenForConnection({ connection: 'calendar', subject_token: web.refresh_token });
      await assert.rejects(asked, { error: 'invalid_client', statusCode: 401 });
      const nobody = await exchange(url, 'sc_rt_nobody', { federated: true, headers: {}, more: { client_secret: SECRET } });
      assert.equal(nobody.status, 400);
      const two = await exchange(url, web.refresh_token, { federated: true, headers: {} });
      assert.equal(two.status, 400);
    });

    it('R-123 S2.9 auth0-server-js gets the token of the signed-in person, and the refresh token rotates beside it', async () => {
      const { tokens } = await signIn(url, { client: 'web' });
      const state = sessionOf(tokens);
      const auth0 = new ServerClient({
        domain: DOMAIN,
        clientId: 'web',
        clientSecret: SECRET,
        customFetch: ledTo(url),
        transactionStore: { get: async () => undefined, set: async () => {}, delete: async () => {} },
        stateStore: { get: async () => state, set: async () => {}, delete: async () => {}, deleteByLogoutToken: async () => {} },
      });
      const found = await auth0.getAccessTokenForConnection({ connection: 'calendar' });
      assert.equal(found.accessToken, 'token-of-usr_ada-there-at-calendar');
      assert.ok(Number.isInteger(found.expiresAt) && found.expiresAt > Date.now() / 1000);
      assert.equal((await refresh(url, tokens.refresh_token, 'web')).status, 200);
      await assert.rejects(auth0.getAccessTokenForConnection({ connection: 'files' }), /files/);
    });
  });
}

const sessionOf = ({ refresh_token, id_token }: Tokens): StateData => ({
  user: { sub: 'usr_ada' },
  idToken: id_token,
  refreshToken: refresh_token,
  domain: DOMAIN,
  tokenSets: [],
  internal: { sid: 'sid', createdAt: Math.floor(Date.now() / 1000) },
});
