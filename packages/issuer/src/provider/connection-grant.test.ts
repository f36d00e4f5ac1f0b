/** The exchange over HTTP: what it gives, and that it leaves the subject token as it was. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { call } from './browser.fixtures.test.ts';
import { ACCESS, type ExchangeIssuer, exchange, startExchangeIssuer } from './exchange.fixtures.test.ts';
import { CONNECTION_TOKEN, FEDERATED_EXCHANGE, FEDERATED_TOKEN, TOKEN_EXCHANGE } from './exchange-names.ts';
import { authorize, engines, redeem, refresh, signIn, type Tokens } from './harness.test.ts';
import { SECRET } from './shop.fixtures.test.ts';

for (const { engine, skip } of engines) {
  describe(`exchange on ${engine}`, { skip }, () => {
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

    for (const [kind, federated, type] of [
      ['the standard grant', false, CONNECTION_TOKEN],
      ["Auth0's grant", true, FEDERATED_TOKEN],
    ] as const) {
      for (const token of ['refresh_token', 'access_token'] as const) {
        it(`R-125 S2.6 ${kind} gives the third party's token for a ${token}: that, its end and its scopes, and nothing is stored`, async () => {
          const { status, headers, json } = await exchange(url, web[token], { federated });
          const { expires_in, ...rest } = json;
          assert.equal(status, 200);
          assert.deepEqual(rest, {
            access_token: 'token-of-usr_ada-there-at-calendar',
            issued_token_type: type,
            token_type: 'Bearer',
            scope: 'read write',
          });
          assert.ok(Number.isInteger(expires_in) && expires_in > 3500 && expires_in <= 3600, `${expires_in}`);
          assert.equal(headers['cache-control'], 'no-store');
          assert.equal(headers['x-content-type-options'], 'nosniff');
        });
      }
    }

    it('R-123 S2.9 B2.11 exchanges never use up the refresh token, and it rotates as before', async () => {
      const { tokens } = await signIn(url, { client: 'web' });
      for (let time = 0; time < 3; time++) assert.equal((await exchange(url, tokens.refresh_token)).status, 200);
      const next = await refresh(url, tokens.refresh_token, 'web');
      assert.equal(next.status, 200);
      assert.notEqual(next.json.refresh_token, tokens.refresh_token);
      assert.equal((await exchange(url, next.json.refresh_token)).status, 200);
    });

    it('R-123 the parent of a rotation counts inside the grace window; after it the exchange is refused and nobody is signed out', async () => {
      const { tokens } = await signIn(url, { client: 'web' });
      const next = (await refresh(url, tokens.refresh_token, 'web')).json;
      assert.equal((await exchange(url, tokens.refresh_token)).status, 200);
      const used = "update issuer.artifact set consumed_at = now() - interval '11 seconds' where consumed_at is not null";
      await issuer.store.run({ name: 'test: eleven seconds later', text: used }, []);
      const late = await exchange(url, tokens.refresh_token);
      assert.deepEqual([late.status, late.json.error], [400, 'invalid_request']);
      assert.equal((await exchange(url, next.refresh_token)).status, 200);
      assert.equal((await refresh(url, next.refresh_token, 'web')).status, 200);
    });

    it('S2.12 gives each of several connections by its name', async () => {
      await issuer.keep({ connection: 'files' });
      assert.equal((await exchange(url, web.access_token, { connection: 'files' })).json.access_token, 'token-of-usr_ada-there-at-files');
      assert.equal((await exchange(url, web.access_token)).json.access_token, 'token-of-usr_ada-there-at-calendar');
    });

    it('R-121 login_hint chooses among the accounts of the person; without it the one that was allowed last counts', async () => {
      await issuer.keep({ connection: 'files', account: 'first' });
      await issuer.keep({ connection: 'files', account: 'second' });
      const ask = async (more = {}) => (await exchange(url, web.access_token, { connection: 'files', more })).json.access_token;
      assert.equal(await ask({ login_hint: 'first' }), 'token-of-first-at-files');
      assert.equal(await ask({ login_hint: 'second' }), 'token-of-second-at-files');
      assert.equal(await ask(), 'token-of-second-at-files');
    });

    it('expires_in is a whole number also when the third party gave no end, and never more than is left', async () => {
      for (const [expiresIn, most, least] of [
        [null, 300, 300],
        [61, 61, 55],
      ] as const) {
        await issuer.keep({ connection: 'files', account: `for-${expiresIn}`, expiresIn });
        for (const headers of [{}, { origin: 'http://127.0.0.1:9999' }]) {
          const more = { login_hint: `for-${expiresIn}`, client_id: 'web', client_secret: SECRET };
          const { expires_in } = (await exchange(url, web.access_token, { connection: 'files', more, headers })).json;
          assert.ok(Number.isInteger(expires_in) && expires_in <= most && expires_in >= least, `${expires_in}`);
        }
      }
    });

    it('F-13 gives the token that has not ended while the third party is away', async () => {
      await issuer.keep({ connection: 'files', account: 'ending', expiresIn: 5 });
      issuer.thirdParty.away = true;
      const { json } = await exchange(url, web.access_token, { connection: 'files', more: { login_hint: 'ending' } });
      issuer.thirdParty.away = false;
      assert.equal(json.access_token, 'token-of-ending-at-files');
    });

    it('renews a token that has ended, once for all who ask', async () => {
      await issuer.keep({ connection: 'files', account: 'ended', expiresIn: -1 });
      const before = issuer.thirdParty.renewals;
      const ask = () => exchange(url, web.access_token, { connection: 'files', more: { login_hint: 'ended' } });
      const answers = await Promise.all([ask(), ask(), ask()]);
      for (const { body, json } of answers) assert.equal(json.access_token, `renewed-${before + 1}`, body);
      assert.equal(issuer.thirdParty.renewals, before + 1);
    });

    it('gives another token in place of one that the third party took no longer, and asks for it once', async () => {
      await issuer.keep({ connection: 'files', account: 'revoked there', expiresIn: 3600 });
      const refused = 'token-of-revoked there-at-files';
      const ask = (more: Record<string, string> = {}) =>
        exchange(url, web.access_token, { connection: 'files', more: { login_hint: 'revoked there', ...more } });
      assert.equal((await ask()).json.access_token, refused);
      const before = issuer.thirdParty.renewals;
      const answers = await Promise.all([
        ask({ refused_token: refused }),
        ask({ refused_token: refused }),
        ask({ refused_token: 'another' }),
      ]);
      assert.deepEqual(
        answers.slice(0, 2).map(({ json }) => json.access_token),
        [`renewed-${before + 1}`, `renewed-${before + 1}`],
      );
      assert.equal((await ask({ refused_token: 'another' })).json.access_token, `renewed-${before + 1}`);
      assert.equal(issuer.thirdParty.renewals, before + 1);
    });

    it('an API exchanges the access token that it was called with, and its own use counts', async () => {
      await issuer.keep({ account: 'for the API', application: 'api', allowed: ['read'] });
      const { status, json } = await exchange(url, web.access_token, { as: 'api' });
      assert.deepEqual([status, json.access_token], [200, 'token-of-for the API-at-calendar']);
    });

    it('R-120 VLT-09 a public application exchanges where the connection allows it, and nowhere else', async () => {
      const back = await authorize(url, { client: 'spa' });
      const spa = (await redeem(url, back)).json as Tokens;
      await issuer.keep({ connection: 'files', application: 'spa', account: 'in the browser' });
      const ask = (connection: string, headers: Record<string, string> = {}) =>
        exchange(url, spa.refresh_token, { connection, headers, more: { client_id: 'spa' } });
      assert.equal((await ask('files')).json.access_token, 'token-of-in the browser-at-files');
      const fromPage = await ask('files', { origin: 'http://localhost:9998' });
      assert.deepEqual([fromPage.status, fromPage.headers['access-control-allow-origin']], [200, 'http://localhost:9998']);
      const elsewhere = await ask('calendar');
      assert.deepEqual([elsewhere.status, elsewhere.json.error], [400, 'unauthorized_client']);
    });

    it('asks for fewer scopes than the person allowed', async () => {
      assert.equal((await exchange(url, web.access_token, { more: { scope: 'read' } })).status, 200);
    });

    it('discovery names both grant types', async () => {
      const { grant_types_supported } = (await call(url, '/.well-known/openid-configuration')).json;
      for (const name of [TOKEN_EXCHANGE, FEDERATED_EXCHANGE]) assert.ok(grant_types_supported.includes(name), name);
      assert.ok(!grant_types_supported.some((name: string) => name.startsWith('urn:safeconduct:')));
    });

    it('the requested type may be left out of the standard grant', async () => {
      const { json } = await exchange(url, web.access_token, { more: { requested_token_type: '', subject_token_type: ACCESS } });
      assert.equal(json.issued_token_type, CONNECTION_TOKEN);
    });
  });
}
