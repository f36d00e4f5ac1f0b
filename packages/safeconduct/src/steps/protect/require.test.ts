import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mintIdentity } from '../../core/identity/identity.ts';
import { checkRequirement, enforce, type Requirement } from './require.ts';

const now = 1_800_000_000;
const ada = mintIdentity({
  issuer: 'https://id.example',
  subject: 'ada',
  kind: 'person',
  organization: 'acme',
  roles: ['customer', 'read:messages'],
  scopes: ['orders:read', 'orders:write'],
  client: 'shop',
  expiresAt: new Date((now + 600) * 1000),
  claims: { auth_time: now - 300, acr: 'phr' },
});
const ask = (requirement: Requirement, identity = ada) => enforce(identity, requirement, now * 1000);
const refuses = (requirement: Requirement, expected: object, identity = ada) => assert.throws(() => ask(requirement, identity), expected);

describe('what a route requires', () => {
  it('S1.8 is all that a list names', () => {
    ask({ scopes: ['orders:read', 'orders:write'], roles: ['customer'] });
    refuses(
      { scopes: ['orders:read', 'orders:delete', 'admin'] },
      { code: 'scope_missing', missing: ['orders:delete', 'admin'], status: 403 },
    );
    refuses({ roles: ['customer', 'support'] }, { code: 'role_missing', missing: ['support'], status: 403 });
  });

  it('S1.8 is one of several alternatives, and names what the first of them lacks', () => {
    ask({ anyOf: [{ scopes: ['a', 'b'] }, { scopes: ['orders:read'] }] });
    ask({ anyOf: [{ roles: ['support'] }, { roles: ['customer'], organization: 'acme' }] });
    refuses({ anyOf: [{ scopes: ['orders:read', 'b'] }, { roles: ['support'] }] }, { code: 'scope_missing', missing: ['b'] });
    refuses({ anyOf: [{ roles: ['support'] }, { scopes: ['b'] }] }, { code: 'role_missing', missing: ['support'] });
    refuses({ anyOf: [{ roles: ['customer'], organization: 'globex' }] }, { code: 'organization_refused' });
  });

  it('B1.9 R-098 keeps scopes and roles apart, and compares them whole', () => {
    refuses({ scopes: ['customer'] }, { code: 'scope_missing' });
    refuses({ roles: ['orders:read'] }, { code: 'role_missing' });
    for (const role of ['Customer', 'custome', 'customers', 'read', 'messages', 'constructor', '__proto__', 'length'])
      refuses({ roles: [role] }, { code: 'role_missing', missing: [role] });
  });

  it('can be an organization, or one of several', () => {
    ask({ organization: 'acme' });
    ask({ organization: ['globex', 'acme'] });
    refuses({ organization: 'globex' }, { code: 'organization_refused', status: 403, message: /acme/ });
    refuses({ organization: 'acm' }, { code: 'organization_refused' });
    const { organization: _, ...nowhere } = ada;
    refuses({ organization: 'acme' }, { code: 'organization_refused' }, mintIdentity(nowhere));
  });

  it('can be a kind of caller', () => {
    ask({ kind: 'person' });
    refuses({ kind: 'service' }, { code: 'kind_refused', status: 403 });
  });

  it('can be a fresh sign-in, and says how fresh it must be', () => {
    ask({ authenticatedWithin: 300 });
    refuses(
      { authenticatedWithin: 299 },
      {
        code: 'authentication_stale',
        status: 401,
        oauth: 'insufficient_user_authentication',
        authentication: { maxAge: 299, acrValues: undefined },
      },
    );
    // A time in milliseconds lies far ahead, and would be fresh for ever.
    for (const auth_time of [undefined, null, `${now}`, Number.NaN, -1, {}, now + 3_600, now * 1000])
      refuses({ authenticatedWithin: 300 }, { code: 'authentication_stale' }, mintIdentity({ ...ada, claims: { auth_time } }));
  });

  it('can be a way of signing in, and names the ways that will do', () => {
    ask({ acr: ['phrh', 'phr'] });
    refuses(
      { acr: ['phrh', 'gold'], authenticatedWithin: 600 },
      { code: 'authentication_stale', authentication: { maxAge: 600, acrValues: ['phrh', 'gold'] } },
    );
    for (const acr of [undefined, ['phr'], 1, ''])
      refuses({ acr: ['phr'] }, { code: 'authentication_stale' }, mintIdentity({ ...ada, claims: { acr } }));
  });

  it('asks nobody for a new sign-in who lacks the right anyway', () => {
    refuses({ authenticatedWithin: 1, roles: ['support'] }, { code: 'role_missing' });
  });

  it('R-098 cannot be nothing, nor be misspelt', () => {
    const mistakes: unknown[] = [
      {},
      { scopes: [] },
      { roles: [''] },
      { roles: ['a b'] },
      { scopes: ['a"'] },
      { scopes: 'orders:read' },
      { scopes: ['orders:read'], roles: [] },
      { scope: ['orders:read'] },
      { role: 'customer' },
      { organization: '' },
      { organization: [] },
      { organization: [undefined] },
      { kind: 'robot' },
      { authenticatedWithin: 0 },
      { authenticatedWithin: -5 },
      { authenticatedWithin: '300' },
      { authenticatedWithin: Number.NaN },
      { acr: [] },
      { acr: ['two words'] },
      { anyOf: [] },
      { anyOf: [{}] },
      { anyOf: [{ scopes: ['a'] }, {}] },
      { anyOf: { scopes: ['a'] } },
      { anyOf: [{ scopes: ['a'] }], roles: ['b'] },
      { anyOf: [{ anyOf: [{ scopes: ['a'] }] }] },
      { anyOf: undefined },
      { scopes: undefined },
    ];
    for (const mistake of mistakes) {
      assert.throws(() => checkRequirement(mistake as Requirement), TypeError, JSON.stringify(mistake));
      assert.throws(() => ask(mistake as Requirement), TypeError, JSON.stringify(mistake));
    }
  });

  it('is what it was when it was first read', () => {
    const roles = ['support'];
    const requirement = { roles };
    checkRequirement(requirement);
    roles.length = 0;
    refuses(requirement, { code: 'role_missing', missing: ['support'] });
  });
});
