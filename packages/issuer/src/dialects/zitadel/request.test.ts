import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WireRequest } from '../dialect.ts';
import { zitadel } from '../zitadel.ts';
import { readAsked } from './scopes.ts';
import { api, known, origin, place, stock, urn, web } from './zitadel.fixtures.test.ts';

const wire = (route: WireRequest['route'], parameters: Record<string, string>, clientId = parameters.client_id): WireRequest => ({
  route,
  method: route === 'authorization' ? 'GET' : 'POST',
  path: String(place.routes[route]),
  parameters: new URLSearchParams(parameters),
  query: new URLSearchParams(),
  header: () => undefined,
  clientId,
  place,
});
async function translate(...args: Parameters<typeof wire>) {
  const said = (await zitadel.request?.(wire(...args), known)) ?? {};
  return { ...said, sent: Object.fromEntries(said.parameters ?? []), noted: readAsked(said.asked ?? '') };
}
const authorize = (scope: string, more: Record<string, string> = {}) => translate('authorization', { client_id: web.id, scope, ...more });
const jwt = (claims: object): string => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;

describe('an authorization request', () => {
  it('keeps reserved scopes out of the engine and notes them', async () => {
    const { sent, noted } = await authorize(`openid profile ${urn}:user:metadata ${urn}:org:projects:roles ${urn}:org:project:role:admin`);
    assert.equal(sent.scope, 'openid profile');
    assert.deepEqual(noted.scopes, [`${urn}:user:metadata`, `${urn}:org:projects:roles`, `${urn}:org:project:role:admin`]);
  });

  it('leaves what only looks like a reserved scope to be dropped', async () => {
    const { sent, noted } = await authorize(`openid ${urn}:org:project:role: ${urn}:everything`);
    assert.equal(sent.scope, `openid ${urn}:org:project:role: ${urn}:everything`);
    assert.deepEqual(noted.scopes, []);
  });

  it('means openid when nothing that it asks for is known here', async () => {
    for (const scope of ['', 'foo:bar', `${urn}:user:metadata`, 'offline_access'])
      for (const route of ['authorization', 'deviceAuthorization'] as const) {
        const { sent } = await translate(route, { client_id: web.id, scope });
        assert.ok(String(sent.scope).split(' ').includes('openid'), `${route} ${scope}`);
      }
    assert.equal((await translate('authorization', { client_id: web.id })).sent.scope, 'openid');
    assert.equal((await authorize('email')).sent.scope, 'email');
    assert.equal((await authorize('orders:read')).sent.scope, 'orders:read');
    assert.equal((await authorize('orders:read', { resource: stock.resource })).sent.scope, 'openid orders:read');
  });

  it('is for the API of its own project when it names none', async () => {
    assert.equal((await authorize('openid')).sent.resource, api.resource);
  });

  it('is for the API of the project that it names', async () => {
    const { sent, noted } = await authorize(`openid ${urn}:org:project:id:depot:aud`);
    assert.equal(sent.resource, stock.resource);
    assert.deepEqual(noted.projects, { depot: stock.resource });
  });

  it('is never for a project whose APIs the application may not call', async () => {
    const { sent, noted } = await authorize(`openid ${urn}:org:project:id:vault:aud ${urn}:org:project:id:nowhere:aud`);
    assert.equal(sent.resource, api.resource);
    assert.deepEqual(noted, { scopes: [], projects: {} });
  });

  it('keeps a resource that it names itself', async () => {
    assert.equal((await authorize('openid', { resource: stock.resource })).sent.resource, stock.resource);
  });

  it('demands an organization and a way to sign in', async () => {
    const said = await authorize(`openid ${urn}:org:id:acme ${urn}:org:idp:id:google`);
    assert.deepEqual([said.organization, said.connection], ['acme', 'google']);
    assert.equal((await authorize('openid')).organization, undefined);
  });

  it('demands an organization by its primary domain, told or declared, in letters of either case', async () => {
    const by = async (...scopes: string[]) => (await authorize(['openid', ...scopes].join(' '))).organization;
    const domain = `${urn}:org:domain:primary:`;
    assert.equal(await by(`${domain}acme.example`), 'acme');
    assert.equal(await by(`${domain}ACME.Example`), 'acme');
    assert.equal(await by(`${domain}globex.localhost`), 'globex');
    assert.equal(await by(`${urn}:org:id:acme`, `${domain}acme.example`), 'acme');
  });

  it('finds no organization by a name, another spelling of an id, or two that differ', async () => {
    const [id, domain] = [`${urn}:org:id:`, `${urn}:org:domain:primary:`];
    for (const scopes of [
      // The name of an organization, which its administrator can change.
      `${domain}acme.test`,
      `${id}acme.test`,
      `${id}ACME`,
      `${id}acme.example`,
      `${id}00000000-0000-8000-8000-000000000001`,
      // Another has this domain.
      `${domain}acme.localhost`,
      `${id}nobody`,
      `${id}acme ${id}globex`,
      `${id}globex ${domain}acme.example`,
    ])
      assert.equal((await authorize(`openid ${scopes}`)).organization, '', scopes);
  });

  it('is not refused for a mode that Zitadel would pass over', async () => {
    assert.equal((await authorize('openid', { response_mode: 'pigeon' })).sent.response_mode, undefined);
    assert.equal((await authorize('openid', { response_mode: 'form_post' })).sent.response_mode, 'form_post');
    assert.equal(zitadel.policy.ignoresHints, true);
  });

  it('shows the page to sign in for prompts that the engine does not have', async () => {
    assert.equal((await authorize('openid', { prompt: 'select_account login' })).sent.prompt, 'login');
    assert.equal((await authorize('openid', { prompt: 'create' })).sent.prompt, undefined);
    assert.equal((await authorize('openid', { prompt: 'none' })).sent.prompt, 'none');
  });

  it('leaves an application that nobody knows and a repeated scope for the engine to refuse', async () => {
    assert.equal((await translate('authorization', { client_id: 'nobody', scope: 'openid' })).sent.resource, undefined);
    const twice = wire('authorization', { client_id: web.id });
    for (const scope of ['openid', 'email']) twice.parameters.append('scope', scope);
    const said = await zitadel.request?.(twice, known);
    assert.deepEqual(said?.parameters?.getAll('scope'), ['openid', 'email']);
  });

  it('never notes more than a grant can hold', async () => {
    const many = Array.from({ length: 60 }, (_, index) => `${urn}:org:project:role:${'x'.repeat(60)}${index}`);
    const { asked = '', noted } = await authorize(['openid', ...many].join(' '));
    assert.ok(asked.length <= 2_000 && noted.scopes.length > 10, `${asked.length}`);
    assert.deepEqual(noted.scopes, many.slice(0, noted.scopes.length));
  });
});

describe('a request of a program', () => {
  it('asks for itself by a key alone: the JWT profile', async () => {
    const assertion = jwt({ iss: 'ci-bot', sub: 'ci-bot', aud: [origin], iat: 1_767_225_600 });
    const { sent, noted } = await translate('token', {
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion,
      scope: `openid profile ${urn}:org:project:id:depot:aud`,
    });
    assert.deepEqual(sent, {
      grant_type: 'client_credentials',
      client_id: 'ci-bot',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
      resource: stock.resource,
    });
    assert.deepEqual(noted.scopes, ['openid', 'profile', `${urn}:org:project:id:depot:aud`]);
  });

  it('asks for itself with a secret, by Basic or in the body', async () => {
    const form = { grant_type: 'client_credentials', scope: 'openid offline_access orders:read' };
    for (const said of [await translate('token', form, 'ci-bot'), await translate('token', { ...form, client_id: 'ci-bot' })]) {
      assert.deepEqual([said.sent.scope, said.sent.resource, said.noted.scopes], ['orders:read', api.resource, ['openid']]);
    }
  });

  it('says of an assertion that is missing or undated what is wrong with it, in words about what was sent', async () => {
    const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
    const undated = jwt({ iss: 'ci-bot', sub: 'ci-bot', aud: [origin], exp: 1_767_225_600 });
    assert.deepEqual((await translate('token', { grant_type })).refused, {
      error: 'invalid_request',
      description: 'assertion is missing',
    });
    assert.equal((await translate('token', { grant_type, assertion: undated })).refused?.error, 'invalid_grant');
    const { refused } = await translate('introspection', { token: 't', client_assertion: undated });
    assert.deepEqual([refused?.error, refused?.status], ['invalid_client', 401]);
  });

  it('is told no organization but its own', async () => {
    const asked = async (...scopes: string[]) =>
      translate('token', { grant_type: 'client_credentials', scope: ['openid', ...scopes].join(' ') }, 'ci-bot');
    const own = [`${urn}:org:id:acme`, `${urn}:org:domain:primary:acme.example`];
    assert.deepEqual((await asked(...own)).noted.scopes, ['openid', ...own]);
    for (const scope of [`${urn}:org:id:globex`, `${urn}:org:domain:primary:globex.localhost`, `${urn}:org:id:nobody`]) {
      const { noted, organization } = await asked(scope);
      assert.deepEqual([noted.scopes, organization], [['openid'], undefined]);
    }
  });

  it('cannot ask for more reserved scopes when it refreshes, nor for everything by what nobody knows', async () => {
    const refresh = { grant_type: 'refresh_token', refresh_token: 'r', client_id: web.id };
    const said = await translate('token', { ...refresh, scope: `openid ${urn}:user:metadata` });
    assert.deepEqual([said.sent.scope, said.asked], ['openid', undefined]);
    for (const scope of [`${urn}:user:metadata`, 'unheard-of', `unheard-of ${urn}:user:metadata`])
      assert.equal((await translate('token', { ...refresh, scope })).sent.scope, 'openid');
    assert.ok(!('scope' in (await translate('token', { ...refresh, scope: '' })).sent));
  });

  it('signs people out unasked only when it says who it is', async () => {
    assert.deepEqual((await translate('endSession', { client_id: web.id })).lenient, ['unasked_logout']);
    assert.equal((await translate('endSession', { post_logout_redirect_uri: 'https://shop.example/' })).lenient, undefined);
  });
});
