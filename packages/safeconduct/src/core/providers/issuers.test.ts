import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { entra } from './entra.ts';
import { generic } from './generic.ts';
import { acceptsIssuer, sharesIssuer, tenantOf } from './issuers.ts';

const [one, two, three] = [1, 2, 3].map((digit) => `0000000${digit}-0000-4000-8000-000000000000`) as [string, string, string];
const v2 = (tenant: string) => `https://login.microsoftonline.com/${tenant}/v2.0`;

describe('the issuers that a provider may write', () => {
  it('R-092 are one text, to the character, without tenants', () => {
    const rule = generic({ issuer: 'https://id.example' });
    assert.ok(acceptsIssuer(rule, 'https://id.example'));
    for (const other of [
      'https://id.example/',
      'https://ID.example',
      'https://id.example:443',
      ['https://id.example'],
      undefined,
      null,
      1,
      {},
    ])
      assert.equal(acceptsIssuer(rule, other), false);
  });

  it('R-081 are those of the listed tenants, in both forms, with the version of each', () => {
    const rule = entra({ tenants: [one, two] });
    assert.deepEqual(tenantOf(rule, v2(one)), { tenant: one, version: '2.0' });
    assert.deepEqual(tenantOf(rule, `https://sts.windows.net/${two}/`), { tenant: two, version: '1.0' });
    for (const other of [
      v2(three),
      v2('common'),
      `https://sts.windows.net/${one}`,
      v2(`${one}/x`),
      v2(one).replace('https', 'http'),
      1,
      null,
      [v2(one)],
    ])
      assert.equal(acceptsIssuer(rule, other), false, String(other));
  });

  it('R-081 hold a GUID and nothing else in the tenant’s place, whoever is let in', () => {
    const rule = entra({ acceptTokensOfEveryTenant: true });
    assert.ok(acceptsIssuer(rule, v2(three)));
    fc.assert(
      fc.property(fc.string({ minLength: 36, maxLength: 36 }), (text) => {
        assert.equal(acceptsIssuer(rule, v2(text)), /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text));
      }),
    );
  });

  it('can be told apart, or an API that trusts both presets cannot be made', () => {
    const pairs: readonly (readonly [Parameters<typeof entra>[0], Parameters<typeof entra>[0], boolean])[] = [
      [{ tenant: one }, { tenant: one }, true],
      [{ tenant: one }, { tenant: two }, false],
      [{ tenant: one }, { tenants: [one, two] }, true],
      [{ tenant: three }, { tenants: [one, two] }, false],
      [{ tenant: three }, { acceptTokensOfEveryTenant: true }, true],
      [{ acceptTokensOfEveryTenant: true }, { acceptTokensOfEveryTenant: true }, true],
      [{ tenant: one }, { tenant: one, authority: 'https://login.microsoftonline.us' }, true],
      [{ tenant: one }, { tenant: one, authority: 'https://login.partner.microsoftonline.cn' }, false],
    ];
    for (const [left, right, expected] of pairs) {
      assert.equal(sharesIssuer(entra(left), entra(right)), expected, JSON.stringify([left, right]));
      assert.equal(sharesIssuer(entra(right), entra(left)), expected, JSON.stringify([right, left]));
    }
    assert.equal(sharesIssuer(generic({ issuer: v2(one) }), entra({ acceptTokensOfEveryTenant: true })), true);
    assert.equal(sharesIssuer(generic({ issuer: v2(one) }), entra({ tenant: two })), false);
  });
});
