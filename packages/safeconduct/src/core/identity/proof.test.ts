import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { serialize } from 'node:v8';
import { type Identity, mintIdentity } from './identity.ts';
import { proofOf } from './proof.ts';

const facts: Identity = {
  issuer: 'https://id.example',
  subject: 'ada',
  kind: 'person',
  roles: [],
  scopes: [],
  client: 'shop',
  expiresAt: new Date(0),
  claims: {},
};

describe('what an identity was minted from', () => {
  it('R-132 is nowhere on the identity: not in what is printed, serialized, copied or listed', () => {
    const identity = mintIdentity(facts, { accessToken: 'the-access-token', refreshToken: 'the-refresh-token' });
    const shown = [
      JSON.stringify(identity),
      inspect(identity, { showHidden: true, depth: null, getters: true }),
      serialize(identity).toString('latin1'),
      JSON.stringify(structuredClone(identity)),
      String(Reflect.ownKeys(identity)),
      `${Object.values({ ...identity })}`,
    ];
    for (const text of shown) assert.doesNotMatch(text, /the-(access|refresh)-token/);
    assert.deepEqual(Reflect.ownKeys(identity), Reflect.ownKeys(mintIdentity(facts)));
  });

  it('belongs to the very object, and to no copy of it', () => {
    const identity = mintIdentity(facts, { accessToken: 'a' });
    assert.equal(proofOf(identity)?.accessToken, 'a');
    assert.equal(proofOf({ ...identity }), undefined);
    assert.equal(proofOf(mintIdentity(identity)), undefined);
  });
});
