import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { origin, place } from './zitadel/zitadel.fixtures.test.ts';
import { zitadel } from './zitadel.ts';

describe('where things are', () => {
  it('has every endpoint where Zitadel has it, below an issuer without a slash', () => {
    assert.equal(place.issuer, origin);
    assert.deepEqual(place.routes, {
      authorization: '/oauth/v2/authorize',
      token: '/oauth/v2/token',
      userinfo: '/oidc/v1/userinfo',
      introspection: '/oauth/v2/introspect',
      revocation: '/oauth/v2/revoke',
      jwks: '/oauth/v2/keys',
      deviceAuthorization: '/oauth/v2/device_authorization',
      deviceVerification: '/device',
      endSession: '/oidc/v1/end_session',
      discovery: ['/.well-known/openid-configuration'],
    });
  });

  it('S0.7 names RS256 alone, in a document with the members that Zitadel has', () => {
    const engine = {
      issuer: origin,
      authorization_endpoint: `${origin}/oauth/v2/authorize`,
      jwks_uri: `${origin}/oauth/v2/keys`,
      id_token_signing_alg_values_supported: ['RS256'],
      grant_types_supported: ['authorization_code', 'client_credentials', 'refresh_token', 'urn:safeconduct:introspection'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
      token_endpoint_auth_signing_alg_values_supported: ['RS256'],
      authorization_response_iss_parameter_supported: true,
      claim_types_supported: ['normal'],
    };
    const document = zitadel.discovery(engine, (path) => `${origin}${path}`, place);
    assert.deepEqual(document.id_token_signing_alg_values_supported, ['RS256']);
    assert.equal(document.introspection_endpoint, `${origin}/oauth/v2/introspect`);
    assert.equal(document.revocation_endpoint, `${origin}/oauth/v2/revoke`);
    assert.deepEqual(document.introspection_endpoint_auth_methods_supported, ['client_secret_basic', 'private_key_jwt']);
    assert.deepEqual(document.grant_types_supported, [
      'authorization_code',
      'refresh_token',
      'client_credentials',
      'urn:ietf:params:oauth:grant-type:jwt-bearer',
    ]);
    assert.equal(document.authorization_response_iss_parameter_supported, true);
    assert.ok(!('claim_types_supported' in document));
  });
});
