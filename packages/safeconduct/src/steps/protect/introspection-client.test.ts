import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { type ForeignProvider, startForeignProvider } from '@safeconduct/test-support/foreign-provider';
import { exportJWK, jwtVerify } from 'jose';
import type { PrivateJwk } from '../../core/protocol/client-authentication.ts';
import { generic } from '../../core/providers/generic.ts';
import { type AskedProvider, active, api, askingGuard, bearing, startAskedProvider } from './asked.fixtures.test.ts';
import { protect } from './protect.ts';
import type { IntrospectionClient } from './trust.ts';

const pairs = {
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ES384: generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  EdDSA: generateKeyPairSync('ed25519'),
};
type Algorithm = keyof typeof pairs;
type ClientMetadata = Parameters<typeof startForeignProvider>[0][number];
const privateJwk = async (alg: Algorithm): Promise<PrivateJwk> => ({ ...(await exportJWK(pairs[alg].privateKey)), kid: `key-${alg}` });
// Characters that need the form encoding of RFC 6749 section 2.3.1, and some that need none.
const secret = 'a secret: +/=&%-_.~';

describe('an API that asks oidc-provider about opaque tokens', () => {
  let foreign: ForeignProvider;

  const resourceServer = (id: string, changes: Partial<ClientMetadata>): ClientMetadata => ({
    client_id: id,
    client_secret: secret,
    grant_types: [],
    redirect_uris: [],
    response_types: [],
    ...changes,
  });

  before(async () => {
    const jwks = await Promise.all(
      (['RS256', 'ES256', 'EdDSA'] as const).map(async (alg) => ({
        ...(await exportJWK(pairs[alg].publicKey)),
        kid: `key-${alg}`,
        alg,
        use: 'sig',
      })),
    );
    foreign = await startForeignProvider(
      [
        resourceServer('batch', { grant_types: ['client_credentials'] }),
        resourceServer('by-basic', { token_endpoint_auth_method: 'client_secret_basic' }),
        resourceServer('by-post', { token_endpoint_auth_method: 'client_secret_post' }),
        ...(['RS256', 'ES256', 'EdDSA'] as const).map((alg) => ({
          ...resourceServer(`by-${alg}`, { token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: alg }),
          jwks: { keys: jwks },
        })),
      ],
      {
        enabledJWA: { clientAuthSigningAlgValues: ['RS256', 'ES256', 'EdDSA'] },
        features: {
          clientCredentials: { enabled: true },
          introspection: { enabled: true, allowedPolicy: () => true },
          revocation: { enabled: true },
          resourceIndicators: {
            enabled: true,
            defaultResource: () => api,
            getResourceServerInfo: () => ({ scope: 'orders:read', accessTokenFormat: 'opaque', accessTokenTTL: 600 }),
          },
        },
      },
    );
  });
  after(() => foreign.close());

  const newToken = async (): Promise<string> => {
    const basic = btoa(`batch:${new URLSearchParams({ '': secret }).toString().slice(1)}`);
    const response = await fetch(`${foreign.issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${basic}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'orders:read' }),
    });
    const { access_token: token } = (await response.json()) as { access_token: string };
    assert.doesNotMatch(token ?? `no token: ${response.status}`, /[.:]/);
    return token;
  };
  const guardAs = (introspection: IntrospectionClient) =>
    protect({ provider: generic({ issuer: foreign.issuer }), audience: api, introspection });

  const clients: readonly (readonly [string, () => Promise<IntrospectionClient>])[] = [
    ['client_secret_basic', async () => ({ clientId: 'by-basic', clientSecret: secret })],
    ['client_secret_post', async () => ({ clientId: 'by-post', clientSecret: secret, authMethod: 'client_secret_post' })],
    ...(['RS256', 'ES256', 'EdDSA'] as const).map(
      (alg) => [`private_key_jwt with ${alg}`, async () => ({ clientId: `by-${alg}`, privateKey: await privateJwk(alg) })] as const,
    ),
  ];
  for (const [method, client] of clients)
    it(`S1.10 S1.11 is let in by ${method}`, async () => {
      const guard = guardAs(await client());
      const { kind, client: caller, scopes } = await guard(bearing(await newToken()));
      assert.deepEqual({ kind, caller, scopes }, { kind: 'service', caller: 'batch', scopes: ['orders:read'] });
      await assert.rejects(guard(bearing('unknown')), { code: 'token_invalid' });
    });

  it('S1.9 refuses a token that was revoked', async () => {
    const guard = guardAs({ clientId: 'by-basic', clientSecret: secret, maxAgeSeconds: 0 });
    const token = await newToken();
    assert.ok(await guard(bearing(token)));
    const basic = btoa(`batch:${new URLSearchParams({ '': secret }).toString().slice(1)}`);
    const revoked = await fetch(`${foreign.issuer}/token/revocation`, {
      method: 'POST',
      headers: { authorization: `Basic ${basic}` },
      body: new URLSearchParams({ token }),
    });
    assert.equal(revoked.status, 200);
    await assert.rejects(guard(bearing(token)), { code: 'token_invalid', message: /not active/ });
  });

  it('B1.6 with a wrong secret or key is told that its configuration is wrong', async () => {
    const token = await newToken();
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const strange = { ...(await exportJWK(privateKey)), kid: 'key-ES256' };
    for (const client of [
      { clientId: 'by-basic', clientSecret: 'wrong' },
      { clientId: 'by-ES256', privateKey: strange },
    ])
      await assert.rejects(guardAs(client)(bearing(token)), { code: 'introspection_refused', status: 503, message: /401 invalid_client/ });
  });
});

describe('what proves an API at its provider', () => {
  let provider: AskedProvider;
  before(async () => {
    provider = await startAskedProvider();
    provider.known.set('pat', active(provider));
  });
  after(() => provider.stop());

  for (const alg of ['RS256', 'ES256', 'ES384', 'EdDSA'] as const)
    it(`is an assertion of ${alg} for this provider alone, made anew for each question`, async () => {
      provider.questions.length = 0;
      const introspection = { clientId: 'orders-api', privateKey: await privateJwk(alg), maxAgeSeconds: 0 };
      const guard = askingGuard(provider, { introspection });
      await guard(bearing('pat'));
      await guard(bearing('pat'));
      const assertions = provider.questions.map(({ form }) => form.get('client_assertion') ?? '');
      assert.notEqual(assertions[0], assertions[1]);
      for (const assertion of assertions) {
        const { payload, protectedHeader } = await jwtVerify(assertion, pairs[alg].publicKey, { audience: provider.issuer });
        const { iss, sub, aud, jti, iat = 0, exp = 0 } = payload;
        assert.deepEqual({ iss, sub, aud }, { iss: 'orders-api', sub: 'orders-api', aud: provider.issuer });
        assert.deepEqual(protectedHeader, { alg, kid: `key-${alg}` });
        assert.ok(String(jti).length >= 16 && exp - iat <= 60);
      }
      const [question] = provider.questions;
      assert.equal(question?.form.get('client_id'), 'orders-api');
      assert.equal(question?.headers.authorization, undefined);
    });

  it('is a secret in the body where the provider takes no Basic', async () => {
    provider.questions.length = 0;
    provider.metadata = (honest) => ({
      ...honest,
      introspection_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt'],
    });
    await askingGuard(provider, { introspection: { clientId: 'orders-api', clientSecret: secret } })(bearing('pat'));
    provider.metadata = (honest) => honest;
    const [question] = provider.questions;
    assert.equal(question?.form.get('client_secret'), secret);
    assert.equal(question?.headers.authorization, undefined);
  });

  it('stands in no message about a key that cannot be used', async () => {
    const { d } = await privateJwk('ES256');
    const broken = { ...(await privateJwk('ES256')), x: 'AAAA' };
    assert.throws(
      () => askingGuard(provider, { introspection: { clientId: 'c', privateKey: broken } }),
      (error: Error) => error instanceof TypeError && !error.message.includes(String(d)) && error.cause === undefined,
    );
  });
});
