/** The same API behind other providers: each diff is applied, and what it makes is type-checked, started and asked with curl. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { rmSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { onlyVendor, typeErrors } from '@safeconduct/test-support/variant';
import { bearing, curl, curlSkipped, type RunningApi, startApi, variant } from './running.fixtures.test.ts';

type Json = Readonly<Record<string, unknown>>;

const frameworks = [[], ['fastify.diff'], ['hono.diff']] as const;
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const keys = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig', alg: 'RS256' }] };
const now = Math.floor(Date.now() / 1000);
const lasting = { iat: now - 60, nbf: now - 60, exp: now + 3_600 };

const part = (value: Json) => Buffer.from(JSON.stringify(value)).toString('base64url');
function jwt(claims: Json): string {
  const text = `${part({ alg: 'RS256', typ: 'JWT', kid: 'k1' })}.${part({ ...lasting, ...claims })}`;
  return `${text}.${sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`;
}

interface Vendor {
  readonly diff: string;
  readonly env: Readonly<Record<string, string>>;
  /** What it publishes, by address. */
  readonly documents: Json;
  readonly withRole: string;
  readonly withoutRole: string;
  /** Tokens that are 401, each with why. */
  readonly bad: Readonly<Record<string, string>>;
}

const discovery = (issuer: string, more: Json) => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  response_types_supported: ['code'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['RS256'],
  ...more,
});

function zitadel(): Vendor {
  const issuer = 'https://acme.zitadel.example';
  const project = '305211467129990000';
  const clientId = '305211467129991169@messages';
  const urn = 'urn:zitadel:iam:org:project';
  const roles = { 'read:messages': { '305211467129880000': 'acme.example' } };
  const answer = {
    active: true,
    ...lasting,
    sub: '305211467129880577',
    aud: [clientId, project],
    iss: issuer,
    token_type: 'Bearer',
    username: 'bot',
  };
  const tokens = {
    'pat-with-role': { ...answer, exp: 253_402_300_800, [`${urn}:${project}:roles`]: roles, [`${urn}:roles`]: roles },
    'pat-without-role': { ...answer, exp: 253_402_300_800 },
    'pat-with-role-elsewhere': { ...answer, [`${urn}:305211467129990777:roles`]: roles },
    'pat-expired': { ...answer, exp: now - 3_600 },
    'pat-of-another-project': { ...answer, aud: ['305211467129990777'] },
  };
  return {
    diff: 'zitadel.diff',
    env: { ISSUER: issuer, AUDIENCE: project, CLIENT_ID: clientId, CLIENT_SECRET: 'NVAp70IqiGmJldbS' },
    documents: {
      [`${issuer}/.well-known/openid-configuration`]: discovery(issuer, {
        introspection_endpoint: `${issuer}/oauth/v2/introspect`,
        jwks_uri: `${issuer}/oauth/v2/keys`,
      }),
      [`${issuer}/oauth/v2/keys`]: keys,
      [`${issuer}/oauth/v2/introspect`]: { from: `${clientId}:NVAp70IqiGmJldbS`, tokens },
    },
    withRole: 'pat-with-role',
    withoutRole: 'pat-with-role-elsewhere',
    bad: { expired: 'pat-expired', 'of another project': 'pat-of-another-project', unknown: 'pat-unknown' },
  };
}

function keycloak(): Vendor {
  const issuer = 'https://id.example/realms/acme';
  const clientId = 'messages-api';
  const claims = { iss: issuer, sub: 'f3b2', typ: 'Bearer', azp: 'board', jti: 'j1', scope: 'openid profile' };
  const right = { resource_access: { [clientId]: { roles: ['read:messages'] } } };
  const answers = {
    role: { ...claims, aud: [clientId, 'account'], ...right },
    none: { ...claims, aud: [clientId, 'account'], realm_access: { roles: ['read:messages'] } },
    other: { ...claims, aud: ['account'], ...right },
  };
  const tokens = { role: jwt(answers.role), none: jwt(answers.none), other: jwt(answers.other) };
  const said = (claimed: Json) => ({ active: true, token_type: 'Bearer', client_id: 'board', username: 'ada', ...lasting, ...claimed });
  return {
    diff: 'keycloak.diff',
    env: { ISSUER: issuer, AUDIENCE: clientId, CLIENT_ID: clientId, CLIENT_SECRET: 'demo-keycloak-secret' },
    documents: {
      [`${issuer}/.well-known/openid-configuration`]: discovery(issuer, {
        introspection_endpoint: `${issuer}/protocol/openid-connect/token/introspect`,
        jwks_uri: `${issuer}/protocol/openid-connect/certs`,
      }),
      [`${issuer}/protocol/openid-connect/certs`]: keys,
      [`${issuer}/protocol/openid-connect/token/introspect`]: {
        from: `${clientId}:demo-keycloak-secret`,
        tokens: { [tokens.role]: said(answers.role), [tokens.none]: said(answers.none), [tokens.other]: said(answers.other) },
      },
    },
    withRole: tokens.role,
    withoutRole: tokens.none,
    bad: { 'for another client': tokens.other, 'that was ended': jwt({ ...answers.role, jti: 'j2' }) },
  };
}

function entra(): Vendor {
  const tenant = '72f988bf-0000-4000-8000-2d7cd011db47';
  const api = '6e74172b-0000-4000-8000-a39bb12e3000';
  const place = `https://login.microsoftonline.com/${tenant}`;
  const other = 'aaaabbbb-0000-4000-8000-ccccdddd1111';
  const person = '6902a1b1-0000-4000-8000-0123456789ab';
  const claims = {
    iss: `${place}/v2.0`,
    aud: api,
    sub: 'GEo6',
    oid: person,
    tid: tenant,
    azp: other,
    ver: '2.0',
    scp: 'user_impersonation',
  };
  return {
    diff: 'entra.diff',
    env: { TENANT: tenant, AUDIENCE: api },
    documents: {
      [`${place}/v2.0/.well-known/openid-configuration`]: discovery(`${place}/v2.0`, { jwks_uri: `${place}/discovery/v2.0/keys` }),
      [`${place}/discovery/v2.0/keys`]: { keys: keys.keys.map(({ alg: _, ...key }) => ({ ...key, issuer: `${place}/v2.0` })) },
    },
    withRole: jwt({ ...claims, roles: ['read:messages'] }),
    withoutRole: jwt(claims),
    bad: {
      'for another API': jwt({ ...claims, aud: other, roles: ['read:messages'] }),
      'of another tenant': jwt({ ...claims, iss: `https://login.microsoftonline.com/${other}/v2.0`, tid: other, roles: ['read:messages'] }),
    },
  };
}

function auth0(): Vendor {
  const issuer = 'https://acme.eu.auth0.com/';
  const audience = 'https://messages.example';
  const claims = { iss: issuer, sub: 'auth0|65f1', aud: [audience, `${issuer}userinfo`], azp: 'board', scope: 'openid profile' };
  return {
    diff: 'auth0.diff',
    env: { DOMAIN: 'acme.eu.auth0.com', AUDIENCE: audience },
    documents: {
      [`${issuer}.well-known/openid-configuration`]: discovery(issuer, { jwks_uri: `${issuer}.well-known/jwks.json` }),
      [`${issuer}.well-known/jwks.json`]: keys,
    },
    withRole: jwt({ ...claims, permissions: ['read:messages'] }),
    withoutRole: jwt({ ...claims, permissions: [] }),
    bad: { 'for another API': jwt({ ...claims, aud: 'https://other.example', permissions: ['read:messages'] }), opaque: 'opaque-token' },
  };
}

for (const vendor of [zitadel(), keycloak(), entra(), auth0()]) {
  describe(`the guarded API with ${vendor.diff}`, { skip: curlSkipped }, () => {
    let api: RunningApi;
    before(async () => {
      api = await startApi({ ...vendor.env, ...onlyVendor(vendor.documents) }, vendor.diff);
    });
    after(() => api?.stop());
    const ask = (path: string, token: string) => curl(`${api.url}/api/${path}`, ...bearing(token));

    it('S1.4 S1.5 S1.10 lets a valid token in, and into the scoped route with the role', async () => {
      assert.equal((await ask('private', vendor.withRole)).status, 200);
      assert.equal((await ask('private-scoped', vendor.withRole)).status, 200);
    });

    it('S1.6 B1.4 answers 403 where the role is not there', async () => {
      assert.equal((await ask('private', vendor.withoutRole)).status, 200);
      const { status, challenge } = await ask('private-scoped', vendor.withoutRole);
      assert.equal(status, 403);
      assert.match(challenge, /error="insufficient_scope"/);
    });

    for (const [why, token] of Object.entries(vendor.bad)) {
      it(`S1.9 S1.12 B1.2 B1.10 answers 401 to a token ${why}`, async () => {
        const { status, challenge, body } = await ask('private', token);
        assert.equal(status, 401);
        assert.match(challenge, /error="invalid_token"/);
        if (why === 'expired') assert.deepEqual(body, { code: 'invalid_token_expired', description: 'Token has expired.' });
      });
    }
  });
}

describe('every diff', () => {
  it('goes with those of the providers, on each framework, and compiles', { timeout: 120_000 }, async () => {
    const providers = ['zitadel.diff', 'keycloak.diff', 'entra.diff', 'auth0.diff'];
    const made = frameworks.flatMap((framework) => providers.map((provider) => variant([...framework, provider])));
    const findings = await typeErrors(made, ['src/server.ts']);
    for (const directory of made) rmSync(directory, { recursive: true, force: true });
    assert.equal(findings, '');
  });
});
