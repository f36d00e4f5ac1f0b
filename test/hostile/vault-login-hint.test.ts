/** Naming somebody else's account: login_hint chooses among the accounts of the person that the subject token is of, and no others. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { postgresSkipped } from '@safeconduct/test-support/postgres';
import { ACCESS, type ExchangeIssuer, exchange, startExchangeIssuer } from '../../packages/issuer/src/provider/exchange.fixtures.test.ts';
import { signIn, type Tokens } from '../../packages/issuer/src/provider/harness.test.ts';
import { ADA, EVE } from '../../packages/issuer/src/provider/shop.fixtures.test.ts';

describe('hostile: login_hint of somebody else', { skip: postgresSkipped }, () => {
  let issuer: ExchangeIssuer;
  let url: string;
  let eves: Tokens;
  let adasAccount: string;
  before(async () => {
    issuer = await startExchangeIssuer('postgres');
    ({ url } = issuer);
    adasAccount = await issuer.keep({ user: ADA.id, account: 'ada@calendar.example' });
    await issuer.keep({ user: EVE.id, account: 'eve@calendar.example' });
    issuer.visitor = EVE.id;
    ({ tokens: eves } = await signIn(url, { client: 'web' }));
  });
  after(() => issuer.end());

  const hints = () => [
    'ada@calendar.example',
    ADA.id,
    adasAccount,
    'ADA@calendar.example',
    '%',
    '_%',
    "' or '1'='1",
    'eve@calendar.example ',
    '*',
  ];

  for (const token of ['access_token', 'refresh_token'] as const)
    for (const [what, more] of [
      ['the third party`s token', {}],
      ['a token for the proxy', { requested_token_type: ACCESS }],
      ['the long way', { client_assertion_type: 'x' }],
    ] as const) {
      it(`R-121 VLT-02 by ${token}, ${what}: the same answer as for an account that is nobody's`, async () => {
        const answers = [];
        for (const login_hint of [...hints(), 'nobody@calendar.example']) {
          const { status, json } = await exchange(url, eves[token], { more: { ...more, login_hint } });
          assert.equal(status, 401);
          answers.push(JSON.stringify(json));
        }
        assert.equal(new Set(answers).size, 1);
        assert.ok(answers[0]?.includes('"reason":"none"'));
      });
    }

  it('R-121 her own is given', async () => {
    const { json } = await exchange(url, eves.access_token, { more: { login_hint: 'eve@calendar.example' } });
    assert.equal(json.access_token, 'token-of-eve@calendar.example-at-calendar');
  });
});
