import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { forge } from '@safeconduct/test-support/scripted-provider';
import { exportJWK, type JWK, SignJWT } from 'jose';
import type { ErrorCode } from '../../core/identity/errors.ts';
import { generic } from '../../core/providers/generic.ts';
import { audience, call, claims, guardWith, jwksCalls, makeKnown, now, refusedAs, sign, world } from './guard.fixtures.test.ts';

describe('an access token', () => {
  const lies: readonly (readonly [string, ErrorCode, RegExp, Record<string, unknown>])[] = [
    ['of another issuer', 'token_invalid', /iss/, { iss: 'https://evil.example' }],
    ['of the issuer with a slash', 'token_invalid', /iss/, { iss: () => `${world.provider.issuer}/` }],
    ['for another API', 'token_invalid', /aud/, { aud: 'https://other.example' }],
    ['for an API whose name begins like ours', 'token_invalid', /aud/, { aud: `${audience}/admin` }],
    ['without aud', 'token_invalid', /aud/, { aud: undefined }],
    ['without sub', 'token_invalid', /sub/, { sub: undefined }],
    ['with a sub that is no text', 'token_invalid', /sub/, { sub: {} }],
    ['with an empty sub', 'token_invalid', /sub/, { sub: '' }],
    ['with a sub of 256 characters', 'token_invalid', /sub/, { sub: 'x'.repeat(256) }],
    ['that has expired', 'token_expired', /exp/, { exp: () => now() - 31 }],
    ['without exp', 'token_invalid', /exp/, { exp: undefined }],
    ['with an exp beyond all time', 'token_invalid', /exp/, { exp: 1e300 }],
    ['with an exp that is text', 'token_invalid', /exp/, { exp: '9999999999' }],
    ['that begins in the future', 'token_invalid', /nbf/, { nbf: () => now() + 60 }],
    ['that was issued in the future', 'token_invalid', /iat/, { iat: () => now() + 60 }],
    ['of no client', 'token_invalid', /client/, { client_id: undefined }],
  ];
  for (const [lie, code, reason, change] of lies) {
    it(`R-092 ${lie} is refused`, async () => {
      const values = Object.entries(change).map(([name, value]) => [name, typeof value === 'function' ? value() : value]);
      await assert.rejects(
        sign(Object.fromEntries(values)).then((token) => call(token)),
        refusedAs(code, reason),
      );
    });
  }

  it('R-092 may be used for the leeway after it expired, and no longer', async () => {
    const token = await sign();
    await makeKnown(token);
    world.time += 629_000;
    assert.ok(await call(token));
    world.time += 2_000;
    await assert.rejects(call(token), refusedAs('token_expired'));
  });

  it('R-092 must be marked as one: an ID token is refused', async () => {
    for (const typ of ['JWT', 'logout+jwt', undefined])
      await assert.rejects(
        sign({}, { typ }).then((t) => call(t)),
        refusedAs('token_invalid', /typ/),
      );
    assert.ok(await call(await sign({}, { typ: 'application/AT+JWT' })));
    const lenient = guardWith({ provider: generic({ issuer: world.provider.issuer, accessTokenTypes: ['at+jwt', 'jwt'] }) });
    assert.ok(await call(await sign({}, { typ: undefined }), lenient));
  });

  it('R-090 with an algorithm that is not pinned is refused, whatever its header says', async () => {
    const pem = 'a public key that everybody knows';
    await assert.rejects(call(forge(claims(), { alg: 'none', typ: 'at+jwt' })), refusedAs('token_malformed'));
    await assert.rejects(call(`${forge(claims(), { alg: 'none', typ: 'at+jwt' })}AA`), refusedAs('token_invalid', /alg/));
    await assert.rejects(call(forge(claims(), { alg: 'HS256', typ: 'at+jwt' }, pem)), refusedAs('token_invalid', /alg/));
    const pinned = guardWith({ provider: generic({ issuer: world.provider.issuer, algorithms: ['RS256'] }) });
    await assert.rejects(
      sign().then((token) => call(token, pinned)),
      refusedAs('token_invalid', /alg/),
    );
  });

  it('R-091 with a header of another shape is refused as malformed, and never an error of ours', async () => {
    const shapes: unknown[] = [{ toString: null }, { toString: null, valueOf: null }, ['ES256'], 1, null, {}];
    const wrong = shapes.flatMap((value) => ['alg', 'typ', 'kid'].map((name) => ({ [name]: value })));
    for (const member of [...wrong, { deep: [[[['x']]]] }, { jwk: { a: { b: { c: {} } } } }]) {
      const token = `${forge(claims(), { alg: 'ES256', typ: 'at+jwt', ...member })}AA`;
      await assert.rejects(call(token), refusedAs('token_malformed'), JSON.stringify(member));
    }
  });

  it('R-090 with an algorithm that does not fit its key is refused', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const keys = (await world.provider.sign({})).split('.')[0] ?? '';
    const { kid } = JSON.parse(Buffer.from(keys, 'base64url').toString());
    const token = await new SignJWT(claims()).setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid }).sign(privateKey);
    await assert.rejects(call(token), refusedAs('token_invalid', /key/));
  });

  it('R-093 that brings its own key along is refused', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = await exportJWK(publicKey);
    const asked: string[] = [];
    const watching = guardWith({
      fetch: (url, init) => {
        asked.push(new URL(url).pathname);
        return fetch(url, init);
      },
    });
    for (const own of [{ jwk }, { jku: `${world.provider.issuer}/evil` }, { x5u: `${world.provider.issuer}/evil` }, { x5c: ['AAAA'] }]) {
      const token = await new SignJWT(claims()).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'mine', ...own }).sign(privateKey);
      await assert.rejects(call(token, watching), refusedAs('token_invalid', /key/));
    }
    assert.deepEqual(new Set(asked), new Set(['/.well-known/openid-configuration', '/jwks']));
  });

  it('R-091 that is no compact JWS of a sane size never reaches a parser', async () => {
    const good = await sign();
    const [head = '', body = '', tail = ''] = good.split('.');
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const malformed = [
      'opaque',
      `${head}.${body}`,
      `${good}.${tail}`,
      `${head}..${tail}`,
      `${good}=`,
      `${head}.${body}.${tail.slice(0, -1)}`,
      `${head}.${body}.${tail.slice(0, -1)}${tail.endsWith('B') ? 'C' : 'B'}`,
      `${part([])}.${body}.${tail}`,
      `${part('text')}.${body}.${tail}`,
      `${part({ alg: 'ES256', crit: ['exp'] })}.${body}.${tail}`,
      `${part({ alg: 'ES256', kid: 'x'.repeat(4_096) })}.${body}.${tail}`,
      `${part(Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`m${index}`, 1])))}.${body}.${tail}`,
      `${head}.${'A'.repeat(16_384)}.${tail}`,
      `${Buffer.from('{"alg":"ES256"').toString('base64url')}.${body}.${tail}`,
      `${head}.${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}.${tail}`,
    ];
    for (const token of malformed) await assert.rejects(call(token), refusedAs('token_malformed'), token.slice(0, 60));
    assert.equal(jwksCalls(), 0);
    await assert.rejects(call('A'.repeat(20_000)), refusedAs('token_malformed'));
  });

  it('that was changed after signing is refused, even when the guard knows the honest one', async () => {
    const token = await sign();
    await makeKnown(token);
    const [head, , tail] = token.split('.');
    const changed = Buffer.from(JSON.stringify(claims({ sub: 'ben' }))).toString('base64url');
    await assert.rejects(call([head, changed, tail].join('.')), refusedAs('token_invalid', /signature/));
  });

  it('R-076 of one person never gives another', async () => {
    const [ada, ben] = await Promise.all([sign({ sub: 'ada' }), sign({ sub: 'ben' })]);
    for (let round = 0; round < 3; round++) {
      assert.equal((await call(ada)).subject, 'ada');
      assert.equal((await call(ben)).subject, 'ben');
    }
  });

  for (const alg of ['RS256', 'PS256', 'ES256', 'EdDSA']) {
    it(`may be signed with ${alg}`, async () => {
      const { privateKey, publicKey } =
        alg === 'ES256'
          ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
          : alg === 'EdDSA'
            ? generateKeyPairSync('ed25519')
            : generateKeyPairSync('rsa', { modulusLength: 2048 });
      const jwk: JWK = { ...(await exportJWK(publicKey)), kid: 'k', use: 'sig' };
      world.provider.script.keys = () => [jwk];
      const token = await new SignJWT(claims()).setProtectedHeader({ alg, typ: 'at+jwt', kid: 'k' }).sign(privateKey);
      assert.equal((await call(token)).subject, 'ada');
    });
  }
});
