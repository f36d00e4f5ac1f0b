/** Tokens in Auth0's shape. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { auth0 } from '../auth0.ts';
import type { AccountFacts, Facts } from '../facts.ts';
import { ada, facts, ORIGIN, orders, web } from './facts.fixtures.test.ts';

const accessClaims = {
  iss: `${ORIGIN}/`,
  sub: 'auth0|usr_ada',
  aud: orders.resource,
  client_id: 'web',
  scope: 'read:orders',
  jti: 'jti',
  iat: 1,
  exp: 86_401,
  roles: ['read:reports'],
};

describe('tokens in Auth0’s shape', () => {
  const accessToken = (more: Partial<Facts> = {}, claims: object = {}) =>
    auth0.shapes.accessToken({ ...accessClaims, ...claims }, { ...facts, ...more });

  it('names people by the connection that they came with', () => {
    const subject = (more: Partial<AccountFacts>) => auth0.shapes.subject?.({ ...ada, ...more }, 'web');
    assert.equal(subject({}), 'auth0|usr_ada');
    assert.equal(subject({ cameWith: { connection: 'github', subject: '42' } }), 'github|42');
    assert.equal(subject({ cameWith: { connection: 'auth0', subject: 'usr_ben' } }), 'auth0|usr_ada', 'nobody is called as somebody else');
    assert.equal(subject({ kind: 'service' }), 'web@clients');
  });

  it('makes an access token of a person for an API', () => {
    assert.deepEqual(accessToken(), {
      iss: `${ORIGIN}/`,
      sub: 'auth0|usr_ada',
      aud: [orders.resource, `${ORIGIN}/userinfo`],
      iat: 1,
      exp: 86_401,
      scope: 'openid profile read:orders',
      azp: 'web',
      client_id: 'web',
      jti: 'jti',
      org_id: 'org_acme',
      org_name: 'acme',
      permissions: ['read:reports'],
    });
    assert.equal(accessToken({ scopes: ['read:orders'] }).aud, orders.resource, 'without openid it is a text');
  });

  it('lists a permission as scope where it was asked for and the person has it', () => {
    const asked = JSON.stringify({ s: 'read:reports delete:reports' });
    assert.equal(accessToken({ asked }).scope, 'openid profile read:orders read:reports');
    assert.deepEqual(accessToken().permissions, ['read:reports'], 'asked for or not');
  });

  it('lists no permission as scope for an application of somebody else: nobody was asked about it', () => {
    const asked = JSON.stringify({ s: 'read:reports' });
    const others = { ...web, firstParty: false };
    assert.equal(accessToken({ asked, client: others }).scope, 'openid profile read:orders');
    assert.equal(accessToken({ asked, client: undefined }).scope, 'openid profile read:orders');
  });

  it('gives a refresh the scopes that it names, and no other', () => {
    const refresh = { asked: JSON.stringify({ s: 'read:reports' }), grantType: 'refresh_token' };
    assert.equal(accessToken(refresh).scope, 'openid profile read:orders read:reports');
    assert.equal(accessToken({ ...refresh, wanted: [] }).scope, 'openid profile read:orders read:reports', 'an empty scope is none');
    assert.equal(accessToken({ ...refresh, wanted: ['openid'] }).scope, 'openid');
    assert.equal(accessToken({ ...refresh, wanted: ['read:reports'] }).scope, 'read:reports');
    assert.equal(accessToken({ ...refresh, wanted: ['nonsense'] }).scope, undefined);
    assert.equal(
      accessToken({ ...refresh, grantType: 'authorization_code', wanted: ['openid'] })
        .scope?.toString()
        .includes('read:'),
      true,
    );
  });

  it('makes an access token of a program', () => {
    const program = { account: undefined, grantType: 'client_credentials', roles: [], scopes: ['read:orders'] };
    const { sub, gty, permissions, org_id } = accessToken(program, { sub: 'web' });
    assert.deepEqual(
      { sub, gty, permissions, org_id },
      { sub: 'web@clients', gty: 'client-credentials', permissions: ['read:orders'], org_id: undefined },
    );
    assert.equal(accessToken({ ...program, asked: JSON.stringify({ o: 'org_acme' }) }).org_id, 'org_acme');
  });

  it('R-031 says nothing of an organization when another one was asked for', () => {
    for (const [organization, id, name] of [
      [{ o: 'org_acme', n: 'acme' }, 'org_acme', 'acme'],
      [{ o: 'org_acme', n: 'acme.example' }, 'org_acme', 'acme.example'],
      [{ o: 'org_other', n: 'acme' }, undefined, undefined],
    ] as const) {
      const claims = auth0.shapes.idToken?.({ sub: 'x' }, { ...facts, asked: JSON.stringify(organization) }) ?? {};
      assert.deepEqual([claims.org_id, claims.org_name], [id, name], organization.o);
    }
  });

  it('R-031 knows guests by the organization that invited them, however it was asked for, with the roles that it gave', () => {
    const account = { ...ada, guestOf: { org_other: { shop: ['support'] } } };
    const guest = { account, asked: JSON.stringify({ o: 'org_other', n: 'quay shop', s: 'support read:reports' }) };
    const { org_id, org_name, permissions, scope } = accessToken(guest);
    assert.deepEqual([org_id, org_name, permissions, scope], ['org_other', 'quay shop', ['support'], 'openid profile read:orders support']);
    assert.deepEqual(accessToken({ ...guest, account: ada }).permissions, [], 'nothing where nobody invited');
  });

  it('has the person in the ID token, with the time as text', () => {
    const claims = {
      sub: 'auth0|usr_ada',
      nonce: 'n',
      name: 'Ada Bell',
      updated_at: 1_767_225_600,
      email: ada.email,
      email_verified: true,
    };
    const { nickname, name, picture, updated_at, email, nonce } = auth0.shapes.idToken?.(claims, facts) ?? {};
    assert.deepEqual(
      { nickname, name, picture, updated_at, email, nonce },
      {
        nickname: 'ada',
        name: 'Ada Bell',
        picture: `${ORIGIN}/avatars/ab.svg`,
        updated_at: '2026-01-01T00:00:00.000Z',
        email: 'ada@acme.example',
        nonce: 'n',
      },
    );
    const bare = auth0.shapes.idToken?.({ sub: 'auth0|usr_ada' }, facts) ?? {};
    assert.ok(!('picture' in bare) && !('nickname' in bare), 'only with the scope profile');
  });

  it('has no nonce in the ID token of a refresh', () => {
    assert.ok(!('nonce' in (auth0.shapes.idToken?.({ nonce: 'n' }, { ...facts, grantType: 'refresh_token' }) ?? {})));
  });

  it('keeps a picture and a nickname that people have', () => {
    const own = { picture: 'https://cdn.example/ada.png', nickname: 'countess', updated_at: 1 };
    const { picture, nickname } = auth0.shapes.userinfo?.(own, facts) ?? {};
    assert.deepEqual({ picture, nickname }, { picture: own.picture, nickname: own.nickname });
  });
});
