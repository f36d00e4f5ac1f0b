/** Requests in Auth0's words, as tables. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { auth0 } from '../auth0.ts';
import type { TranslatedRequest } from '../dialect.ts';
import type { RouteName } from '../facts.ts';
import { known, ORIGIN, orders, place } from './facts.fixtures.test.ts';

interface Sent {
  readonly route: RouteName;
  readonly path?: string;
  /** Who the header says to ask. Default: what `client_id` says. */
  readonly clientId?: string;
}

async function translate(
  parameters: Readonly<Record<string, string>>,
  { route, path = '/', clientId = parameters.client_id }: Sent,
): Promise<TranslatedRequest> {
  const given = new URLSearchParams(parameters);
  const request = { route, method: 'GET', path, parameters: given, query: new URLSearchParams(), place, clientId };
  return (await auth0.request?.({ ...request, header: () => undefined }, known)) ?? {};
}

async function parametersOf(given: Readonly<Record<string, string>>, sent: Sent): Promise<Record<string, string>> {
  const { parameters } = await translate(given, sent);
  return Object.fromEntries(parameters ?? new URLSearchParams(given));
}

describe('authorization requests in Auth0’s words', () => {
  const route = 'authorization';

  for (const [what, given, expected] of [
    ['audience by identifier', { audience: orders.resource, scope: 'openid' }, { resource: orders.resource, scope: 'openid' }],
    ['audience by client_id', { audience: 'orders-api', scope: 'openid' }, { resource: orders.resource, scope: 'openid' }],
    [
      'an audience that nobody has',
      { audience: 'https://x.example/', scope: 'openid' },
      { resource: 'https://x.example/', scope: 'openid' },
    ],
    ['an audience that is no address', { audience: 'nope', scope: 'openid' }, { resource: 'urn:safeconduct:no-audience', scope: 'openid' }],
    ['the audience of userinfo', { audience: `${ORIGIN}/userinfo`, scope: 'openid' }, { scope: 'openid' }],
    ['an empty audience', { audience: '', scope: 'openid' }, { scope: 'openid' }],
    ['no scope', {}, { scope: 'openid profile email' }],
    ['prompt=select_account', { scope: 'openid', prompt: 'select_account' }, { scope: 'openid', prompt: 'login' }],
    ['prompt=none', { scope: 'openid', prompt: 'none' }, { scope: 'openid', prompt: 'none' }],
    ['a prompt that nobody knows', { scope: 'openid', prompt: 'smile' }, { scope: 'openid' }],
  ] as const)
    it(`understands ${what}`, async () => {
      assert.deepEqual(await parametersOf(given, { route }), expected);
    });

  it('S2.2 keeps what it does not know for the engine to ignore, and a pushed request as it is', async () => {
    const given = { client_id: 'web', scope: 'openid', access_type: 'offline', grant_type: 'authorization_code', prompt: 'consent' };
    assert.deepEqual(await parametersOf(given, { route }), given);
    const pushed = { client_id: 'web', request_uri: 'urn:ietf:params:oauth:request_uri:x', audience: 'x' };
    assert.deepEqual(await parametersOf(pushed, { route }), pushed);
  });

  it('names the one way in that connection asks for', async () => {
    assert.equal((await translate({ connection: 'github', scope: 'openid' }, { route })).connection, 'github');
  });

  it('remembers the organization and the permissions that were asked for', async () => {
    const { asked = '', organization } = await translate(
      { organization: 'Acme', scope: 'openid read:reports', audience: orders.id },
      { route },
    );
    assert.equal(organization, 'org_acme');
    assert.deepEqual(JSON.parse(asked), { o: 'org_acme', n: 'acme', s: 'read:reports' });
    const long = await translate({ scope: `openid ${'y'.repeat(4_000)}` }, { route });
    assert.ok((long.asked ?? '').length <= 2_000);
  });

  for (const [organization, id, name] of [
    ['org_acme', 'org_acme', 'acme'],
    ['org_other', 'org_other', 'org_acme'],
    ['ACME', 'org_acme', 'acme'],
    [' acme.example', 'org_acme', 'acme.example'],
    ['0190AA00-0000-7000-8000-0000000000AA', 'org_acme', '0190aa00-0000-7000-8000-0000000000aa'],
    ['twin.example', 'org_twin', 'twin.example'],
    ['twin', '', undefined],
    ['org_nothing', '', undefined],
  ] as const)
    it(`finds ${id || 'no organization'} by “${organization}”`, async () => {
      const { asked, organization: found } = await translate({ organization, scope: 'openid' }, { route });
      assert.deepEqual([found, asked && JSON.parse(asked).n], [id, name]);
    });
});

describe('token requests in Auth0’s words', () => {
  const route = 'token';

  it('gives a program every scope that it may have, of the API that it names', async () => {
    const asked = { grant_type: 'client_credentials', client_id: 'web', audience: orders.resource };
    assert.deepEqual(await parametersOf(asked, { route }), {
      grant_type: 'client_credentials',
      client_id: 'web',
      resource: orders.resource,
      scope: 'read:orders',
    });
    const { scope } = await parametersOf({ grant_type: 'client_credentials', audience: orders.id }, { route, clientId: 'web' });
    assert.equal(scope, 'read:orders');
  });

  it('wants an audience from a program, unless the application has a default', async () => {
    const { refused } = await translate({ grant_type: 'client_credentials', client_id: 'web' }, { route });
    assert.deepEqual([refused?.status, refused?.error], [403, 'access_denied']);
    assert.match(refused?.description ?? '', /No audience/);
    const fallback = await parametersOf({ grant_type: 'client_credentials', client_id: 'with-default' }, { route });
    assert.equal(fallback.resource, undefined);
    assert.equal(fallback.scope, 'read:orders');
  });

  it('lets a program act for its own organization only', async () => {
    const asked = { grant_type: 'client_credentials', client_id: 'web', audience: orders.id };
    for (const organization of ['org_acme', 'Acme', 'acme.example'])
      assert.equal((await parametersOf({ ...asked, organization }, { route })).resource, orders.resource, organization);
    for (const organization of ['org_other', 'org_nothing']) {
      const { refused } = await translate({ ...asked, organization }, { route });
      assert.deepEqual([refused?.status, refused?.error], [403, 'access_denied'], organization);
    }
  });

  it('means a token for no API where a refresh names the audience of userinfo', async () => {
    const refresh = { grant_type: 'refresh_token', scope: 'openid' };
    assert.equal((await translate({ ...refresh, audience: `${ORIGIN}/userinfo` }, { route })).withoutApi, true);
    for (const audience of ['', orders.id]) assert.equal((await translate({ ...refresh, audience }, { route })).withoutApi, undefined);
  });

  it('wants a token where one is to be revoked', async () => {
    const { refused } = await translate({ client_id: 'web' }, { route: 'revocation' });
    assert.equal(refused?.error, 'invalid_request');
    assert.deepEqual(await translate({ client_id: 'web', token: 'x' }, { route: 'revocation' }), {});
  });

  it('reads audience with a refresh token, and not with a code, which knows what it is for', async () => {
    assert.equal((await parametersOf({ grant_type: 'refresh_token', audience: orders.id }, { route })).resource, orders.resource);
    assert.deepEqual(await parametersOf({ grant_type: 'authorization_code', audience: orders.id }, { route }), {
      grant_type: 'authorization_code',
    });
  });

  it('reads the exchange of RFC 8693 as a request on somebody’s behalf, and takes access tokens only', async () => {
    const type = 'urn:ietf:params:oauth:token-type:access_token';
    const exchange = { grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', subject_token: 'the token', audience: orders.id };
    assert.deepEqual(await parametersOf({ ...exchange, subject_token_type: type }, { route }), {
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      requested_token_use: 'on_behalf_of',
      assertion: 'the token',
      resource: orders.resource,
    });
    const { refused } = await translate({ ...exchange, subject_token_type: 'urn:acme:legacy-token' }, { route });
    assert.equal(refused?.error, 'invalid_request');
    const ours = { ...exchange, connection: 'github' };
    assert.deepEqual(await parametersOf(ours, { route }), ours);
  });

  it('leaves the vault’s exchange as it is', async () => {
    const exchange = {
      grant_type: 'urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token',
      connection: 'github',
    };
    assert.deepEqual(await parametersOf(exchange, { route }), exchange);
  });
});

describe('signing out in Auth0’s words', () => {
  const sent = { route: 'endSession', path: '/v2/logout' } as const;

  it('S2.10 goes where returnTo says, for the application that it names, and asks nobody', async () => {
    const given = { returnTo: 'https://app.example/bye', client_id: 'web' };
    const { parameters, lenient } = await translate(given, sent);
    assert.deepEqual(lenient, ['unasked_logout']);
    assert.deepEqual(Object.fromEntries(parameters ?? []), { client_id: 'web', post_logout_redirect_uri: given.returnTo });
  });

  it('goes to the first registered address without returnTo, and nowhere without an application', async () => {
    assert.equal((await parametersOf({ client_id: 'web' }, sent)).post_logout_redirect_uri, 'https://app.example/bye');
    assert.equal((await parametersOf({ returnTo: 'https://app.example/bye' }, sent)).client_id, 'web', 'whose address it is');
    assert.deepEqual(await parametersOf({ returnTo: 'https://elsewhere.example/' }, sent), {});
  });

  it('leaves the standard way out as it is', async () => {
    assert.deepEqual(await translate({ id_token_hint: 'x' }, { route: 'endSession', path: '/oidc/logout' }), {});
  });
});
