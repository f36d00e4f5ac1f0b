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
