/** Where an Auth0 origin is, what it publishes, and what it does not have. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { document } from './auth0/documents.ts';
import { ORIGIN, place } from './auth0/facts.fixtures.test.ts';
import { auth0 } from './auth0.ts';

describe('the Auth0 dialect', () => {
  it('has an issuer with a slash, and the paths that SDKs have in their code', () => {
    assert.equal(place.issuer, 'https://localhost:8443/');
    assert.deepEqual(place.aliases, { '/v2/logout': 'endSession' });
    const { routes } = place;
    assert.deepEqual(
      [routes.authorization, routes.token, routes.userinfo, routes.jwks, routes.revocation, routes.deviceAuthorization, routes.endSession],
      ['/authorize', '/oauth/token', '/userinfo', '/.well-known/jwks.json', '/oauth/revoke', '/oauth/device/code', '/oidc/logout'],
    );
    assert.equal(routes.pushedAuthorization, '/oauth/par');
    assert.equal(routes.introspection, undefined);
  });

  it('publishes RS256 and S256 only, and no endpoint that is not there', () => {
    const found = { issuer: place.issuer, grant_types_supported: ['authorization_code', 'urn:safeconduct:introspect'] };
    const document = auth0.discovery(found, (path) => ORIGIN + path, place);
    assert.equal(document.issuer, 'https://localhost:8443/');
    assert.equal(document.revocation_endpoint, `${ORIGIN}/oauth/revoke`);
    assert.deepEqual(document.id_token_signing_alg_values_supported, ['RS256']);
    assert.deepEqual(document.code_challenge_methods_supported, ['S256']);
    assert.deepEqual(document.grant_types_supported, ['authorization_code']);
    for (const name of ['introspection_endpoint', 'registration_endpoint', 'mfa_challenge_endpoint']) assert.ok(!(name in document), name);
  });

  it('gives keys their thumbprint twice', () => {
    assert.equal(auth0.shapes.key?.({ kid: 'thumb', x5c: ['MII'] }, place).x5t, 'thumb');
  });

  it('takes client assertions for the issuer, with its slash, and for the token endpoint', () => {
    assert.deepEqual(auth0.policy.assertionAudience(place, ORIGIN), [`${ORIGIN}/`, `${ORIGIN}/oauth/token`]);
  });

  it('keeps refresh tokens of applications that prove themselves, and replaces those of browsers and devices', () => {
    assert.equal(auth0.policy.rotates({ kind: 'web', confidential: true }), false);
    assert.equal(auth0.policy.rotates({ kind: 'spa', confidential: false }), true);
    assert.equal(auth0.policy.rotates({ kind: 'native', confidential: false }), true);
  });
});

describe('what an Auth0 tenant has and is not served', () => {
  const at = (path: string) => document(path, place);

  it('says so as the Management API does, and as the Authentication API does', () => {
    for (const path of ['/api/v2/users', '/api/v2']) {
      const said = JSON.parse(at(path)?.body ?? '{}');
      assert.deepEqual([said.statusCode, said.error], [404, 'Not Found']);
    }
    for (const path of ['/oidc/register', '/bc-authorize', '/mfa/challenge', '/passwordless/start', '/dbconnections/signup'])
      assert.deepEqual([at(path)?.status, JSON.parse(at(path)?.body ?? '{}').error], [404, 'not_found'], path);
  });

  it('draws a picture of two letters and of nothing else', () => {
    assert.match(at('/avatars/ab.svg')?.body ?? '', />AB</);
    for (const path of ['/avatars/abc.svg', '/avatars/a%3C.svg', '/avatars/../x.svg', '/authorize'])
      assert.equal(at(path), undefined, path);
  });
});
