import assert from 'node:assert/strict';
import { it } from 'node:test';
import { actingIdentity } from '../protocol/access-token.ts';
import { safeconduct } from './safeconduct.ts';

const provider = safeconduct({ issuer: 'https://id.example' });
const read = (claims: Record<string, unknown>, clientMayBeUnnamed = false) =>
  actingIdentity({ iss: provider.issuer, exp: 2_000_000_000, ...claims }, provider, { clientMayBeUnnamed });

it('knows a person by their own personal access token, which belongs to no application', () => {
  const { kind, client, subject } = read({ sub: 'usr_ada', roles: ['customer'] }, true);
  assert.deepEqual({ kind, client, subject }, { kind: 'person', client: 'usr_ada', subject: 'usr_ada' });
  assert.throws(() => read({ sub: 'usr_ada' }), { code: 'token_invalid', message: /client/ });
});

it('knows a service user, who is the client itself', () => {
  assert.equal(read({ sub: 'svc_ci', client_id: 'svc_ci' }).kind, 'service');
  assert.equal(read({ sub: 'usr_ada', client_id: 'shop' }).kind, 'person');
});
