/** What the protocol endpoints do not take: too long, too many, or no text. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { call } from './browser.fixtures.test.ts';
import { authorizePath, engines, signIn, startIssuer, type TestIssuer } from './harness.test.ts';
import { SECRET } from './shop.fixtures.test.ts';

for (const { engine, skip } of engines) {
  describe(`the bounds of requests on ${engine}`, { skip }, () => {
    let issuer: TestIssuer;
    let url: string;
    before(async () => {
      issuer = await startIssuer(engine);
      ({ url } = issuer);
    });
    after(() => issuer.stop());

    const asked = (more: Record<string, string>, client = 'cli') => call(url, authorizePath({ client, more }, 'x'.repeat(43)));
    const errorOf = async (more: Record<string, string>) =>
      new URL(String((await asked(more)).headers.location), url).searchParams.get('error');

    it('R-012 bounds its inputs', async () => {
      assert.equal(await errorOf({ state: 's'.repeat(2049) }), 'invalid_request');
      assert.equal(await errorOf({ nonce: 's'.repeat(2049) }), 'invalid_request');
      assert.equal(await errorOf({ scope: `openid ${Array.from({ length: 101 }, (_, n) => `s${n}`).join(' ')}` }), 'invalid_request');
      const reflected = await asked({ state: 's'.repeat(2049) });
      assert.ok(!String(reflected.headers.location).includes('sss'));
      assert.ok([414, 431].includes((await call(url, `/oauth2/authorize?state=${'s'.repeat(16_400)}`)).status));
      const big = { grant_type: 'refresh_token', refresh_token: 's'.repeat(70_000), client_id: 'cli' };
      assert.equal((await call(url, '/oauth2/token', { form: big })).status, 413);
      assert.equal((await call(url, '/oauth2/introspect', { form: big })).status, 413);
    });

    it('R-012 refuses what no database can hold as the mistake that it is', async () => {
      for (const name of ['state', 'nonce', 'login_hint', 'acr_values', 'ui_locales'])
        assert.equal(await errorOf({ [name]: 'a\0b' }), 'invalid_request', name);
      for (const value of ['\\u0000', '\\ud800'])
        assert.equal(await errorOf({ claims: `{"id_token":{"sub":{"value":"${value}"}}}` }), 'invalid_request', value);
      assert.equal(await errorOf({ state: '\\u0000 🐳', claims: '{"id_token":{"sub":{"value":"\\ud83d\\udc33"}}}' }), null);
      assert.equal((await asked({}, 'a\0b')).status, 400);
      const form = { grant_type: 'refresh_token', refresh_token: 'x', client_id: 'a\0b' };
      assert.equal((await call(url, '/oauth2/token', { form })).json.error, 'invalid_client');
      const { browser } = await signIn(url, { client: 'web' });
      assert.equal((await browser.send('/oauth2/logout?client_id=web&state=%00')).status, 400);
    });

    it('R-012 bounds scopes at the token endpoint too', async () => {
      const scope = Array.from({ length: 101 }, (_, n) => `s${n}`).join(' ');
      const form = { grant_type: 'client_credentials', client_id: 'job', client_secret: SECRET };
      assert.equal((await call(url, '/oauth2/token', { form: { ...form, scope } })).json.error, 'invalid_request');
      assert.equal((await call(url, '/oauth2/token', { form: { ...form, scope: 'orders:read' } })).status, 200);
    });
  });
}
