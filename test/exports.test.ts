/** Every public name, in one place: a difference here is a change of the public API. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import * as issuer from '@safeconduct/issuer';
import * as cli from 'safeconduct/cli';
import * as http from 'safeconduct/http';
import * as identity from 'safeconduct/identity';
import * as login from 'safeconduct/login';
import * as openapi from 'safeconduct/openapi';
import * as protect from 'safeconduct/protect';
import * as providers from 'safeconduct/providers';
import * as query from 'safeconduct/query';
import * as reach from 'safeconduct/reach';

it('exports exactly these names', () => {
  const faces = Object.entries({ identity, login, protect, query, reach, providers, http, openapi, cli, issuer });
  const names = faces.map(([face, module]) => [face, Object.keys(module).toSorted()]);
  assert.deepEqual(Object.fromEntries(names), {
    identity: ['SafeconductError', 'errorCodes'],
    login: [
      'createLogin',
      'createWebLogin',
      'fetchUserinfo',
      'finishLogin',
      'memorySessions',
      'pollDeviceLogin',
      'postgresSessions',
      'refreshLogin',
      'resumeLogin',
      'revealTokens',
      'revokeTokens',
      'sessionsSchema',
      'signOutUrl',
      'startDeviceLogin',
      'startLogin',
    ],
    protect: ['protect', 'refusalOf'],
    query: ['asUser', 'checkDatabase', 'describeDatabaseError', 'installQuery', 'withUser'],
    reach: ['createReach'],
    providers: ['auth0', 'entra', 'entraClaims', 'generic', 'keycloak', 'safeconduct', 'zitadel'],
    http: [
      'codeAndDescription',
      'express',
      'fastApiAzureAuth',
      'fastApiAzureAuthObject',
      'fastify',
      'fetchHandler',
      'findIdentity',
      'hono',
      'identityOf',
      'node',
      'resourceMetadata',
    ],
    openapi: ['openApiDocs'],
    cli: ['failureLine', 'linesOf', 'signIn', 'signOut'],
    issuer: ['ConfigurationError', 'SettingsError', 'createIssuer', 'defineConfig', 'demo'],
  });
});
