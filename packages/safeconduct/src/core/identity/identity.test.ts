import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertMinted, type Identity, mintIdentity } from './identity.ts';

const facts: Identity = {
  issuer: 'https://id.example',
  subject: 'ada',
  kind: 'person',
  roles: ['customer'],
  scopes: ['orders:read'],
  client: 'shop',
  expiresAt: new Date(0),
  claims: { realm_access: { roles: ['customer'] } },
};

describe('an identity', () => {
  it('is the object that was minted, and no copy of it', () => {
    const identity = mintIdentity(facts);
    assert.doesNotThrow(() => assertMinted(identity));
    for (const other of [{ ...identity }, facts, structuredClone(identity), Object.create(identity), null, undefined, 'ada']) {
      assert.throws(() => assertMinted(other), TypeError);
    }
  });

  it('tells about a second installed copy of the library', () => {
    assert.throws(() => assertMinted({ ...facts }), /two copies of safeconduct.*npm ls safeconduct/);
  });

  it('cannot be changed, however deep', () => {
    const identity = mintIdentity(facts);
    const { realm_access } = identity.claims as { realm_access: { roles: string[] } };
    assert.throws(() => Object.assign(identity, { subject: 'ben' }), TypeError);
    assert.throws(() => (identity.roles as string[]).push('support'), TypeError);
    assert.throws(() => realm_access.roles.push('support'), TypeError);
  });

  it('R-091 takes claims of any depth that a provider answers with', () => {
    let deep: Record<string, unknown> = {};
    for (let level = 0; level < 100_000; level++) deep = { deep };
    const { claims } = mintIdentity({ ...facts, claims: deep });
    assert.ok(Object.isFrozen(claims.deep));
  });

  it('does not follow what it was made of', () => {
    const roles = ['customer'];
    const identity = mintIdentity({ ...facts, roles });
    roles.push('support');
    assert.deepEqual(identity.roles, ['customer']);
  });
});
