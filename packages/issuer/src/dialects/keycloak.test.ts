/** Keycloak's words on their way in, as tables: realms, requests, refresh tokens. */
import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import type { AnswerFacts } from './dialect.ts';
import type { RouteName } from './facts.ts';
import { acme, ada, answerFacts, known, orders, place, stock } from './keycloak.fixtures.test.ts';
import { keycloak } from './keycloak.ts';
import { dialectOf, mountable } from './table.ts';

interface Sent {
  readonly route: RouteName;
  readonly method?: string;
  readonly authorization?: string;
  readonly clientId?: string;
}

async function translate(
  given: Readonly<Record<string, string>> | URLSearchParams,
  { route, method = 'POST', authorization, clientId }: Sent,
) {
  const header = (name: string): string | undefined => (name === 'authorization' ? authorization : undefined);
  const parametersGiven = new URLSearchParams(given);
  const wire = {
    route,
    method,
    path: '/',
    parameters: parametersGiven,
    clientId: clientId ?? parametersGiven.get('client_id') ?? undefined,
    query: new URLSearchParams(),
    place,
    header,
  };
  const { parameters, ...rest } = (await keycloak.request?.(wire, known)) ?? {};
  return { ...rest, parameters: parameters?.toString(), get: (name: string) => parameters?.get(name) ?? undefined };
}

const refreshOf = (of: AnswerFacts = answerFacts()): string =>
  String(keycloak.answer?.({ route: 'token', status: 200, body: { refresh_token: 'sc_rt_1' }, headers: {} }, of).body.refresh_token);
const payloadOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
const published = createPublicKey(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey);
const page = async (path: string) =>
  keycloak.document?.(path, place, new URLSearchParams(), {
    method: 'GET',
    keys: async () => [{ ...published.export({ format: 'jwk' }) }],
  });

describe('realms', () => {
  it('is in the table of dialects and can stand beside another one', () => {
    assert.equal(dialectOf('keycloak'), keycloak);
    assert.equal(mountable('keycloak'), true);
  });

  it('is an issuer below /realms/, without a slash at its end', () => {
    assert.equal(place.issuer, 'https://id.example/realms/acme');
    assert.equal(place.routes.token, '/realms/acme/protocol/openid-connect/token');
    assert.equal(place.routes.discovery[0], '/realms/acme/.well-known/openid-configuration');
  });

  for (const [path, name] of [
    ['/realms/acme', 'acme'],
    ['/realms/acme/protocol/openid-connect/auth', 'acme'],
    ['/realms/a%20b/x', 'a b'],
    ['/realms/%E0/x', undefined],
    ['/realms/', undefined],
    ['/auth/realms/acme', undefined],
    ['/', undefined],
  ] as const) {
    it(`finds ${name ?? 'no realm'} in ${path}`, () => assert.equal(keycloak.tenancy?.nameIn(path), name));
  }

  it('writes the id where another name of the organization stood', () => {
    assert.equal(keycloak.tenancy?.withTenant('/realms/acme.example/protocol', acme), '/realms/acme/protocol');
  });

  it('tells of the realm at its root, and of nothing elsewhere', async () => {
    assert.deepEqual(JSON.parse((await page('/realms/acme'))?.body ?? ''), {
      realm: 'acme',
      public_key: published.export({ type: 'spki', format: 'der' }).toString('base64'),
      'token-service': 'https://id.example/realms/acme/protocol/openid-connect',
      'tokens-not-before': 0,
    });
    assert.equal(await page('/realms/acme/account'), undefined);
  });

  it('lets a frame run its one script and nothing else', async () => {
    for (const path of ['login-status-iframe.html', '3p-cookies/step1.html']) {
      const { headers, body } = (await page(`/realms/acme/protocol/openid-connect/${path}`)) ?? {};
      assert.match(headers?.['content-security-policy'] ?? '', /^default-src 'none'; script-src 'sha256-[\w+/=]+';/);
      assert.match(body ?? '', /<script>[^<]*postMessage/);
    }
  });
});

describe('requests', () => {
  it('adds the scopes that every sign-in has', async () => {
    const { get, asked } = await translate({ client_id: 'spa', scope: 'openid' }, { route: 'authorization' });
    assert.equal(get('scope'), 'openid profile email offline_access');
    assert.equal(asked, 'openid');
  });

  it('adds none that the application may not have', async () => {
    assert.equal((await translate({ client_id: 'modest', scope: 'openid' }, { route: 'authorization' })).get('scope'), 'openid');
    assert.equal((await translate({ client_id: 'spa' }, { route: 'authorization' })).get('scope'), 'profile email offline_access');
  });

  it("takes the realm's own scopes out and leaves unknown ones for a refusal", async () => {
    const { get, asked } = await translate(
      { client_id: 'modest', scope: 'openid roles organization nonsense' },
      { route: 'authorization' },
    );
    assert.equal(get('scope'), 'openid nonsense');
    assert.equal(asked, 'openid roles organization nonsense');
  });

  for (const [what, given, resource] of [
    ['the API that has the scope', { client_id: 'spa', scope: 'openid stock:read' }, stock.resource],
    ["the application's own choice by leaving it alone", { client_id: 'choosing', scope: 'openid' }, undefined],
    ['a scope over that choice', { client_id: 'choosing', scope: 'openid orders:read' }, orders.resource],
    ['what is named (RFC 8707)', { client_id: 'spa', scope: 'stock:read', resource: orders.resource }, orders.resource],
    ['none where the application has none', { client_id: 'modest', scope: 'openid' }, undefined],
  ] as const) {
    it(`takes ${what}`, async () => assert.equal((await translate(given, { route: 'deviceAuthorization' })).get('resource'), resource));
  }

  it('knows an application that proves itself elsewhere, and drops what people have from its own scopes', async () => {
    const own = { grant_type: 'client_credentials', scope: 'openid profile stock:read' };
    const { get } = await translate(own, { route: 'token', clientId: 'spa' });
    assert.equal(get('scope'), 'stock:read');
    assert.equal(get('resource'), stock.resource);
  });

  it('takes the header where a client proves itself twice', async () => {
    const given = { token: 'x', client_secret: 'y' };
    assert.equal((await translate(given, { route: 'introspection', authorization: 'Basic c3BhOnk=' })).get('client_secret'), undefined);
    assert.equal((await translate(given, { route: 'introspection' })).get('client_secret'), 'y');
  });

  it('leaves what is repeated, and what was pushed, as it is', async () => {
    const twice = 'client_id=spa&scope=openid&scope=roles';
    assert.equal((await translate(new URLSearchParams(twice), { route: 'authorization' })).parameters, twice);
    const pushed = 'client_id=spa&request_uri=urn%3Ax';
    assert.equal((await translate(new URLSearchParams(pushed), { route: 'authorization' })).parameters, pushed);
  });

  it('ends a sign-in where a program signs out with its refresh token, and asks nothing else of a browser', async () => {
    const out = await translate({ client_id: 'spa', refresh_token: refreshOf() }, { route: 'endSession' });
    assert.deepEqual([out.route, out.get('token')], ['revocation', 'sc_rt_1']);
    assert.equal((await translate({ client_id: 'spa', id_token_hint: 'x' }, { route: 'endSession' })).route, undefined);
    for (const given of [
      { client_id: 'modest', refresh_token: refreshOf() },
      { client_id: 'spa', refresh_token: 'zz' },
    ]) {
      const { route, refused } = await translate(given, { route: 'endSession' });
      assert.deepEqual([route, refused], [undefined, { error: 'invalid_grant', description: 'Invalid refresh token' }]);
    }
    const facts = answerFacts({ refresh_token: refreshOf() });
    const answered = keycloak.answer?.({ route: 'revocation', status: 200, body: {}, headers: {} }, facts);
    assert.equal(answered?.status, 204);
  });

  it('sends people to the provider that is hinted at', async () => {
    const { connection } = await translate({ client_id: 'spa', scope: 'openid', kc_idp_hint: 'google' }, { route: 'authorization' });
    assert.equal(connection, 'google');
  });
});

describe('refresh tokens', () => {
  it('are read as JWTs and come back as they were', async () => {
    const token = refreshOf();
    assert.deepEqual(payloadOf(token), {
      iss: place.issuer,
      aud: place.issuer,
      sub: ada.uuid,
      typ: 'Refresh',
      azp: 'spa',
      scope: 'openid profile email',
      sid: 'session-1',
    });
    for (const route of ['token', 'revocation', 'introspection'] as const) {
      const name = route === 'token' ? 'refresh_token' : 'token';
      assert.equal((await translate({ [name]: token }, { route })).get(name), 'sc_rt_1');
    }
  });

  it('are Offline where the client asked for that', () => {
    assert.equal(payloadOf(refreshOf({ ...answerFacts(), asked: 'offline_access' })).typ, 'Offline');
  });

  it('leaves JWTs of others alone', async () => {
    assert.equal((await translate({ token: 'a.b.sc_rt_1' }, { route: 'revocation' })).get('token'), 'a.b.sc_rt_1');
  });
});
