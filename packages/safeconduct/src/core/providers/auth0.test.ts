import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { protect } from '../../steps/protect/protect.ts';
import { type Auth0Options, auth0 } from './auth0.ts';
import { auth0Domain, auth0Token, now, type Stage, startAuth0 } from './shapes.fixtures.test.ts';
import { bearing, type Json, newSigningKey, signed } from './vendor.fixtures.test.ts';

const audience = 'https://orders.example';

describe('an API behind Auth0', () => {
  let stage: Stage;
  before(async () => {
    stage = await startAuth0();
  });
  after(() => stage.close());

  const call = (claims: Json, header: Json = { typ: 'JWT' }, options: Partial<Auth0Options> = {}) =>
    protect({ provider: auth0({ domain: auth0Domain, ...options }), audience, fetch: stage.fetch })(
      bearing(signed(stage.key, header, claims)),
    );

  it('knows the person of a token in Auth0’s own profile, and of one for userinfo too', async () => {
    for (const aud of [[audience, `https://${auth0Domain}/userinfo`], audience]) {
      const { issuer, subject, kind, client, organization, roles, scopes } = await call(auth0Token({ aud }));
      assert.deepEqual(
        { issuer, subject, kind, client, organization, roles, scopes },
        {
          issuer: `https://${auth0Domain}/`,
          subject: 'auth0|65f1c0ffee',
          kind: 'person',
          client: 'my_client_id',
          organization: 'org_acme',
          roles: ['read:orders', 'refund:orders'],
          scopes: ['openid', 'profile', 'email', 'read:orders'],
        },
      );
    }
  });

  it('knows the same person of a token in the profile of RFC 9068', async () => {
    const claims = auth0Token({ azp: undefined, client_id: 'my_client_id', jti: 'j-1' });
    const { subject, client } = await call(claims, { typ: 'at+jwt' });
    assert.deepEqual([subject, client], ['auth0|65f1c0ffee', 'my_client_id']);
  });

  it('keeps permissions and roles apart: roles come from the claim that is configured', async () => {
    const claims = auth0Token({ 'https://acme.example/roles': ['support'] });
    assert.deepEqual((await call(claims, undefined, { roles: 'https://acme.example/roles' })).roles, ['support']);
    assert.deepEqual((await call(auth0Token({ permissions: undefined }))).roles, []);
  });

  it('knows a service by gty or by its subject, and no person can be taken for one', async () => {
    for (const change of [
      { gty: 'client-credentials', sub: 'x|1' },
      { sub: 'my_client_id@clients', permissions: undefined },
    ])
      assert.equal((await call(auth0Token(change))).kind, 'service');
    for (const sub of ['auth0|mallory@clients', 'samlp|corp|a@clients', 'google-oauth2|1'])
      assert.equal((await call(auth0Token({ sub }))).kind, 'person');
    assert.equal((await call(auth0Token({ gty: 'password' }))).kind, 'person');
  });

  it('says what to do about an opaque token, and asks nobody about it', async () => {
    const guard = protect({ provider: auth0({ domain: auth0Domain }), audience, fetch: stage.fetch });
    const asked = stage.asked.length;
    for (const token of ['kx93jf0sk2lf9dk3', 'a.b.c.d.e'])
      await assert.rejects(guard(bearing(token)), { code: 'token_malformed', status: 401, message: /audience/ });
    assert.equal(stage.asked.length, asked);
  });

  it('R-092 refuses an ID token, even where the API is configured with the client id', async () => {
    const {
      azp: _,
      scope: __,
      permissions: ___,
      ...rest
    } = auth0Token({ aud: audience, sid: 's-1', name: 'Ada', updated_at: '2026-01-01T00:00:00.000Z' });
    await assert.rejects(call({ ...rest, nonce: 'n-1' }), { code: 'token_invalid', message: /ID token/ });
    await assert.rejects(call(rest), { code: 'token_invalid', message: /client/ });
    await assert.rejects(call(auth0Token({ at_hash: 'x' })), { code: 'token_invalid', message: /ID token/ });
  });

  const lies: readonly (readonly [string, RegExp, Json])[] = [
    ['an issuer without the slash', /iss/, { iss: `https://${auth0Domain}` }],
    ['the issuer of another tenant', /iss/, { iss: 'https://evil.eu.auth0.com/' }],
    ['userinfo alone as audience', /aud/, { aud: `https://${auth0Domain}/userinfo` }],
    ['an audience that begins like ours', /aud/, { aud: [`${audience}/v2`] }],
  ];
  for (const [name, message, change] of lies)
    it(`R-092 refuses ${name}`, () => assert.rejects(call(auth0Token(change)), { code: 'token_invalid', message }));

  it('R-092 refuses a token an hour old by its own word, and one of another type', async () => {
    await assert.rejects(call(auth0Token({ exp: now() - 61 })), { code: 'token_expired' });
    for (const typ of ['logout+jwt', 'token-vault-req+jwt', 'dpop+jwt'])
      await assert.rejects(call(auth0Token(), { typ }), { code: 'token_invalid', message: /typ/ });
  });

  it('takes the thumbprint of older tenants, which is hexadecimal text, and no other', async () => {
    const fresh = await startAuth0();
    const { jwk, kid, certificate } = fresh.key;
    const x5t = Buffer.from('AB'.repeat(20)).toString('base64url');
    const guard = protect({ provider: auth0({ domain: auth0Domain }), audience, fetch: fresh.fetch });
    assert.ok(await guard(bearing(signed(fresh.key, { typ: 'JWT' }, auth0Token()))));
    fresh.documents.set(`${auth0Domain}/.well-known/jwks.json`, { keys: [{ ...jwk, use: 'sig', kid, x5t, x5c: [certificate] }] });
    const other = protect({ provider: auth0({ domain: auth0Domain }), audience, fetch: fresh.fetch });
    await assert.rejects(other(bearing(signed(fresh.key, { typ: 'JWT' }, auth0Token()))), { code: 'token_invalid', message: /key/ });
    await fresh.close();
  });

  it('refuses a token signed by nobody’s key under a known key id', async () => {
    const evil = { ...newSigningKey('evil'), kid: stage.key.kid };
    const guard = protect({ provider: auth0({ domain: auth0Domain }), audience, fetch: stage.fetch });
    await assert.rejects(guard(bearing(signed(evil, { typ: 'JWT' }, auth0Token()))), { code: 'token_invalid', message: /signature/ });
  });

  it('says at construction what a domain is', () => {
    for (const domain of [
      'https://acme.eu.auth0.com',
      'acme.eu.auth0.com/',
      'acme.eu.auth0.com/api/v2',
      'ACME.auth0.com',
      'a b',
      '',
      'user@acme.eu.auth0.com',
    ])
      assert.throws(() => auth0({ domain }), { name: 'TypeError', message: /bare domain/ }, domain);
    assert.equal(auth0({ domain: 'login.acme.example' }).issuer, 'https://login.acme.example/');
  });
});
