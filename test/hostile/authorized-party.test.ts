/** Whom a token was given to, and whether that is a person: what one claim says must not be taken for what another means. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { protect } from 'safeconduct/protect';
import { auth0, entra, generic, keycloak, type ProviderPreset } from 'safeconduct/providers';
import { AUDIENCE, forge, publicJwk, keys as signing } from './world.fixtures.test.ts';

const tenant = '11111111-2222-4333-8444-555555555555';
const oid = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee';
const presets = {
  generic: generic({ issuer: 'https://id.example' }),
  auth0: auth0({ domain: 'acme.eu.auth0.com' }),
  entra: entra({ tenant }),
  keycloak: keycloak({ issuer: 'https://id.example/realms/acme' }),
} as const satisfies Record<string, ProviderPreset>;
type Name = keyof typeof presets;
const v2 = { tid: tenant, oid, sub: 'pairwise', ver: '2.0', scp: 'read' };
const usual: Record<Name, Record<string, unknown>> = { generic: {}, auth0: {}, entra: v2, keycloak: { typ: 'Bearer' } };

/** The identity behind a token of that provider, or the code of the refusal. */
async function outcome(name: Name, changes: Record<string, unknown>): Promise<readonly [string, string] | string> {
  const provider = presets[name];
  const answering = async (url: string) =>
    Response.json(
      url.endsWith('/jwks')
        ? { keys: [publicJwk('RS256')] }
        : { issuer: provider.issuer, jwks_uri: `${new URL(provider.issuer).origin}/jwks` },
    );
  const guard = protect({ provider, audience: AUDIENCE, fetch: answering });
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: provider.issuer, aud: AUDIENCE, sub: 'ada', iat: now, exp: now + 600, jti: 'one', ...usual[name], ...changes };
  const header = { alg: 'RS256', typ: name === 'generic' ? 'at+jwt' : 'JWT', kid: 'RS256' };
  const authorization = `Bearer ${forge(header, claims, signing.RS256.privateKey)}`;
  return guard({ headers: { authorization } }).then(
    ({ client, kind }) => [client, kind] as const,
    ({ code }) => String(code),
  );
}

const shop = ['shop', 'person'] as const;
const table: readonly (readonly [Name, string, Record<string, unknown>, readonly [string, string] | string])[] = [
  ['generic', 'the client, which no other claim can replace', { client_id: 'shop', azp: 'admin', appid: 'admin' }, shop],
  ['generic', 'the authorized party where no client is named', { azp: 'shop' }, shop],
  ['generic', 'nobody: another vendor names clients like this', { appid: 'shop' }, 'token_invalid'],
  ['generic', 'nobody: a list is no client', { client_id: ['shop'] }, 'token_invalid'],
  ['generic', 'nobody: the audience is no client', {}, 'token_invalid'],
  ['generic', 'a client that acts for itself', { client_id: 'robot', sub: 'robot' }, ['robot', 'service']],
  ['generic', 'a person whose id is that of the authorized party only', { client_id: 'shop', azp: 'ada' }, shop],
  ['generic', 'a person whose id differs in case', { client_id: 'ADA' }, ['ADA', 'person']],
  ['auth0', 'the authorized party, which no other claim can replace', { azp: 'shop', client_id: 'admin' }, shop],
  ['auth0', 'the client of the standard profile', { client_id: 'shop' }, shop],
  ['auth0', 'nobody: an ID token has neither', { nickname: 'ada' }, 'token_invalid'],
  ['auth0', 'nobody: a logout token is for something else', { azp: 'shop', events: {} }, 'token_invalid'],
  ['auth0', 'a person with a name like that of a client', { azp: 'shop', sub: 'auth0|shop@clients' }, shop],
  ['auth0', 'a client that acts for itself', { azp: 'robot', sub: 'robot@clients' }, ['robot', 'service']],
  ['auth0', 'a person whose token was refreshed', { azp: 'shop', sub: 'auth0|ada', gty: 'refresh_token' }, shop],
  ['entra', 'the authorized party of version 2', { azp: 'shop', appid: 'admin' }, shop],
  ['entra', 'the application of version 1', { appid: 'shop', ver: '1.0', iss: `https://sts.windows.net/${tenant}/` }, shop],
  ['entra', 'nobody: client_id is none of its claims', { client_id: 'shop' }, 'token_invalid'],
  ['entra', 'an application without a person', { azp: 'robot', sub: oid, scp: undefined, idtyp: 'app' }, ['robot', 'service']],
  ['entra', 'a person, as the delegated scope says', { azp: 'shop', sub: oid, idtyp: 'app' }, shop],
  ['keycloak', 'the authorized party, which no other claim can replace', { azp: 'shop', client_id: 'admin' }, shop],
  ['keycloak', 'a person who chose the name of a service', { azp: 'shop', preferred_username: 'service-account-shop' }, shop],
  [
    'keycloak',
    'a client that acts for itself',
    { azp: 'robot', client_id: 'robot', preferred_username: 'service-account-robot' },
    ['robot', 'service'],
  ],
  ['keycloak', 'nobody: an ID token says that it is one', { azp: 'shop', typ: 'ID' }, 'token_invalid'],
];

describe('the party that a token was given to', () => {
  for (const [name, what, changes, expected] of table)
    it(`R-092 at ${name} is ${what}`, async () => {
      assert.deepEqual(await outcome(name, changes), expected);
    });
});
