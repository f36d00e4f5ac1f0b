import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { forge } from '@safeconduct/test-support/scripted-provider';
import { generic } from '../../core/providers/generic.ts';
import { safeconduct } from '../../core/providers/safeconduct.ts';
import { provider, refusedAs, signIn } from './hostile.fixtures.test.ts';

const now = () => Math.floor(Date.now() / 1000);

describe('the ID token', () => {
  const lies: readonly (readonly [string, RegExp, Record<string, unknown>])[] = [
    ['B0.3 another issuer', /iss/, { iss: 'evil' }],
    ['B0.3 no issuer', /iss/, { iss: undefined }],
    ['the issuer with a slash', /iss/, { iss: () => `${provider.issuer}/` }],
    ['S0.9 another audience', /aud/, { aud: 'someone-else' }],
    ['no audience', /aud/, { aud: undefined }],
    ['two audiences and no azp', /azp/, { aud: ['shop', 'other'] }],
    ['another azp', /azp/, { azp: 'other' }],
    ['an exp that has passed', /exp/, { exp: () => now() - 31 }],
    ['no exp', /exp/, { exp: undefined }],
    ['an exp beyond all time', /exp/, { exp: 1e300 }],
    ['S0.9 an iat in the future', /iat/, { iat: () => now() + 60 }],
    ['no iat', /iat/, { iat: undefined }],
    ['an nbf in the future', /nbf/, { nbf: () => now() + 60 }],
    ['no sub', /sub/, { sub: undefined }],
    ['S0.9 a sub that is no text', /sub/, { sub: 123 }],
    ['an empty sub', /sub/, { sub: '' }],
    ['a sub of 256 characters', /sub/, { sub: 'x'.repeat(256) }],
    ['B0.2 another nonce', /nonce/, { nonce: 'replayed' }],
    ['B0.2 no nonce', /nonce/, { nonce: undefined }],
    ['S0.10 B0.4 the at_hash of another access token', /at_hash/, { at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' }],
    ['an at_hash that is no text', /at_hash/, { at_hash: 7 }],
  ];
  for (const [lie, reason, change] of lies) {
    it(`R-072 with ${lie} is refused`, async () => {
      const values = Object.entries(change).map(([name, value]) => [name, typeof value === 'function' ? value() : value]);
      provider.script.idTokenClaims = (honest) => ({ ...honest, ...Object.fromEntries(values) });
      await assert.rejects(signIn(), refusedAs('id_token_invalid', reason));
    });
  }

  it('S0.9 may name several audiences when azp is us', async () => {
    provider.script.idTokenClaims = (honest) => ({ ...honest, aud: ['shop', 'other'], azp: 'shop' });
    assert.equal((await signIn()).identity.subject, 'person-1');
  });

  it('S0.10 must match the access token: a swapped one is refused', async () => {
    provider.script.tokenAnswer = (honest) => ({ ...honest, access_token: 'another-token' });
    await assert.rejects(signIn(), refusedAs('id_token_invalid', /at_hash/));
  });

  it('B0.4 may lack at_hash where the provider never promised it, and only there', async () => {
    provider.script.idTokenClaims = ({ at_hash: _, ...rest }) => rest;
    assert.ok(await signIn());
    await assert.rejects(
      signIn({ login: { provider: safeconduct({ issuer: provider.issuer }) } }),
      refusedAs('id_token_invalid', /at_hash/),
    );
  });

  it('B0.5 R-072 S0.7 with alg none, HS256 or any other that is not pinned is refused, even if discovery lists it', async () => {
    provider.script.metadata = (honest) => ({ ...honest, id_token_signing_alg_values_supported: ['none', 'HS256', 'ES256'] });
    provider.script.idToken = (claims) => forge(claims, { alg: 'none' });
    await assert.rejects(signIn(), refusedAs('id_token_invalid', /JWS/));
    provider.script.idToken = (claims) => forge(claims, { alg: 'HS256' }, 'top-secret');
    await assert.rejects(signIn({ login: { clientSecret: 'top-secret' } }), refusedAs('id_token_invalid', /alg/));
    provider.script = {};
    await assert.rejects(
      signIn({ login: { provider: generic({ issuer: provider.issuer, algorithms: ['RS256'] }) } }),
      refusedAs('id_token_invalid', /alg/),
    );
  });

  it('B0.5 with an algorithm that discovery does not list is refused', async () => {
    provider.script.metadata = (honest) => ({ ...honest, id_token_signing_alg_values_supported: ['RS256'] });
    await assert.rejects(signIn(), refusedAs('id_token_invalid', /publishes/));
  });

  it('S0.8 is checked with the key that kid names, and refused when the provider has no such key', async () => {
    provider.script.idTokenHeader = (honest) => ({ ...honest, kid: 'another' });
    await assert.rejects(signIn(), refusedAs('id_token_invalid', /key/));
  });

  it('that was changed after signing is refused', async () => {
    provider.script.tokenAnswer = (honest) => {
      const [head, body = '', tail] = String(honest.id_token).split('.');
      const claims = { ...JSON.parse(Buffer.from(body, 'base64url').toString()), sub: 'somebody-else' };
      return { ...honest, id_token: [head, Buffer.from(JSON.stringify(claims)).toString('base64url'), tail].join('.') };
    };
    await assert.rejects(signIn(), refusedAs('id_token_invalid', /signature/));
  });

  it('that is missing ends the sign-in', async () => {
    provider.script.idToken = () => undefined;
    await assert.rejects(signIn(), refusedAs('id_token_invalid', /no ID token/));
  });

  it('R-072 must prove a recent authentication when max_age was asked', async () => {
    assert.ok(await signIn({ start: { maxAge: 60 } }));
    provider.script.idTokenClaims = (honest) => ({ ...honest, auth_time: now() - 120 });
    await assert.rejects(signIn({ start: { maxAge: 60 } }), refusedAs('id_token_invalid', /auth_time/));
    provider.script.idTokenClaims = ({ auth_time: _, ...rest }) => rest;
    await assert.rejects(signIn({ start: { maxAge: 60 } }), refusedAs('id_token_invalid', /auth_time/));
  });

  it('R-072 must have an acr that was asked for', async () => {
    await assert.rejects(signIn({ start: { acrValues: ['phr'] } }), refusedAs('id_token_invalid', /acr/));
    provider.script.idTokenClaims = (honest) => ({ ...honest, acr: 'phr' });
    assert.ok(await signIn({ start: { acrValues: ['phr', 'phrh'] } }));
  });
});
