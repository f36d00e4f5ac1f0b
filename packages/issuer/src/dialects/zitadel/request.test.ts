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
    assert.deepEqual(noted.scopes, [
      'openid',
      'profile',
      `${urn}:user:metadata`,
      `${urn}:org:projects:roles`,
      `${urn}:org:project:role:admin`,
    ]);
  });

  it('leaves what only looks like a reserved scope to be dropped', async () => {
    const { sent, noted } = await authorize(`openid ${urn}:org:project:role: ${urn}:everything`);
    assert.equal(sent.scope, `openid ${urn}:org:project:role: ${urn}:everything`);
    assert.deepEqual(noted.scopes, ['openid']);
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
    assert.deepEqual(noted, { scopes: ['openid'], projects: {} });
  });

  it('keeps a resource that it names itself', async () => {
    assert.equal((await authorize('openid', { resource: stock.resource })).sent.resource, stock.resource);
  });

  it('demands an organization and a way to sign in', async () => {
    const said = await authorize(`openid ${urn}:org:id:acme ${urn}:org:idp:id:google`);
    assert.deepEqual([said.organization, said.connection], ['acme', 'google']);
    assert.equal((await authorize(`openid ${urn}:org:domain:primary:acme.example`)).organization, 'acme.example');
    assert.equal((await authorize('openid')).organization, undefined);
  });

  it('is not refused for a mode or a hint that Zitadel would pass over', async () => {
    const { sent } = await authorize('openid', { response_mode: 'pigeon', id_token_hint: jwt({ iss: 'https://elsewhere.example' }) });
    assert.deepEqual([sent.response_mode, sent.id_token_hint], [undefined, undefined]);
    const own = jwt({ iss: origin });
    assert.equal((await authorize('openid', { id_token_hint: own, response_mode: 'form_post' })).sent.id_token_hint, own);
    assert.equal((await authorize('openid', { id_token_hint: 'not a token' })).sent.id_token_hint, undefined);
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
    assert.deepEqual(noted.scopes, ['openid', ...many].slice(0, noted.scopes.length));
  });
});

describe('a request of a program', () => {
  it('asks for itself by a key alone: the JWT profile', async () => {
    const assertion = jwt({ iss: 'ci-bot', sub: 'ci-bot', aud: [origin] });
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

  it('cannot ask for more reserved scopes when it refreshes', async () => {
    const said = await translate('token', { grant_type: 'refresh_token', refresh_token: 'r', scope: `openid ${urn}:user:metadata` });
    assert.deepEqual([said.sent.scope, said.asked], ['openid', undefined]);
    const only = await translate('token', { grant_type: 'refresh_token', refresh_token: 'r', scope: `${urn}:user:metadata` });
    assert.ok(!('scope' in only.sent));
  });

  it('signs people out unasked only when it says who it is', async () => {
    assert.deepEqual((await translate('endSession', { client_id: web.id })).lenient, ['unasked_logout']);
    assert.equal((await translate('endSession', { post_logout_redirect_uri: 'https://shop.example/' })).lenient, undefined);
  });
});
