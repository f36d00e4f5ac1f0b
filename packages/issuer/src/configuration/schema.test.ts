import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { demo } from './define.ts';
import { ConfigurationError, checkConfiguration } from './schema.ts';

const resource = 'https://api.shop.example';
const secretOne = 'one-secret-one-secret-one-secret-one';
const publicJwk = (kid: string) => ({ ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }), kid });

describe('a configuration', () => {
  const app = { id: 'a', name: 'A', kind: 'web', secret: secretOne };
  const withApp = (more: object) => ({ projects: [{ id: 'p', organization: 'o', name: 'P', applications: [{ ...app, ...more }] }] });
  const withApi = (more: object) => ({
    projects: [{ id: 'p', organization: 'o', name: 'P', apis: [{ id: 'x', name: 'X', resource, scopes: {}, ...more }] }],
  });
  const signs = { authMethod: 'private_key_jwt', secret: undefined };
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const refused: readonly (readonly [what: string, value: unknown, finding: RegExp])[] = [
    ['an unknown setting', { organisations: [] }, /does not know organisations: check the spelling/],
    ['a missing name', { organizations: [{ id: 'o' }] }, /organizations\[0\]\.name/],
    ['an id with spaces', { organizations: [{ id: 'the shop', name: 'x' }] }, /organizations\[0\]\.id must be 1 to 100 letters/],
    [
      'an organization declared twice',
      {
        organizations: [
          { id: 'o', name: 'x' },
          { id: 'o', name: 'y' },
        ],
      },
      /the id o is used twice/,
    ],
    [
      'R-003 a wildcard redirect',
      withApp({ redirectUris: ['https://*.example/'] }),
      /projects\[0\]\.applications\[0\]\.redirectUris\[0\] must not have a wildcard/,
    ],
    ['R-003 an http redirect', withApp({ redirectUris: ['http://shop.example/'] }), /must begin with https/],
    ['R-031 an application whose id looks like a person', withApp({ id: 'usr_1' }), /must not begin with usr_/],
    [
      'R-031 an application and a person of one id',
      { ...withApp({}), users: [{ id: 'a', organization: 'o' }] },
      /the id a is also an application's/,
    ],
    ['a short secret', withApp({ secret: 'short' }), /openssl rand/],
    ['a secret of a public application', withApp({ kind: 'spa' }), /must be left out/],
    ['a confidential application without a secret', withApp({ secret: undefined }), /secret is missing/],
    [
      'a public application without PKCE',
      withApp({ kind: 'native', secret: undefined, pkceRequired: false }),
      /pkceRequired must not be false/,
    ],
    [
      'a private key',
      withApp({ ...signs, jwks: { keys: [privateKey.export({ format: 'jwk' })] } }),
      /jwks\.keys\[0\] must be a public key/,
    ],
    ['a shared key', withApp({ ...signs, jwks: { keys: [{ kty: 'oct', k: 'AAAA' }] } }), /must be a public key/],
    ['a third key', withApp({ ...signs, jwks: { keys: [publicJwk('a'), publicJwk('b'), publicJwk('c')] } }), /one key, or two/],
    ['two keys of one kid', withApp({ ...signs, jwks: { keys: [publicJwk('a'), publicJwk('a')] } }), /two kids/],
    ['roles of an application that people sign in to', withApp({ roles: { p: [] } }), /roles must be left out/],
    ['a service user among the people', { users: [{ id: 'u', organization: 'o', kind: 'service' }] }, /does not know kind/],
    ['a role of a service that nobody declared', withApp({ kind: 'service', roles: { p: ['boss'] } }), /project p has no role boss/],
    ['an API that signs without a key', withApi({ authMethod: 'private_key_jwt' }), /apis\[0\]\.jwks belongs to/],
    [
      'an API with a key and a secret',
      withApi({ authMethod: 'private_key_jwt', jwks: { keys: [publicJwk('a')] }, secret: secretOne }),
      /left out/,
    ],
    ['an API with a key that does not say so', withApi({ jwks: { keys: [publicJwk('a')] } }), /belongs to authMethod private_key_jwt/],
    ['a key that is none', withApp({ ...signs, jwks: { keys: [{ kty: 'EC', crv: 'P-256' }] } }), /must be a JSON Web Key/],
    ['a resource that no API has', withApp({ resources: ['https://none.example'] }), /no API has the resource/],
    [
      'a role that nobody declared',
      { ...withApp({}), users: [{ id: 'u', organization: 'o', roles: { p: ['boss'] } }] },
      /project p has no role boss/,
    ],
    [
      'a token that lives for a day',
      {
        projects: [{ id: 'p', organization: 'o', name: 'P', apis: [{ id: 'x', name: 'X', resource, scopes: {}, tokenLifetime: 86_400 }] }],
      },
      /at most 3600/,
    ],
    ['a password and a hash', { users: [{ id: 'u', organization: 'o', password: 'x', passwordHash: 'y' }] }, /not both/],
  ];
  for (const [what, value, finding] of refused) {
    it(`refuses ${what}, and says where and what to write`, () => {
      assert.throws(
        () => checkConfiguration(value),
        (error: unknown) => error instanceof ConfigurationError && finding.test(error.message),
      );
    });
  }

  it('lists every finding at once, and shows no secret', () => {
    const value = {
      organizations: [{ id: '!', name: '' }],
      users: [{ id: 'u', organization: 'o', password: demo('hunter2-hunter2'), email: 'x' }],
    };
    assert.throws(
      () => checkConfiguration(value),
      (error: unknown) => {
        assert.ok(error instanceof ConfigurationError);
        assert.equal(error.findings.length, 3);
        assert.doesNotMatch(error.message, /hunter2/);
        return true;
      },
    );
  });
});
