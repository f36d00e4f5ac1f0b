import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ClaimSpelling, readFacts, shows } from './claims.ts';

const spelling: ClaimSpelling = {
  subject: ['oid', 'sub'],
  roles: [['realm', 'roles'], 'roles'],
  scopes: ['scope', 'scp'],
  client: ['client_id', 'azp'],
  organization: ['org'],
  session: ['sid'],
  service: [[{ claim: 'sub', sameAs: 'client_id' }], [{ claim: 'kind', matches: /^app$/ }]],
};
const read = (claims: Record<string, unknown>, changes: Partial<ClaimSpelling> = {}) => readFacts(claims, { ...spelling, ...changes });

describe('what claims say about somebody', () => {
  it('is read from the first path that leads to a value', () => {
    assert.equal(read({ oid: 'o', sub: 's' }).subject, 'o');
    assert.equal(read({ sub: 's' }).subject, 's');
    assert.deepEqual(read({ realm: { roles: ['a'] }, roles: ['b'] }).roles, ['a']);
    assert.deepEqual(read({ realm: null, roles: ['b'] }).roles, ['b']);
  });

  it('R-098 takes one text for one role, spaces and all, and splits only scopes', () => {
    assert.deepEqual(read({ roles: 'not admin' }).roles, ['not admin']);
    assert.deepEqual(read({ scope: ' a  b ' }).scopes, ['a', 'b']);
    assert.deepEqual(read({ scp: ['a b', 'c'] }).scopes, ['a b', 'c']);
  });

  it('R-098 keeps roles and scopes as they are written: case, accents and look-alikes are other names', () => {
    const roles = ['Admin', 'admin', 'ádmin', 'a\u0301dmin', 'аdmin', 'admin\u200b', 'admin '];
    assert.deepEqual(read({ roles }).roles, roles);
    assert.deepEqual(read({ scope: 'Read read' }).scopes, ['Read', 'read']);
  });

  it('R-098 counts the keys of an object as roles only when each leads to somewhere', () => {
    assert.deepEqual(
      read({ roles: { admin: { o1: 'x' }, none: {}, no: false, nil: null, list: ['o1'], text: 'o1', '': { o1: 'x' } } }).roles,
      ['admin'],
    );
    assert.deepEqual(read({ roles: { admin: { o1: 'x' }, user: { o2: 'y' } } }, { rolesWithin: 'o2' }).roles, ['user']);
    assert.deepEqual(read({ roles: ['admin'] }, { rolesWithin: 'o2' }).roles, []);
  });

  it('has no roles, scopes, client or organization where the claims hold something else', () => {
    for (const value of [undefined, null, 5, true, {}, [], [5, null, ''], '']) {
      const { roles, scopes, client, organization } = read({ roles: value, scope: value, client_id: value, org: value });
      assert.deepEqual([roles, scopes, client, organization], [[], [], undefined, undefined], JSON.stringify(value));
    }
    assert.deepEqual(read({ scope: { admin: {} } }).scopes, []);
  });

  it('finds nothing on the prototype of claims', () => {
    const inherited = read({}, { roles: ['constructor'], client: ['toString'], organization: [['__proto__', 'constructor', 'name']] });
    assert.deepEqual([inherited.roles, inherited.client, inherited.organization], [[], undefined, undefined]);
  });

  it('R-031 tells a service from a person by every sign of one list', () => {
    assert.equal(read({ sub: 'a', client_id: 'a' }).kind, 'service');
    assert.equal(read({ sub: 'a', client_id: 'b' }).kind, 'person');
    assert.equal(read({ kind: 'app' }).kind, 'service');
    assert.equal(read({ kind: 'application' }).kind, 'person');
    assert.equal(read({}).kind, 'person');
    assert.equal(shows({}, [{ claim: 'sub', sameAs: 'client_id' }]), false);
    assert.equal(shows({ a: null }, [{ claim: 'a', absent: true }]), false);
  });
});
