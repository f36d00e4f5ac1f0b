/** A third party that takes requests and answers none: whoever waits for it holds up nobody else. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ExchangeIssuer, exchange, startExchangeIssuer } from './exchange.fixtures.test.ts';
import { engines, refresh, signIn, type Tokens } from './harness.test.ts';

// More than the database has connections.
const CALLERS = 12;

for (const { engine, skip } of engines) {
  describe(`a third party that hangs, on ${engine}`, { skip }, () => {
    let issuer: ExchangeIssuer;
    let url: string;
    let web: Tokens;
    before(async () => {
      issuer = await startExchangeIssuer(engine);
      ({ url } = issuer);
      ({ tokens: web } = await signIn(url, { client: 'web' }));
      for (let account = 0; account < CALLERS; account++) await issuer.keep({ account: `account-${account}`, expiresIn: -1 });
      await issuer.keep({ account: 'fresh' });
    });
    after(() => issuer.end());

    it('R-122 F-13 while many callers wait for it, people sign in, refresh and get tokens that have not ended', async () => {
      issuer.thirdParty.hangs = true;
      let answered = 0;
      const late = Array.from({ length: CALLERS }, (_, account) =>
        exchange(url, web.access_token, { more: { login_hint: `account-${account}` } }).finally(() => answered++),
      );
      while (issuer.thirdParty.waiting < CALLERS) await new Promise((resolve) => setImmediate(resolve));
      const { tokens } = await signIn(url, { client: 'web' });
      assert.equal((await refresh(url, tokens.refresh_token, 'web')).status, 200);
      assert.equal((await exchange(url, tokens.access_token, { more: { login_hint: 'fresh' } })).status, 200);
      assert.equal(answered, 0, 'nobody has an answer of the third party yet');
      assert.deepEqual(
        new Set((await Promise.all(late)).map(({ status, headers }) => `${status} ${headers['retry-after']}`)),
        new Set(['503 3']),
      );
      const left = await issuer.store.run(
        {
          name: 'test left',
          text: `select count(*)::int as n from issuer.connected_account where refresh_claim is not null or state <> 'active'`,
        },
        [],
      );
      assert.deepEqual(left, [{ n: 0 }]);
    });
  });
}
