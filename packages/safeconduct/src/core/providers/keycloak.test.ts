import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { protect } from '../../steps/protect/protect.ts';
import { type KeycloakOptions, keycloak } from './keycloak.ts';
import { now } from './shapes.fixtures.test.ts';
import { bearing, type Json, newSigningKey, signed, startVendor, type Vendor } from './vendor.fixtures.test.ts';

const issuer = 'https://id.acme.example/realms/shop';
const place = 'id.acme.example/realms/shop';
const audience = 'orders-api';
const key = { ...newSigningKey('shop'), kid: 'xpLhOxLVeQ4qOPDGbzkTGEYzOoy0ctl2l8yxJrYiMsA' };

/** A person's access token, with an audience mapper for the API. */
const token = (changes: Json = {}): Json => ({
  exp: now() + 240,
  iat: now() - 60,
  auth_time: now() - 90,
  jti: 'onrtac:9d5d7b1e-0000-4000-8000-0f0d51a2c1e0',
  iss: issuer,
  aud: [audience, 'account'],
  sub: 'f7ab5c2e-0000-4000-8000-5a6a9d8f7c11',
  typ: 'Bearer',
  azp: 'shop-web',
  sid: 'c0a8f1d2-0000-4000-8000-3a1b2c3d4e5f',
  acr: '1',
  'allowed-origins': ['https://shop.example'],
  realm_access: { roles: ['default-roles-shop', 'customer', 'admin-of-realm'] },
  resource_access: { [audience]: { roles: ['orders-reader'] }, account: { roles: ['manage-account'] } },
  scope: 'openid email profile organization',
  email_verified: true,
  organization: { acme: { id: 'b1c2d3e4-0000-4000-8000-9f8e7d6c5b4a' } },
  preferred_username: 'ada',
  ...changes,
});

const serviceToken = (changes: Json = {}): Json =>
  token({
    azp: 'batch',
    client_id: 'batch',
    preferred_username: 'service-account-batch',
    clientHost: '192.0.2.1',
    organization: undefined,
    sid: undefined,
    ...changes,
  });

describe('an API behind Keycloak', () => {
  let vendor: Vendor;
  before(async () => {
    vendor = await startVendor();
    const oidc = `${issuer}/protocol/openid-connect`;
    vendor.documents.set(`${place}/.well-known/openid-configuration`, {
      issuer,
      authorization_endpoint: `${oidc}/auth`,
      token_endpoint: `${oidc}/token`,
      introspection_endpoint: `${oidc}/token/introspect`,
      userinfo_endpoint: `${oidc}/userinfo`,
      end_session_endpoint: `${oidc}/logout`,
      revocation_endpoint: `${oidc}/revoke`,
      jwks_uri: `${oidc}/certs`,
      id_token_signing_alg_values_supported: ['PS384', 'RS384', 'EdDSA', 'ES384', 'HS256', 'HS512', 'ES256', 'RS256'],
      authorization_response_iss_parameter_supported: true,
    });
    const { jwk, kid, x5t, certificate } = key;
    vendor.documents.set(`${place}/protocol/openid-connect/certs`, {
      keys: [
        { ...jwk, kid: 'enc', alg: 'RSA-OAEP', use: 'enc', x5c: [certificate], x5t },
        { ...jwk, kid, alg: 'RS256', use: 'sig', x5c: [certificate], x5t },
      ],
    });
  });
  after(() => vendor.close());

  const call = (claims: Json, options: Partial<KeycloakOptions> = {}, header: Json = { typ: 'JWT' }) =>
    protect({ provider: keycloak({ issuer, ...options }), audience, fetch: vendor.fetch })(bearing(signed(key, header, claims)));

  it('knows the person, with the roles of this API’s client', async () => {
    const { subject, kind, client, organization, roles, scopes, session } = await call(token(), { apiClientId: audience });
    assert.deepEqual(
      { subject, kind, client, organization, roles, scopes, session },
      {
        subject: 'f7ab5c2e-0000-4000-8000-5a6a9d8f7c11',
        kind: 'person',
        client: 'shop-web',
        organization: 'acme',
        roles: ['orders-reader'],
        scopes: ['openid', 'email', 'profile', 'organization'],
        session: 'c0a8f1d2-0000-4000-8000-3a1b2c3d4e5f',
      },
    );
  });

  it('R-098 counts the roles of the realm, or those of one client, never both, and none where there are none', async () => {
    assert.deepEqual((await call(token())).roles, ['default-roles-shop', 'customer', 'admin-of-realm']);
    assert.deepEqual((await call(token(), { apiClientId: 'billing-api' })).roles, []);
    assert.deepEqual((await call(token({ resource_access: undefined }), { apiClientId: audience })).roles, []);
    assert.deepEqual((await call(token(), { apiClientId: '__proto__' })).roles, []);
  });

  it('names an organization only when the token names exactly one', async () => {
    assert.equal((await call(token({ organization: ['acme'] }))).organization, 'acme');
    for (const organization of [undefined, [], ['acme', 'beta'], { acme: {}, beta: {} }, 7])
      assert.equal((await call(token({ organization }))).organization, undefined, JSON.stringify(organization));
  });

  it('knows a service account, and no person whose name only looks like one', async () => {
    assert.equal((await call(serviceToken())).kind, 'service');
    assert.equal((await call(serviceToken({ client_id: undefined, clientId: 'batch' }))).kind, 'service');
    assert.equal((await call(token({ preferred_username: 'service-account-batch' }))).kind, 'person');
    assert.equal((await call(token({ client_id: 'shop-web' }))).kind, 'person');
  });

  it('takes both marks of an access token, and only what says that it is one', async () => {
    assert.ok(await call(token(), {}, { typ: 'at+jwt' }));
    for (const typ of ['ID', 'Refresh', 'Offline', 'Logout', 'DPoP', 'bearer', undefined, 7])
      await assert.rejects(call(token({ typ })), { code: 'token_invalid', message: /another kind/ }, String(typ));
  });

  it('R-092 refuses a token without an audience mapper, and one of another realm', async () => {
    await assert.rejects(call(token({ aud: 'account' })), { code: 'token_invalid', message: /aud/ });
    await assert.rejects(call(token({ aud: undefined })), { code: 'token_invalid', message: /aud/ });
    await assert.rejects(call(token({ iss: 'https://id.acme.example/realms/master' })), { code: 'token_invalid', message: /iss/ });
    await assert.rejects(call(token({ sub: undefined })), { code: 'token_invalid', message: /sub/ });
  });

  it('says at construction what a realm is', () => {
    for (const wrong of ['https://id.acme.example', 'https://id.acme.example/realms/', `${issuer}/`, `${issuer}/protocol/openid-connect`])
      assert.throws(() => keycloak({ issuer: wrong }), { name: 'TypeError', message: /realm/ }, wrong);
    assert.throws(() => keycloak({ issuer, apiClientId: '' }), TypeError);
  });
});
