import assert from 'node:assert/strict';
import { createHmac, createPublicKey, sign } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { type Algorithm, forge, header, keys, part, publicJwk, startWorld, type World } from './world.fixtures.test.ts';

let world: World;
before(async () => {
  world = await startWorld();
});
after(() => world.close());

/** What an attacker, who knows the public key, may take for the secret of an HMAC. */
function secretsOf(algorithm: Algorithm): (string | Buffer)[] {
  const { publicKey } = keys[algorithm];
  const jwk = publicJwk(algorithm);
  const texts = [publicKey.export({ type: 'spki', format: 'pem' }), publicKey.export({ type: 'spki', format: 'der' }), JSON.stringify(jwk)];
  return [...texts, String(jwk.x ?? jwk.n), Buffer.from(String(jwk.x ?? jwk.n), 'base64url'), '', 'secret'];
}

describe('a token whose algorithm is not what its key is for', () => {
  it('R-090 S3.4 is let in with each honest algorithm, so that the refusals below mean something', async () => {
    for (const alg of Object.keys(keys) as Algorithm[])
      assert.equal((await world.knock(forge(header({ alg, kid: alg }), world.claims(), keys[alg].privateKey))).status, 200, alg);
  });

  it('R-090 S3.4 is refused when a public key was used as the secret of an HMAC', async () => {
    for (const kid of Object.keys(keys) as Algorithm[])
      for (const [alg, hash] of [
        ['HS256', 'sha256'],
        ['HS384', 'sha384'],
        ['HS512', 'sha512'],
        ['RS256', 'sha256'],
        ['ES256', 'sha256'],
      ] as const)
        for (const secret of secretsOf(kid)) {
          const text = `${part(header({ alg, kid }))}.${part(world.claims())}`;
          const { status, code } = await world.knock(`${text}.${createHmac(hash, secret).update(text).digest('base64url')}`);
          assert.deepEqual([status, code], [401, 'token_invalid'], `${alg} over ${kid}`);
        }
  });

  it('R-090 is refused when the key is of another type', async () => {
    for (const [alg, kid] of [
      ['RS256', 'ES256'],
      ['ES256', 'RS256'],
      ['EdDSA', 'ES256'],
      ['ES256', 'EdDSA'],
      ['PS256', 'RS256'],
      ['RS256', 'EdDSA'],
    ] as const) {
      const { status, code } = await world.knock(forge(header({ alg, kid }), world.claims(), keys[kid].privateKey));
      assert.deepEqual([status, code], [401, 'token_invalid'], `${alg} with the key ${kid}`);
    }
  });

  it('R-090 is refused when it takes the key that fits its signature but not the algorithm that is published for it', async () => {
    const text = `${part(header({ alg: 'PS256', kid: 'RS256' }))}.${part(world.claims())}`;
    const signature = sign('sha256', Buffer.from(text), { key: keys.RS256.privateKey, padding: 6, saltLength: 32 });
    assert.equal((await world.knock(`${text}.${signature.toString('base64url')}`)).status, 401);
    assert.ok(createPublicKey(keys.RS256.privateKey));
  });

  it('R-090 is refused when its algorithm is written in any other way', async () => {
    for (const alg of [
      'es256',
      'Es256',
      'ES256 ',
      ' ES256',
      'ES256\u0000',
      'ＥＳ256',
      'ES256K',
      'ES384',
      'ES512',
      'RS1',
      'RS512',
      'dir',
      'A128KW',
      '',
      null,
      0,
      true,
      ['ES256'],
      { alg: 'ES256' },
      undefined,
    ])
      assert.equal((await world.knock(forge(header({ alg }), world.claims()))).status, 401, JSON.stringify(alg));
  });

  it('R-090 is refused when the API pins another algorithm than the provider publishes', async () => {
    const { generic } = await import('safeconduct/providers');
    const onlyRsa = world.guard({ provider: generic({ issuer: world.issuer, algorithms: ['RS256'] }) });
    assert.equal((await world.knock(forge(header(), world.claims()), onlyRsa)).status, 401);
    assert.throws(() => world.guard({ provider: generic({ issuer: world.issuer, algorithms: ['HS256'] }) }), TypeError);
    assert.throws(() => world.guard({ provider: generic({ issuer: world.issuer, algorithms: ['none'] }) }), TypeError);
  });
});
