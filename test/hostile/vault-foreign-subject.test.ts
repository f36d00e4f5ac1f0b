/** Getting at the vault with somebody else's sign-in: a subject token works for its own application and for its own person only. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { postgresSkipped } from '@safeconduct/test-support/postgres';
import { ACCESS, type ExchangeIssuer, exchange, startExchangeIssuer } from '../../packages/issuer/src/provider/exchange.fixtures.test.ts';
import { claimsOf, refresh, signIn, type Tokens } from '../../packages/issuer/src/provider/harness.test.ts';
import { ADA, EVE } from '../../packages/issuer/src/provider/shop.fixtures.test.ts';

describe('hostile: subject tokens of others', { skip: postgresSkipped }, () => {
  let issuer: ExchangeIssuer;
  let url: string;
  let adas: Tokens;
  let eves: Tokens;
  before(async () => {
    issuer = await startExchangeIssuer('postgres');
    ({ url } = issuer);
    ({ tokens: adas } = await signIn(url, { client: 'web' }));
    issuer.visitor = EVE.id;
    ({ tokens: eves } = await signIn(url, { client: 'narrow', scope: 'openid orders:read' }));
    await issuer.keep({ user: ADA.id });
    await issuer.keep({ user: ADA.id, application: 'api', account: 'ada for the API' });
  });
  after(() => issuer.end());

  /** No way of asking gives a token, and no answer says whose it would have been. */
  async function nothing(token: string, asking: Parameters<typeof exchange>[2]): Promise<void> {
    for (const federated of [false, true])
      for (const more of [{}, { requested_token_type: federated ? '' : ACCESS }, { client_assertion_type: 'x' }]) {
        const { status, body, json } = await exchange(url, token, { ...asking, federated, more: { ...asking?.more, ...more } });
        assert.ok(status >= 400 && status < 500, body);
        assert.equal(json.access_token, undefined);
        assert.ok(!body.includes('token-of') && !body.includes('usr_'), body);
      }
  }

  it('R-120 R-121 VLT-05 another application`s refresh token opens nothing, and goes on to work for its own', async () => {
    for (const as of ['api', 'narrow', 'classic', 'job']) await nothing(adas.refresh_token, { as });
    const next = await refresh(url, adas.refresh_token, 'web');
    assert.equal(next.status, 200);
    adas = next.json;
  });

  it('R-120 VLT-05 another application`s access token opens nothing, unless the API shows it that it is for', async () => {
    for (const as of ['narrow', 'classic', 'job']) await nothing(adas.access_token, { as });
    assert.equal((await exchange(url, adas.access_token, { as: 'api' })).status, 200);
  });

  it('R-121 VLT-01 the person is the one of the subject token, whatever else is said', async () => {
    for (const more of [
      { subject: ADA.id },
      { sub: ADA.id },
      { user_id: ADA.id },
      { login_hint: ADA.id },
      { login_hint: `${ADA.id}-there` },
    ])
      await nothing(eves.access_token, { as: 'narrow', more });
  });

  it('a token whose claims were changed, or whose signature is another token`s, opens nothing', async () => {
    const [head = '', body = '', signature = ''] = adas.access_token.split('.');
    const claims = claimsOf(eves.access_token);
    const changed = Buffer.from(JSON.stringify({ ...claims, sub: ADA.id, client_id: 'web' })).toString('base64url');
    const [, , evesSignature = ''] = eves.access_token.split('.');
    for (const forged of [`${head}.${changed}.${signature}`, `${head}.${body}.${evesSignature}`, `${head}.${changed}.${evesSignature}`])
      await nothing(forged, { access: true });
  });

  it('R-120 a token that was good a moment ago is forgotten with its sign-in: knowing its signature is not enough', async () => {
    const { tokens } = await signIn(url, { client: 'web' });
    await issuer.keep({ user: EVE.id });
    assert.equal((await exchange(url, tokens.access_token)).status, 200);
    await issuer.store.run(
      { name: 'test: end', text: "update issuer.artifact set revoked_at = now() where kind = 'Grant' and account_id = $1" },
      [EVE.id],
    );
    await nothing(tokens.access_token, {});
    await nothing(tokens.refresh_token, {});
  });
});
