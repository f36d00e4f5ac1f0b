/** Clients that others wrote get a connection's token. Those of a vendor are in test/flows/dialects. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as openid from 'openid-client';
import { ACCESS, type ExchangeIssuer, exchange, REFRESH, startExchangeIssuer } from './exchange.fixtures.test.ts';
import { CONNECTION_TOKEN, TOKEN_EXCHANGE } from './exchange-names.ts';
import { engines, signIn, type Tokens } from './harness.test.ts';
import { SECRET } from './shop.fixtures.test.ts';

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

    it('R-120 S2.6 a secret without client_id must be that of the subject token`s application', async () => {
      const unnamed = (token: string, client_secret: string) =>
        exchange(url, token, { federated: true, headers: {}, more: { client_secret } });
      assert.equal((await unnamed(web.refresh_token, SECRET)).status, 200);
      assert.equal((await unnamed(web.access_token, SECRET)).status, 200);
      assert.match((await unnamed(web.refresh_token, 'guessed')).body, /invalid_client/);
      assert.equal((await unnamed('sc_rt_nobody', SECRET)).status, 400);
      assert.equal((await exchange(url, web.refresh_token, { federated: true, headers: {} })).status, 400, 'nor any secret');
    });
  });
}
