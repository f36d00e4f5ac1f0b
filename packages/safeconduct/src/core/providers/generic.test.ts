import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { protect } from '../../steps/protect/protect.ts';
import { readFacts } from '../identity/claims.ts';
import { generic } from './generic.ts';
import { now } from './shapes.fixtures.test.ts';
import { bearing, type Json, newSigningKey, signed, startVendor } from './vendor.fixtures.test.ts';

const issuer = 'https://id.example.org';

async function plainProvider(context: TestContext) {
  const vendor = await startVendor();
  context.after(() => vendor.close());
  const key = newSigningKey('plain');
  vendor.documents.set('id.example.org/.well-known/openid-configuration', { issuer, jwks_uri: `${issuer}/keys` });
  vendor.documents.set('id.example.org/keys', { keys: [{ ...key.jwk, kid: key.kid }] });
  const claims = { iss: issuer, sub: 'ada', aud: 'api', azp: 'shop', exp: now() + 60 };
  const call = (changes: Json, accessTokenTypes?: string[]) => {
    const provider = generic({ issuer, ...(accessTokenTypes && { accessTokenTypes }) });
    const header = { typ: accessTokenTypes === undefined ? 'at+jwt' : 'JWT' };
    return protect({ provider, audience: 'api', fetch: vendor.fetch })(bearing(signed(key, header, { ...claims, ...changes })));
  };
  return { call };
}

it('R-092 tells an ID token from an access token where the provider marks neither, as far as its claims allow', async (context) => {
  const { call } = await plainProvider(context);
  for (const sign of ['nonce', 'at_hash', 'c_hash']) {
    await assert.rejects(call({ [sign]: 'x' }, ['at+jwt', 'jwt']), { code: 'token_invalid', message: /ID token/ });
    // What marks its access tokens may put into them what it likes.
    assert.ok(await call({ [sign]: 'x' }));
  }
  assert.equal((await call({}, ['jwt'])).client, 'shop');
});

it('R-092 takes nothing for a time that is none, and no subject that is too long', async (context) => {
  const { call } = await plainProvider(context);
  const codes: [Json, string][] = [
    ...[-1, -0.5, 1e300, 8_640_000_000_001, '99999999999', null, [9_999_999_999], true].map((exp): [Json, string] => [
      { exp },
      'token_invalid',
    ]),
    ...[-1, 1e300, '1', [], {}, true].flatMap((time): [Json, string][] => [
      [{ nbf: time }, 'token_invalid'],
      [{ iat: time }, 'token_invalid'],
    ]),
    [{ sub: 'x'.repeat(256) }, 'token_invalid'],
  ];
  for (const [changes, code] of codes) await assert.rejects(call(changes), { code }, JSON.stringify(changes));
  assert.equal((await call({ exp: 253_402_300_800, nbf: 0, iat: 0 })).expiresAt.getUTCFullYear(), 10_000);
  assert.equal((await call({ exp: now() + 60.5, sub: 'x'.repeat(255) })).subject.length, 255);
});

it('R-031 takes a client for a service only when the subject is that client', () => {
  const { spelling } = generic({ issuer });
  assert.equal(readFacts({ sub: 'batch', client_id: 'batch' }, spelling).kind, 'service');
  assert.equal(readFacts({ sub: 'batch', azp: 'batch' }, spelling).kind, 'service');
  assert.equal(readFacts({ sub: 'batch', client_id: 'shop', azp: 'batch' }, spelling).kind, 'person');
});
