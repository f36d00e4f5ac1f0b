/** Clients that know no vendor sign people in at the issuer itself and at dialects, with no setting but address, id and secret. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { defineConfig, type IssuerConfiguration } from '@safeconduct/issuer';
import { freePort } from '@safeconduct/test-support/ports';
import {
  authJs,
  oidcClientTs,
  passportOpenIdConnect,
  simpleClientCredentials,
  simpleOAuth2,
  type Target,
} from './standard-clients.fixtures.test.ts';
import { ADA, API, SECRET, SHOP_ORG, startWorld, Visitor, type World } from './world.fixtures.test.ts';

const programs = {
  'passport-openidconnect': passportOpenIdConnect,
  '@auth/core': authJs,
  'oidc-client-ts': oidcClientTs,
  'simple-oauth2': simpleOAuth2,
};

/** Where each of them signs in: the issuer's own dialect, and others that have what it needs. */
const issuers: Readonly<Record<string, (world: World) => string>> = {
  standard: (world) => world.home,
  zitadel: (world) => world.at('zitadel'),
  auth0: (world) => `${world.at('auth0')}/`,
  keycloak: (world) => `${world.at('keycloak')}/realms/${SHOP_ORG}`,
};

describe('clients that know no vendor', () => {
  let world: World;
  let port: number;
  before(async () => {
    port = await freePort();
    world = await startWorld({ dialects: ['zitadel', 'auth0', 'keycloak'], tls: false, declare: (base) => withPrograms(base, port) });
  });
  after(() => world?.stop());

  const target = (dialect: string, clientId: string): Target => ({
    issuer: issuers[dialect]?.(world) ?? '',
    clientId,
    secret: SECRET,
    port,
  });

  for (const dialect of Object.keys(issuers)) {
    for (const [name, program] of Object.entries(programs)) {
      it(`${name} signs a person in at ${dialect}`, async () => {
        assert.equal(await program(target(dialect, name === 'passport-openidconnect' ? 'body' : 'header'), new Visitor()), ADA.email);
      });
    }
    it(`simple-oauth2 gets a program's own token at ${dialect}`, async () => {
      const asked = { scope: 'orders:read', ...(dialect === 'auth0' && { audience: API }) };
      assert.match(await simpleClientCredentials(target(dialect, 'shop-robot'), asked), /^[\w-]+\.[\w-]+\.[\w-]+$|^sc_at_/);
    });
  }
});

/** One application that proves itself in the header, and one that does in the body and knows no PKCE. */
function withPrograms(base: IssuerConfiguration, port: number): IssuerConfiguration {
  const web = {
    name: 'A program',
    kind: 'web',
    firstParty: true,
    secret: SECRET,
    dialects: Object.keys(issuers),
    resources: [API],
    redirectUris: ['/callback', '/auth/callback/ours'].map((path) => `http://localhost:${port}${path}`),
  } as const;
  const [shop] = base.projects ?? [];
  const applications = [
    ...(shop?.applications ?? []),
    { ...web, id: 'header' },
    { ...web, id: 'body', authMethod: 'client_secret_post', pkceRequired: false } as const,
  ];
  return defineConfig({ ...base, projects: shop ? [{ ...shop, applications }] : [] });
}
