/** Tokens for the proxy: who gets one, what it says, and when it ends. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { call } from './browser.fixtures.test.ts';
import { ACCESS, type ExchangeIssuer, type Exchanging, exchange, startExchangeIssuer } from './exchange.fixtures.test.ts';
import { claimsOf, engines, headerOf, introspect, signIn, type Tokens } from './harness.test.ts';
import { SECRET } from './shop.fixtures.test.ts';

for (const { engine, skip } of engines) {
  describe(`tokens for the proxy on ${engine}`, { skip }, () => {
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

    const forProxy = (token: string, { more, ...rest }: Exchanging = {}) =>
      exchange(url, token, { ...rest, more: { requested_token_type: ACCESS, ...more } });

    it('R-125 gives a token of ours for ten minutes, for the proxy to one connection, bound to the sign-in', async () => {
      const { status, headers, json } = await forProxy(web.refresh_token);
      assert.equal(status, 200);
      assert.equal(headers['cache-control'], 'no-store');
      const { access_token, ...rest } = json;
      assert.deepEqual(rest, { issued_token_type: ACCESS, token_type: 'Bearer', expires_in: 600 });
      const { aud, sub, client_id, gid, iat, exp, act, account, scope, roles } = claimsOf(access_token);
      assert.deepEqual([aud, sub, client_id], [`${url}/proxy/calendar`, 'usr_ada', 'web']);
      assert.equal(gid, claimsOf(web.access_token).gid);
      assert.equal(exp - iat, 600);
      assert.deepEqual([act, account, scope, roles], [undefined, undefined, undefined, []]);
      assert.equal(headerOf(access_token).typ, 'at+jwt');
    });

    it('names the scopes and the account that were chosen, and who acts when an API asks', async () => {
      await issuer.keep({ application: 'api', account: 'mine' });
      const { json } = await forProxy(web.access_token, { as: 'api', more: { scope: 'read', login_hint: 'mine' } });
      const { act, account, scope, client_id } = claimsOf(json.access_token);
      assert.deepEqual([act, account, scope, client_id], [{ sub: 'api' }, 'mine', 'read', 'api']);
      assert.equal(json.scope, 'read');
    });

    it('R-125 is all that an application gets which may not have the third party`s token', async () => {
      const { tokens } = await signIn(url, { client: 'classic' });
      await issuer.keep({ application: 'classic', account: 'for classic' });
      assert.equal((await exchange(url, tokens.refresh_token, { as: 'classic' })).status, 400);
      assert.equal((await forProxy(tokens.refresh_token, { as: 'classic' })).status, 200);
    });

    it('R-126 is refused with a link as the token itself: nothing connected, not allowed, not all scopes', async () => {
      for (const [asking, reason] of [
        [{ as: 'narrow', more: { scope: 'read' } }, 'not_allowed'],
        [{ more: { scope: 'read admin' } }, 'scopes'],
        [{ more: { login_hint: 'nobody' } }, 'none'],
      ] as const) {
        const { as = 'web' } = asking as Exchanging;
        const { tokens } = await signIn(url, { client: as, ...(as === 'narrow' && { scope: 'openid orders:read' }) });
        const { status, json } = await forProxy(tokens.access_token, asking);
        assert.deepEqual([status, json.error, json.reason], [401, 'federated_connection_account_not_found', reason]);
        assert.ok(json.connect_uri.startsWith(`${url}/connect/calendar?client_id=${as}`));
      }
    });

    it('is refused for a connection without a proxy', async () => {
      const answer = await forProxy(web.access_token, { connection: 'files' });
      assert.deepEqual([answer.status, answer.json.error], [400, 'unauthorized_client']);
    });

    it('gets nobody another token: neither for the proxy nor of the third party', async () => {
      const { access_token } = (await forProxy(web.access_token)).json;
      for (const answer of [await forProxy(access_token), await exchange(url, access_token)])
        assert.deepEqual([answer.status, answer.json.error], [400, 'invalid_request']);
    });

    it('ends with its sign-in', async () => {
      const { tokens } = await signIn(url, { client: 'web' });
      const { access_token } = (await forProxy(tokens.refresh_token)).json;
      const alive = async () => (await issuer.bare.provider.liveToken(access_token)) !== undefined;
      assert.equal(await alive(), true);
      await call(url, '/oauth2/revoke', { form: { token: tokens.refresh_token, client_id: 'web', client_secret: SECRET } });
      assert.equal(await alive(), false);
    });

    it('is nobody`s business but the proxy`s: an API hears that it is not active, and userinfo refuses it', async () => {
      const { access_token } = (await forProxy(web.access_token)).json;
      assert.deepEqual(await introspect(url, access_token), { active: false });
      const userinfo = (token: string) => call(url, '/oauth2/userinfo', { headers: { authorization: `Bearer ${token}` } });
      assert.deepEqual([(await userinfo(access_token)).status, (await userinfo(web.access_token)).status], [401, 200]);
    });
  });
}
