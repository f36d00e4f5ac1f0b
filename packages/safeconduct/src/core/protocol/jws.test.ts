import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseJws, verifySignature } from './jws.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const token = (payload: object) => {
  const signed = `${part({ alg: 'ES256' })}.${part(payload)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
};

describe('a compact JWS', () => {
  // r and s have any number of leading zeros or a high first bit: each takes another DER form.
  it('verifies with every shape of ECDSA signature', () => {
    for (let round = 0; round < 600; round++) {
      const jws = parseJws(token({ round }));
      assert.ok(jws && verifySignature(jws, 'ES256', publicKey));
    }
  });

  it('R-091 is refused when any one character of it changes', () => {
    const honest = token({ sub: 'ada' });
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=\n ';
    fc.assert(
      fc.property(fc.nat(honest.length - 1), fc.constantFrom(...alphabet), (index, character) => {
        fc.pre(honest[index] !== character);
        const jws = parseJws(honest.slice(0, index) + character + honest.slice(index + 1));
        assert.ok(jws === undefined || !verifySignature(jws, 'ES256', publicKey));
      }),
      { numRuns: 500 },
    );
  });

  it('R-091 is never parsed into an error, whatever is sent', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseJws(text)));
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => void parseJws(`${part({})}.${Buffer.from(text).toString('base64url')}.AA`)),
    );
  });

  it('with an all-zero or overlong ECDSA signature is refused', () => {
    const [head, body] = token({ sub: 'ada' }).split('.');
    for (const bytes of [Buffer.alloc(64), Buffer.alloc(63, 1), Buffer.alloc(65, 1), Buffer.alloc(64, 255)]) {
      const jws = parseJws(`${head}.${body}.${bytes.toString('base64url')}`);
      assert.ok(jws && !verifySignature(jws, 'ES256', publicKey));
    }
  });
});

describe('a hostile JWS', () => {
  const head = part({ alg: 'ES256' });
  const shaped = (payload: string) => `${head}.${Buffer.from(payload).toString('base64url')}.AAAA`;

  it('R-091 may not be deep', () => {
    const nested = (levels: number) => shaped(`{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`);
    assert.ok(parseJws(nested(15)));
    for (const levels of [17, 100, 4_000]) assert.equal(parseJws(nested(levels)), undefined);
    assert.equal(parseJws(shaped(`${'{"a":'.repeat(1_500)}1${'}'.repeat(1_500)}`)), undefined);
  });

  it('R-091 is canonical base64url in every part: one token has one spelling', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...alphabet), { minLength: 1, maxLength: 12 }), (characters) => {
        const tail = characters.join('');
        const isCanonical = Buffer.from(tail, 'base64url').toString('base64url') === tail;
        assert.equal(parseJws(`${head}.${part({})}.${tail}`) !== undefined, isCanonical);
      }),
      { numRuns: 2_000 },
    );
  });

  it('R-091 has no byte order mark, and no thumbprint that is not text', () => {
    assert.equal(parseJws(shaped('\ufeff{}')), undefined);
    assert.ok(parseJws(shaped('{}')));
    assert.equal(parseJws(`${part({ alg: 'ES256', x5t: {} })}.${part({})}.AAAA`), undefined);
  });

  it('cannot change a header that another token of the same header is read with', () => {
    const first = parseJws(shaped('{}'));
    assert.throws(() => Object.assign(first?.header ?? {}, { alg: 'none' }), TypeError);
    assert.equal(parseJws(shaped('{"sub":"ben"}'))?.header.alg, 'ES256');
    // A flood of headers that nobody uses again changes nothing.
    for (let round = 0; round < 600; round++)
      assert.equal(parseJws(`${part({ alg: 'ES256', kid: `k${round}` })}.${part({})}.AAAA`)?.header.kid, `k${round}`);
  });
});
