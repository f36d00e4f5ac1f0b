/** Keycloak's words on their way out, as tables: tokens, answers, discovery. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ada, answerFacts, facts, job, ORIGIN, orders, other, place, registered, spa } from './keycloak.fixtures.test.ts';
import { keycloak } from './keycloak.ts';

function answered(status: number, body: Readonly<Record<string, unknown>>, parameters: Readonly<Record<string, string>> = {}) {
  return keycloak.answer?.({ route: 'token', status, body, headers: {} }, answerFacts(parameters));
}

const onTheWire = (claims: object): unknown => JSON.parse(JSON.stringify(claims));

describe('tokens', () => {
  it('are Bearer, for the API by both of its names, with realm roles and client roles', () => {
    assert.deepEqual(onTheWire(keycloak.shapes.accessToken(registered, facts)), {
      iss: place.issuer,
      sub: ada.uuid,
      jti: 'token-1',
      iat: registered.iat,
      exp: registered.exp,
      auth_time: 1_767_225_600,
      acr: '1',
      aud: ['orders-api', 'https://orders.example'],
      typ: 'Bearer',
      azp: 'spa',
      sid: 'session-1',
      'allowed-origins': ['https://app.example'],
      realm_access: { roles: ['admin'] },
      resource_access: { spa: { roles: ['beta'] }, 'orders-api': { roles: ['customer'] } },
      scope: 'openid profile email orders:read',
      email: 'ada@acme.example',
      email_verified: true,
      name: 'Ada Example',
      given_name: 'Ada',
      preferred_username: 'ada@acme.example',
    });
  });

  it('has no role claims where there are no roles, and those of the realm alone for a guest', () => {
    const nobody = keycloak.shapes.accessToken(registered, { ...facts, account: { ...ada, roles: {} } });
    assert.deepEqual([nobody.realm_access, nobody.resource_access], [undefined, undefined]);
    const guest = keycloak.shapes.accessToken(registered, { ...facts, tenant: other, place: keycloak.place(ORIGIN, other) });
    assert.deepEqual([guest.realm_access, guest.resource_access], [undefined, { 'orders-api': { roles: ['visitor'] } }]);
  });

  it('tells of nobody what the scopes do not cover', () => {
    const { email, name, preferred_username } = keycloak.shapes.accessToken(registered, { ...facts, scopes: ['openid'] });
    assert.deepEqual([email, name, preferred_username], [undefined, undefined, undefined]);
  });

  it('is a service account for an application that acts for itself', () => {
    const claims = keycloak.shapes.accessToken(
      { ...registered, client_id: 'job' },
      { ...job, client: { ...spa, id: 'job', redirectUris: [] } },
    );
    assert.deepEqual([claims.client_id, claims.azp, claims.preferred_username], ['job', 'job', 'service-account-job']);
    assert.equal('acr' in claims || 'sid' in claims || 'allowed-origins' in claims, false);
  });

  it("has the claims of the realm's own scopes where they were asked for", () => {
    const { organization, upn, groups } = keycloak.shapes.accessToken(registered, { ...facts, asked: 'organization microprofile-jwt' });
    assert.deepEqual([organization, upn, groups], [['acme'], 'ada@acme.example', ['admin']]);
    assert.equal('organization' in keycloak.shapes.accessToken(registered, facts), false);
  });

  it('says ID in an ID token, with the profile inside and no roles', () => {
    const claims = keycloak.shapes.idToken?.(
      { iss: place.issuer, sub: ada.uuid, aud: 'spa', nonce: 'n', at_hash: 'h', org_id: 'acme' },
      facts,
    );
    assert.equal(claims?.typ, 'ID');
    assert.deepEqual([claims?.azp, claims?.sid, claims?.at_hash, claims?.name], ['spa', 'session-1', 'h', 'Ada Example']);
    assert.equal('org_id' in (claims ?? {}) || 'realm_access' in (claims ?? {}), false);
  });

  it('is the token and who it is for where an API asks', () => {
    const ours = { ...registered, active: true, token_type: 'Bearer', roles: ['customer'], org_id: 'acme', gid: 'g' };
    // Who asks is the API.
    const asking = {
      ...facts,
      client: { ...spa, id: orders.id, kind: 'api' as const, project: orders.project, redirectUris: [] },
      signIn: undefined,
    };
    const told = keycloak.shapes.introspection?.({ ...ours, auth_time: 1_767_225_600 }, asking, spa) ?? {};
    assert.deepEqual([told.active, told.client_id, told.username, told.typ], [true, 'spa', 'ada@acme.example', 'Bearer']);
    assert.deepEqual(told.realm_access, { roles: ['admin'] });
    assert.equal('gid' in told || 'roles' in told || 'org_id' in told, false);
    const { active: _active, client_id: _client, username: _username, token_type: _type, ...claims } = told;
    assert.deepEqual(onTheWire(claims), onTheWire(keycloak.shapes.accessToken(registered, facts)));
    const program = { ...asking, account: job.account };
    const { username, preferred_username } =
      keycloak.shapes.introspection?.({ ...ours, client_id: 'job' }, program, { ...spa, id: 'job' }) ?? {};
    assert.deepEqual([username, preferred_username], ['service-account-job', 'service-account-job']);
    const refresh = keycloak.shapes.introspection?.({ ...ours, token_type: undefined }, { ...asking, client: spa }, spa);
    assert.equal(refresh?.typ, 'Refresh');
  });
});

describe('answers', () => {
  it('are completed as Keycloak does', () => {
    const { body } = answered(200, { access_token: 'a', token_type: 'Bearer', expires_in: 600, scope: 'orders:read' }) ?? { body: {} };
    assert.deepEqual(body, {
      access_token: 'a',
      token_type: 'Bearer',
      expires_in: 600,
      refresh_expires_in: 0,
      'not-before-policy': 0,
      session_state: 'session-1',
      scope: 'openid profile email',
    });
  });

  it('name the scopes of an API that were asked for', () => {
    const told = keycloak.answer?.(
      { route: 'token', status: 200, body: { scope: 'orders:read orders:write' }, headers: {} },
      { ...answerFacts(), asked: 'openid orders:write' },
    );
    assert.equal(told?.body.scope, 'openid profile email orders:write');
  });

  it("name the realm's own scopes that say something about a person, where they were asked for", () => {
    const asked = { ...answerFacts(), asked: 'openid organization microprofile-jwt roles nonsense' };
    const told = keycloak.answer?.({ route: 'token', status: 200, body: { scope: '' }, headers: {} }, asked);
    assert.equal(told?.body.scope, 'openid profile email microprofile-jwt organization');
    assert.equal(keycloak.shapes.accessToken({ ...registered, scope: '' }, asked).scope, told?.body.scope);
    const program = { ...job, scopes: [], asked: 'organization' };
    assert.equal(keycloak.shapes.accessToken({ ...registered, scope: '' }, program).scope, '');
  });

  it('lets the page read it that the engine lets ask', () => {
    const headersFor = (origin: string | undefined) =>
      keycloak.answer?.(
        { route: 'token', status: 400, body: { error: 'invalid_grant' }, headers: origin ? { 'access-control-allow-origin': origin } : {} },
        answerFacts(),
      ).headers;
    assert.deepEqual(headersFor('https://app.example'), { 'access-control-allow-credentials': 'true' });
    assert.deepEqual([headersFor('*'), headersFor(undefined)], [{}, {}]);
  });

  for (const [error, grantType, told, words] of [
    ['invalid_grant', 'authorization_code', 'invalid_grant', 'Code not valid'],
    ['invalid_grant', 'refresh_token', 'invalid_grant', 'Invalid refresh token'],
    ['invalid_client', 'refresh_token', 'invalid_client', 'Invalid client or Invalid client credentials'],
    ['unsupported_grant_type', 'password', 'unauthorized_client', 'Client not allowed for direct access grants'],
    ['unsupported_grant_type', 'x', 'unsupported_grant_type', 'why'],
    ['authorization_pending', 'urn:ietf:params:oauth:grant-type:device_code', 'authorization_pending', 'why'],
  ] as const) {
    it(`says "${words}" to ${error} of ${grantType}`, () => {
      const { body } = answered(400, { error, error_description: 'why' }, { grant_type: grantType }) ?? { body: {} };
      assert.deepEqual(body, { error: told, error_description: words });
    });
  }

  for (const [confidential, words] of [
    [true, 'Client not enabled to retrieve service account'],
    [false, 'Public client not allowed to retrieve service account'],
  ] as const) {
    it(`says "${words}" to a client that may not act for itself`, () => {
      const body = { error: 'invalid_request', error_description: 'requested grant type is not allowed for this client' };
      const asking = { ...answerFacts({ grant_type: 'client_credentials' }), client: { ...spa, confidential } };
      const told = keycloak.answer?.({ route: 'token', status: 400, body, headers: {} }, asking);
      assert.deepEqual([told?.status, told?.body], [401, { error: 'unauthorized_client', error_description: words }]);
    });
  }

  it('says to a request of no client at all that the client is invalid', () => {
    const told = answered(400, { error: 'invalid_request', error_description: 'no client authentication mechanism provided' });
    assert.deepEqual([told?.status, told?.body.error], [401, 'invalid_client']);
  });

  it('names its endpoints in discovery, and nothing of the engine', () => {
    const document = keycloak.discovery(
      {
        issuer: place.issuer,
        grant_types_supported: ['refresh_token', 'urn:safeconduct:introspection', 'urn:auth0:params:oauth:grant-type:x'],
        claims_supported: ['sub', 'org_id'],
        scopes_supported: ['openid'],
        token_endpoint_auth_methods_supported: ['client_secret_basic', 'none'],
      },
      (path) => `${ORIGIN}${path}`,
      place,
    );
    assert.equal(document.introspection_endpoint, `${place.issuer}/protocol/openid-connect/token/introspect`);
    assert.equal(document.check_session_iframe, `${place.issuer}/protocol/openid-connect/login-status-iframe.html`);
    assert.deepEqual(document.introspection_endpoint_auth_methods_supported, ['client_secret_basic']);
    assert.deepEqual([document.grant_types_supported, document.claims_supported], [['refresh_token'], ['sub']]);
    assert.ok(Array.isArray(document.scopes_supported) && document.scopes_supported.includes('microprofile-jwt'));
  });
});
