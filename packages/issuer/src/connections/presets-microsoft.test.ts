import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JWTPayload } from 'jose';
import { back, key, signed } from './presets.fixtures.test.ts';
import { UpstreamFailed } from './third-party.ts';
import { connectionOf, json, type Vendor, vendorOf } from './upstream.fixtures.test.ts';
import { createUpstream } from './upstream.ts';

const tenant = '6babcaad-604b-40ac-a9d7-9fd97c0b779f';
const otherTenant = '72f988bf-86f1-41af-91ab-2d7cd011db47';
const issuerOf = (tid: string) => `https://login.microsoftonline.com/${tid}/v2.0`;

function microsoft(claims: JWTPayload, { keys = [key] as object[], name = 'common', issuer = issuerOf('{tenantid}') } = {}): Vendor {
  const place = `https://login.microsoftonline.com/${name}`;
  return vendorOf({
    [`${place}/v2.0/.well-known/openid-configuration`]: () =>
      json({
        issuer,
        authorization_endpoint: `${place}/oauth2/v2.0/authorize`,
        token_endpoint: `${place}/oauth2/v2.0/token`,
        jwks_uri: `${place}/discovery/v2.0/keys`,
      }),
    [`${place}/discovery/v2.0/keys`]: () => json({ keys }),
    [`${place}/oauth2/v2.0/token`]: async () =>
      json({
        token_type: 'Bearer',
        scope: 'User.Read profile openid email',
        expires_in: 4_736,
        ext_expires_in: 4_736,
        access_token: 'ey.demo',
        refresh_token: '0.demo',
        id_token: await signed(claims),
      }),
  });
}

describe('Microsoft', () => {
  const connection = connectionOf('microsoft');
  const person = {
    iss: issuerOf(tenant),
    tid: tenant,
    sub: 'AAAA',
    oid: '690222be-ff1a-4d56-abd1-7e4f7d38e474',
    preferred_username: 'ada@contoso.example',
    email: 'ada@example.com',
    email_verified: true,
    name: 'Ada',
  };

  it('R-081 JWT-49 takes people of any tenant, each under the issuer of their own', async () => {
    const { account, tokens } = await back(microsoft(person), connection);
    assert.deepEqual([account.issuer, account.subject, account.name], [issuerOf(tenant), 'AAAA', 'ada@contoso.example']);
    assert.deepEqual(tokens.scopes, ['User.Read', 'profile', 'openid', 'email']);
  });

  it('R-081 CON-03 never counts an address as verified, whatever the tenant claims', async () => {
    assert.equal((await back(microsoft(person), connection)).account.emailVerified, false);
  });

  it('R-081 JWT-50 refuses a tenant that the token, its issuer and its key do not agree on', async () => {
    const lies: [JWTPayload, object?][] = [
      [{ ...person, tid: otherTenant }],
      [{ ...person, iss: issuerOf('{tenantid}'), tid: '{tenantid}' }],
      [{ ...person, tid: undefined } as JWTPayload],
      [{ ...person, iss: 'https://evil.example/v2.0' }],
      [person, { keys: [{ ...key, issuer: issuerOf(otherTenant) }] }],
    ];
    for (const [claims, options] of lies) await assert.rejects(back(microsoft(claims, options), connection), UpstreamFailed);
    for (const issuer of [issuerOf('{tenantid}'), issuerOf(tenant)])
      await back(microsoft(person, { keys: [{ ...key, issuer }] }), connection);
  });

  it('R-081 takes people of one tenant where the connection says so', async () => {
    const one = { ...connection, issuer: issuerOf(tenant) };
    const at = { name: tenant, issuer: issuerOf(tenant) };
    assert.equal((await back(microsoft(person, at), one)).account.subject, 'AAAA');
    await assert.rejects(back(microsoft({ ...person, iss: issuerOf(otherTenant), tid: otherTenant }, at), one), UpstreamFailed);
  });

  it('R-071 compares iss with the pattern of tenants', async () => {
    await back(microsoft(person), connection, { iss: issuerOf(tenant) });
    for (const iss of ['https://evil.example', issuerOf('common'), issuerOf(`${tenant}/../${otherTenant}`)])
      await assert.rejects(back(microsoft(person), connection, { iss }), UpstreamFailed);
  });

  it('R-125 has no way to revoke, and says so', async () => {
    const revoking = createUpstream({ fetch: microsoft(person).fetch }).revoke(connection, { accessToken: 'a', refreshToken: 'r' });
    assert.equal(await revoking, 'unsupported');
  });
});
