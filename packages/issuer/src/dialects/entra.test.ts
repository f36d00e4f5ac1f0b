import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AnswerFacts } from './dialect.ts';
import { noted } from './entra/asked.ts';
import { ada, billing, contoso, facts, ORIGIN, orders } from './entra/facts.fixtures.test.ts';
import { entra } from './entra.ts';
import type { RouteName } from './facts.ts';

const { tenancy } = entra;
const here = entra.place(ORIGIN, contoso);
const forAll = entra.place(ORIGIN, undefined, 'organizations');
const tenant = `/${contoso.uuid}`;

describe('paths', () => {
  for (const [path, name] of [
    [`${tenant}/oauth2/v2.0/authorize`, contoso.uuid],
    [`${tenant.toUpperCase()}/oauth2/authorize`, contoso.uuid],
    ['/contoso.example/v2.0/.well-known/openid-configuration', 'contoso.example'],
    ['/Common/oauth2/v2.0/token', 'common'],
    ['/organizations/discovery/v2.0/keys', 'organizations'],
    ['/contoso/oauth2/v2.0/authorize/interaction', 'contoso'],
    ['/oidc/userinfo', 'common'],
    ['/common/discovery/instance', 'common'],
    ['/.well-known/openid-configuration', undefined],
    ['/oauth2/token', undefined],
    ['/oauth/v2/token', undefined],
    ['/oauth/token', undefined],
    ['/realms/shop/.well-known/openid-configuration', undefined],
    ['/%zz/oauth2/v2.0/token', undefined],
  ] as const) {
    it(`${path} is ${name === undefined ? 'none of this dialect' : `one of ${name}`}`, () => {
      assert.equal(tenancy?.nameIn(path), name);
    });
  }

  it('are written with the id of the tenant', () => {
    assert.equal(tenancy?.withTenant('/contoso.example/oauth2/token', contoso), `${tenant}/oauth2/token`);
    assert.equal(tenancy?.withTenant('/oidc/userinfo', contoso), `${tenant}/oidc/userinfo`);
  });

  it('of both versions are served by the same endpoints', () => {
    assert.equal(here.routes.token, `${tenant}/oauth2/v2.0/token`);
    assert.equal(here.aliases?.[`${tenant}/oauth2/token`], 'token');
    assert.equal(here.aliases?.[`${tenant}/openid/userinfo`], 'userinfo');
  });

  it('have no /token before that of the token endpoint, which MSAL makes the device endpoint of', () => {
    assert.equal(here.routes.token.replace('/token', '/devicecode'), here.routes.deviceAuthorization);
  });
});

const configuration = (place = here) =>
  entra.discovery(
    { code_challenge_methods_supported: ['S256'], issuer: 'x', grant_types_supported: [] },
    (path) => `${ORIGIN}${path}`,
    place,
  );

describe('the configuration', () => {
  it('S3.2 leads to keys below discovery/v2.0/keys', () => {
    assert.equal(configuration().jwks_uri, `${ORIGIN}${tenant}/discovery/v2.0/keys`);
    assert.equal(configuration().issuer, `${ORIGIN}${tenant}/v2.0`);
  });

  it('has all the fields that the vendor has', () => {
    const fields = `token_endpoint token_endpoint_auth_methods_supported jwks_uri response_modes_supported subject_types_supported
      id_token_signing_alg_values_supported response_types_supported scopes_supported issuer request_uri_parameter_supported
      userinfo_endpoint authorization_endpoint device_authorization_endpoint http_logout_supported frontchannel_logout_supported
      end_session_endpoint claims_supported kerberos_endpoint tenant_region_scope cloud_instance_name cloud_graph_host_name
      msgraph_host rbac_url`;
    const document = configuration();
    assert.deepEqual(
      fields.split(/\s+/).filter((field) => !(field in document)),
      [],
    );
    assert.deepEqual(document.id_token_signing_alg_values_supported, ['RS256']);
  });

  it('names a template for the issuer where all tenants sign in, and codes alone', () => {
    const document = configuration(forAll);
    assert.equal(document.issuer, `${ORIGIN}/{tenantid}/v2.0`);
    assert.equal(document.authorization_endpoint, `${ORIGIN}/organizations/oauth2/v2.0/authorize`);
    assert.deepEqual(document.response_types_supported, ['code']);
  });

  it('may be kept for a day and read from any page', () => {
    const { headers } = answered('discovery', 200, {});
    assert.equal(headers?.['cache-control'], 'max-age=86400, private');
    assert.equal(headers?.['access-control-allow-origin'], '*');
  });
});

const document = async (path: string, place = here, query = '', method = 'GET') =>
  entra.document?.(path, place, new URLSearchParams(query), { method, keys: async () => [] });

describe('fixed documents', () => {
  it('has the configuration of version 1', async () => {
    const found = await document(`${tenant}/.well-known/openid-configuration`);
    const body = JSON.parse(found?.body ?? '');
    assert.equal(body.issuer, `${ORIGIN}${tenant}/`);
    assert.equal(body.token_endpoint, `${ORIGIN}${tenant}/oauth2/token`);
    assert.equal(body.microsoft_multi_refresh_token, true);
  });

  it('vouches for its own origin, and for no other', async () => {
    const common = entra.place(ORIGIN, undefined, 'common');
    const asked = (endpoint: string) =>
      document('/common/discovery/instance', common, `api-version=1.1&authorization_endpoint=${encodeURIComponent(endpoint)}`);
    const own = await asked(`${ORIGIN}/contoso.example/oauth2/v2.0/authorize`);
    const { tenant_discovery_endpoint, metadata } = JSON.parse(own?.body ?? '');
    assert.equal(tenant_discovery_endpoint, `${ORIGIN}/contoso.example/v2.0/.well-known/openid-configuration`);
    assert.deepEqual(metadata[0].aliases, ['id.example:8443']);
    const other = await asked('https://evil.example/common/oauth2/v2.0/authorize');
    assert.deepEqual([other?.status, JSON.parse(other?.body ?? '').error], [400, 'invalid_instance']);
  });

  it('has a page where embedded browsers end, with nothing in it to run', async () => {
    const page = await document(`${tenant}/oauth2/nativeclient`);
    assert.match(page?.headers['content-security-policy'] ?? '', /default-src 'none'/);
  });

  it('lets pages ask with headers of their own', async () => {
    const common = entra.place(ORIGIN, undefined, 'common');
    for (const [path, place] of [
      [`${tenant}/.well-known/openid-configuration`, here],
      ['/common/discovery/instance', common],
    ] as const) {
      const preflight = await document(path, place, '', 'OPTIONS');
      assert.deepEqual([preflight?.status, preflight?.headers['access-control-allow-headers']], [204, '*'], path);
    }
    assert.equal(await document(`${tenant}/oauth2/v2.0/token`, here, '', 'OPTIONS'), undefined);
  });

  it('numbers a tenant that nobody has', () => {
    const answer = tenancy?.nobody?.('nope');
    const { error, error_codes, error_description } = JSON.parse(answer?.body ?? '');
    assert.deepEqual([answer?.status, error, error_codes], [400, 'invalid_tenant', [90002]]);
    assert.match(error_description, /^AADSTS90002: Tenant 'nope' not found/);
  });

  it('has no other, and answers no other method', async () => {
    assert.equal(await document(`${tenant}/oauth2/v2.0/token`), undefined);
    assert.equal(await document(`${tenant}/.well-known/openid-configuration`, here, '', 'POST'), undefined);
  });
});

function answered(route: RouteName, status: number, body: Record<string, unknown>, given: Partial<AnswerFacts> = {}) {
  const answer = entra.answer?.({ route, status, body, headers: {} }, facts(given));
  assert.ok(answer);
  return answer;
}

const asked = (forms: Record<string, string>, whole: readonly string[] = []) => noted({ forms, whole }) ?? '';
const tokens = { access_token: 'a', token_type: 'Bearer', expires_in: 600, scope: 'orders.read', id_token: 'i', refresh_token: 'r' };

describe('a token answer', () => {
  it('gives scopes back as they were asked for', () => {
    const { body } = answered('token', 200, tokens, { asked: asked({ [orders.resource]: 'api://orders-api' }) });
    assert.deepEqual(body, { ...tokens, scope: 'api://orders-api/orders.read', ext_expires_in: 600 });
  });

  it('names the API by itself when the request did not', () => {
    assert.equal(answered('token', 200, tokens).body.scope, 'https://orders.example/orders.read');
  });

  it('gives /.default back', () => {
    const { body } = answered('token', 200, tokens, { asked: asked({ [orders.resource]: 'orders-api' }, [orders.resource]) });
    assert.equal(body.scope, 'orders-api/orders.read orders-api/.default');
  });

  it('has client_info for who asks for it', () => {
    const { body } = answered('token', 200, tokens, { parameters: new URLSearchParams({ client_info: '1' }) });
    assert.deepEqual(JSON.parse(Buffer.from(String(body.client_info), 'base64url').toString()), { uid: ada.uuid, utid: contoso.uuid });
    assert.equal('client_info' in answered('token', 200, tokens).body, false);
  });

  it('says no scope to a program that acts for itself', () => {
    const { body } = answered('token', 200, tokens, { grantType: 'client_credentials', account: undefined, api: billing });
    assert.equal('scope' in body, false);
  });
});

it('tells a device what to show, in a sentence', () => {
  const given = { user_code: 'ABCD', verification_uri: 'https://id.example/device', verification_uri_complete: 'x', device_code: 'd' };
  const { body } = answered('deviceAuthorization', 200, given);
  assert.match(String(body.message), /open the page https:\/\/id\.example\/device and enter the code ABCD/);
  assert.equal('verification_uri_complete' in body, false);
});

it('brings client_info and the session back with a code', () => {
  const given = entra.authorizationResponse?.(facts({ asked: noted({ clientInfo: true }) ?? '', scopes: [] }));
  assert.deepEqual(Object.keys(given ?? {}), ['client_info', 'session_state']);
});

it('gives scopes back with their API in front beside a token in an authorization response too', () => {
  const forms = { [orders.resource]: 'api://orders-api' };
  assert.equal(entra.authorizationResponse?.(facts({ asked: asked(forms) })).scope, 'api://orders-api/orders.read');
});

it('answers a sign-in at endpoints of version 1 by the issuer of that configuration', () => {
  const older = noted({ older: true }) ?? '';
  assert.equal(entra.authorizationResponse?.(facts({ asked: older }))?.iss, `${ORIGIN}${tenant}/`);
  assert.equal(entra.authorizationResponse?.(facts({ asked: older, tenant: undefined, place: forAll }))?.iss, `${ORIGIN}${tenant}/`);
  assert.equal('iss' in (entra.authorizationResponse?.(facts()) ?? {}), false);
});

describe('an error', () => {
  const refused = (error: string, description = '', form = '', status = 400) =>
    answered('token', status, { error, error_description: description }, { parameters: new URLSearchParams(form) });

  it('has a number, and who to ask about it', () => {
    const correlation = '7b1c1e1a-3c2d-4e5f-8a9b-0c1d2e3f4a5b';
    const { body, headers } = refused('invalid_scope', 'no', `client-request-id=${correlation}`);
    assert.match(
      String(body.error_description),
      /^AADSTS70011: .*\r\nTrace ID: [\da-f-]{36}\r\nCorrelation ID: 7b1c1e1a-.*\r\nTimestamp: [\d-]{10} [\d:]{8}Z$/,
    );
    assert.deepEqual([body.error, body.error_codes, body.correlation_id], ['invalid_scope', [70011], correlation]);
    assert.match(String(body.timestamp), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/);
    assert.equal(headers?.['x-ms-request-id'], body.trace_id);
  });

  for (const [what, number, error, ...given] of [
    ['a code that is no longer good', 70000, 'invalid_grant', 'invalid_grant', '', 'grant_type=authorization_code'],
    ['a refresh token that has ended', 700082, 'invalid_grant', 'invalid_grant', '', 'grant_type=refresh_token'],
    ['a program where no tenant is named', 50059, 'invalid_request', 'invalid_grant', '', 'grant_type=client_credentials'],
    ['nobody', 900144, 'invalid_request', 'invalid_request', 'no client authentication mechanism provided'],
    ['a wrong secret', 7000215, 'invalid_client', 'invalid_client', '', 'client_secret=x', 401],
    ['no secret', 7000218, 'invalid_client', 'invalid_client', '', '', 401],
    ['an assertion that fails', 700027, 'invalid_client', 'invalid_client', '', 'client_assertion=x', 401],
    ['a wrong secret beside an empty assertion', 7000215, 'invalid_client', 'invalid_client', '', 'client_secret=x&client_assertion=', 401],
    ['a missing parameter', 900144, 'invalid_request', 'invalid_request', "missing required parameter 'code'"],
    ['an API that nobody knows', 500011, 'invalid_resource', 'invalid_target'],
    ['a device that waits', 70016, 'authorization_pending', 'authorization_pending'],
    ['a device that was declined', 70018, 'authorization_declined', 'access_denied', '', 'device_code=x'],
    ['a rule of this dialect', 9002326, 'invalid_request', 'invalid_request', 'AADSTS9002326: no'],
  ] as const) {
    it(`numbers ${what} ${number}`, () => {
      const [name, description = '', form = '', status = 400] = given;
      const { body, status: sent } = refused(name, description, form, status);
      assert.deepEqual([body.error_codes, body.error, sent], [[number], error, status]);
    });
  }

  it('is called as the client called its request: in the body, the query or a header', () => {
    const correlation = '7b1c1e1a-3c2d-4e5f-8a9b-0c1d2e3f4a5b';
    const named = (given: Partial<AnswerFacts>) => answered('token', 400, { error: 'invalid_grant' }, given).body.correlation_id;
    const form = new URLSearchParams({ 'client-request-id': correlation });
    assert.deepEqual(
      [named({ parameters: form }), named({ query: form }), named({ header: (name) => form.get(name) ?? undefined })],
      [correlation, correlation, correlation],
    );
    assert.equal(named({ query: new URLSearchParams({ 'client-request-id': 'x' }) }), facts().requestId);
  });

  it('sends people to sign in again when a refresh token has ended, and at no other time', () => {
    const words = ['interaction_required', 'consent_required', 'login_required', 'bad_token', 'ui_not_allowed', 'interrupted_user'];
    assert.equal(refused('invalid_grant', '', 'grant_type=refresh_token').body.suberror, 'bad_token');
    const said = String(refused('invalid_request', words.join(' ')).body.error_description);
    assert.deepEqual(
      words.filter((word) => said.includes(word)),
      [],
    );
  });

  it('sends people to sign in for scopes that their sign-in does not cover', () => {
    const { body } = refused('invalid_scope', 'no', 'grant_type=refresh_token');
    assert.deepEqual([body.error, body.suberror, body.error_codes], ['invalid_grant', 'consent_required', [65001]]);
  });

  it('at userinfo stays as it is: it is in a header', () => {
    assert.deepEqual(answered('userinfo', 401, { error: 'invalid_token' }).body, { error: 'invalid_token' });
  });
});

it('takes assertions for its endpoints of both versions, its issuer and the endpoint for all tenants', () => {
  const audiences = entra.policy.assertionAudience(here, ORIGIN);
  for (const audience of [
    here.issuer,
    `${ORIGIN}${tenant}/oauth2/v2.0/token`,
    `${ORIGIN}${tenant}/oauth2/token`,
    `${ORIGIN}/common/oauth2/v2.0/token`,
  ])
    assert.ok(audiences.includes(audience), audience);
  assert.ok(!audiences.some((audience) => audience.startsWith('https://login.microsoftonline.com')));
});
