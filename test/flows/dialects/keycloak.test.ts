/** A realm on the wire, and a program on keycloak-connect that has nothing but its keycloak.json. */
import assert from 'node:assert/strict';
import { createHash, createPublicKey, randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { freePort } from '@safeconduct/test-support/ports';
import { postgresSkipped } from '@safeconduct/test-support/postgres';
import type { RequestHandler } from 'express';
import session from 'express-session';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import Keycloak from 'keycloak-connect';
import { answerOf, basic, claimsOf, OLA, type Realm, startRealm } from './keycloak.fixtures.test.ts';
import { signInAt, whileServed } from './standard-clients.fixtures.test.ts';
import { ADA, API, API_ID, BEN, CALLBACK, GUS, OTHER_ORG, POST_LOGOUT, SECRET, SHOP_ORG, Visitor } from './world.fixtures.test.ts';

const PROTOCOL = '/protocol/openid-connect';

describe('a realm', { skip: postgresSkipped }, () => {
  let realm: Realm;
  let program: number;
  before(async () => {
    program = await freePort();
    realm = await startRealm({ program, page: await freePort() });
  });
  after(() => realm?.world.stop());

  const get = async (path: string, headers: Readonly<Record<string, string>> = {}) =>
    answerOf(await fetch(`${realm.issuer}${path}`, { headers }));

  /** Signs in as a page would, with PKCE, and gives the answer of the token endpoint. */
  async function signIn(scope = 'openid', visitor = new Visitor()) {
    const verifier = randomBytes(32).toString('base64url');
    const asked = new URLSearchParams({
      ...{ client_id: 'shop-spa', redirect_uri: CALLBACK, response_type: 'code', scope, state: 's', nonce: 'n' },
      ...{ code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256' },
    });
    const { url } = await visitor.visit(`${realm.issuer}${PROTOCOL}/auth?${asked}`);
    const code = url.searchParams.get('code') ?? '';
    const form = { grant_type: 'authorization_code', client_id: 'shop-spa', code, redirect_uri: CALLBACK, code_verifier: verifier };
    return { url, form, ...(await realm.post(`${PROTOCOL}/token`, form)) };
  }

  it('has the discovery document at its own address and at that of the organization by domain', async () => {
    const { json } = await get('/.well-known/openid-configuration');
    assert.equal(json.issuer, realm.issuer);
    assert.equal(json.token_endpoint, `${realm.issuer}${PROTOCOL}/token`);
    assert.equal(json.introspection_endpoint, `${realm.issuer}${PROTOCOL}/token/introspect`);
    assert.deepEqual(json.id_token_signing_alg_values_supported, ['RS256']);
    const byDomain = await answerOf(await fetch(`${realm.url}/realms/shop.example/.well-known/openid-configuration`));
    assert.deepEqual(byDomain.json, json);
  });

  it('tells of itself and of its key, which signs its tokens', async () => {
    const { json } = await get('');
    assert.equal(json.realm, SHOP_ORG);
    const { json: tokens } = await signIn();
    const pem = `-----BEGIN PUBLIC KEY-----\n${json.public_key}\n-----END PUBLIC KEY-----`;
    await jwtVerify(tokens.access_token, createPublicKey(pem));
    const keys = await get(`${PROTOCOL}/certs`);
    assert.ok(keys.json.keys.every((key: Record<string, unknown>) => key.kty === 'RSA' && key.x5t && Array.isArray(key.x5c)));
  });

  it('is not there under a name that nobody has', async () => {
    const { status, json } = await answerOf(await fetch(`${realm.url}/realms/nobody/.well-known/openid-configuration`));
    assert.equal(status, 404);
    assert.ok(json.error);
  });

  it('signs a person in with openid alone: profile, roles, and a refresh token that can be read', async () => {
    const { json, url } = await signIn();
    assert.equal(url.searchParams.get('session_state'), json.session_state);
    const { protectedHeader, payload } = await jwtVerify(
      json.access_token,
      createRemoteJWKSet(new URL(`${realm.issuer}${PROTOCOL}/certs`)),
      {
        issuer: realm.issuer,
        audience: API_ID,
      },
    );
    assert.deepEqual([protectedHeader.alg, protectedHeader.typ, payload.typ, payload.azp], ['RS256', 'JWT', 'Bearer', 'shop-spa']);
    assert.deepEqual(payload.realm_access, { roles: ['admin'] });
    const { 'shop-spa': own, [API_ID]: api } = payload.resource_access as Record<string, { roles: string[] }>;
    assert.deepEqual(
      [own?.roles.toSorted(), api?.roles.toSorted()],
      [
        ['customer', 'read:messages'],
        ['customer', 'read:messages'],
      ],
    );
    assert.deepEqual([payload.preferred_username, payload.name, payload.sid], [ADA.email, ADA.name, json.session_state]);
    assert.match(json.scope, /^openid profile email/);
    assert.equal(json.scope.includes('offline_access'), false);
    const refresh = claimsOf(json.refresh_token);
    assert.deepEqual([refresh.typ, refresh.azp, refresh.iss], ['Refresh', 'shop-spa', realm.issuer]);
    const id = claimsOf(json.id_token);
    assert.deepEqual([id.typ, id.azp, id.nonce, id.email, typeof id.at_hash], ['ID', 'shop-spa', 'n', ADA.email, 'string']);
  });

  it('refreshes, and refuses a refresh token that it never gave', async () => {
    const { json } = await signIn();
    const form = { grant_type: 'refresh_token', client_id: 'shop-spa', refresh_token: json.refresh_token };
    const second = await realm.post(`${PROTOCOL}/token`, form);
    assert.equal(second.status, 200);
    assert.notEqual(second.json.refresh_token, json.refresh_token);
    const forged = `${json.refresh_token.slice(0, -6)}abcdef`;
    const refused = await realm.post(`${PROTOCOL}/token`, { ...form, refresh_token: forged });
    assert.deepEqual([refused.status, refused.json], [400, { error: 'invalid_grant', error_description: 'Invalid refresh token' }]);
  });

  it('signs a guest in with the roles that this realm gave, and nobody whom it did not invite', async () => {
    const { json } = await signIn('openid', new Visitor(GUS));
    assert.deepEqual(claimsOf(json.access_token).resource_access[API_ID], { roles: ['support'] });
    const { url } = await signIn('openid', new Visitor(OLA));
    assert.equal(url.searchParams.get('code'), null);
  });

  it('redeems at one realm nothing that another one gave', async () => {
    const { json } = await signIn();
    const other = await fetch(`${realm.url}/realms/${OTHER_ORG}${PROTOCOL}/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'refresh_token', client_id: 'shop-spa', refresh_token: json.refresh_token }),
    });
    assert.equal(other.status >= 400, true);
    const told = await fetch(`${realm.url}/realms/${OTHER_ORG}${PROTOCOL}/userinfo`, {
      headers: { authorization: `Bearer ${json.access_token}` },
    });
    assert.equal(told.status, 401);
    assert.equal(
      (await realm.post(`${PROTOCOL}/token`, { grant_type: 'refresh_token', client_id: 'shop-spa', refresh_token: json.refresh_token }))
        .status,
      200,
    );
  });

  it('refuses a code the second time', async () => {
    const { form } = await signIn();
    const { status, json } = await realm.post(`${PROTOCOL}/token`, form);
    assert.deepEqual([status, json], [400, { error: 'invalid_grant', error_description: 'Code not valid' }]);
  });

  it("adds the claims of the realm's own scopes, and leaves out scopes that nobody knows", async () => {
    const { json } = await signIn('openid organization microprofile-jwt nonsense');
    const { organization, upn, groups } = claimsOf(json.access_token);
    assert.deepEqual([organization, upn, groups], [[SHOP_ORG], ADA.email, ['admin']]);
    assert.equal(json.scope.includes('nonsense'), false);
  });

  it('answers userinfo, and an API that asks about a token', async () => {
    const { json } = await signIn();
    const bearer = { authorization: `Bearer ${json.access_token}` };
    const told = await get(`${PROTOCOL}/userinfo`, bearer);
    assert.deepEqual([told.json.sub, told.json.preferred_username], [ADA.id, ADA.email]);
    const { json: active } = await realm.post(`${PROTOCOL}/token/introspect`, { token: json.access_token }, basic(API_ID));
    assert.deepEqual([active.active, active.username, active.client_id, active.typ], [true, ADA.email, 'shop-spa', 'Bearer']);
    assert.deepEqual(active.realm_access, { roles: ['admin'] });
    const none = await realm.post(`${PROTOCOL}/token/introspect`, { token: 'nothing' }, basic(API_ID));
    assert.deepEqual(none.json, { active: false });
  });

  for (const [where, path, name] of [
    ['the revocation endpoint', '/revoke', 'token'],
    ['sign-out, where a program sends the refresh token', '/logout', 'refresh_token'],
  ] as const) {
    it(`ends tokens at ${where}`, async () => {
      const { json } = await signIn();
      const { status } = await realm.post(PROTOCOL + path, { client_id: 'shop-spa', [name]: json.refresh_token });
      assert.equal(status, path === '/logout' ? 204 : 200);
      const { json: ended } = await realm.post(`${PROTOCOL}/token/introspect`, { token: json.access_token }, basic(API_ID));
      assert.deepEqual(ended, { active: false });
    });
  }

  it('ends what a sign-in gave when the person signs out', async () => {
    const visitor = new Visitor();
    const { json } = await signIn('openid', visitor);
    const asked = new URLSearchParams({ id_token_hint: json.id_token, post_logout_redirect_uri: POST_LOGOUT, client_id: 'shop-spa' });
    const { url } = await visitor.visit(`${realm.issuer}${PROTOCOL}/logout?${asked}`);
    assert.equal(url.href, POST_LOGOUT);
    const form = { grant_type: 'refresh_token', client_id: 'shop-spa', refresh_token: json.refresh_token };
    assert.equal((await realm.post(`${PROTOCOL}/token`, form)).json.error, 'invalid_grant');
  });

  it('gives a program its own token as a service account', async () => {
    const { json } = await realm.post(`${PROTOCOL}/token`, { grant_type: 'client_credentials', scope: 'openid' }, basic('shop-robot'));
    const claims = claimsOf(json.access_token);
    assert.deepEqual([claims.preferred_username, claims.client_id], ['service-account-shop-robot', 'shop-robot']);
    assert.deepEqual(claims.resource_access[API_ID], { roles: ['read:messages'] });
    assert.equal(json.refresh_token, undefined);
  });

  it('says that the grant that takes passwords is switched off', async () => {
    const { json } = await realm.post(`${PROTOCOL}/token`, {
      grant_type: 'password',
      client_id: 'bare-page',
      username: 'x',
      password: 'y',
    });
    assert.deepEqual(json, { error: 'unauthorized_client', error_description: 'Client not allowed for direct access grants' });
  });

  it('refuses a wrong secret', async () => {
    const { status, json } = await realm.post(
      `${PROTOCOL}/token`,
      { grant_type: 'client_credentials' },
      { authorization: `Basic ${btoa('shop-robot:wrong')}` },
    );
    assert.deepEqual([status, json.error], [401, 'invalid_client']);
  });

  it('lets a device sign in', async () => {
    const { json: begun } = await realm.post(`${PROTOCOL}/auth/device`, { client_id: 'shop-terminal', scope: 'openid' });
    const form = { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', client_id: 'shop-terminal', device_code: begun.device_code };
    assert.equal((await realm.post(`${PROTOCOL}/token`, form)).json.error, 'authorization_pending');
    assert.equal(begun.verification_uri, `${realm.issuer}/device`);
    await new Visitor().visit(begun.verification_uri_complete);
    const { json } = await realm.post(`${PROTOCOL}/token`, form);
    assert.equal(claimsOf(json.access_token).preferred_username, ADA.email);
  });

  describe('keycloak-connect', () => {
    const configuration = () => ({
      realm: realm.realm,
      'auth-server-url': realm.url,
      resource: 'orders-site',
      credentials: { secret: SECRET },
      'confidential-port': 0,
      'ssl-required': 'none',
    });

    /** What the site shows at a path to somebody. */
    async function shown<T>(use: (site: string, keycloak: Keycloak) => Promise<T>): Promise<T> {
      const store = new session.MemoryStore();
      const keycloak = new Keycloak({ store }, configuration());
      const whose: RequestHandler = (request, response) => {
        response.send(Reflect.get(request, 'kauth').grant.access_token.content.preferred_username);
      };
      const handlers: [string, ...RequestHandler[]][] = [
        ['/', ...keycloak.middleware()],
        ['/orders', keycloak.protect('customer'), whose],
        ['/admin', keycloak.protect('realm:admin'), whose],
        [
          '/greeting',
          keycloak.checkSso(),
          (request, response) => void response.send(Reflect.get(request, 'kauth').grant ? 'hello again' : 'hello'),
        ],
      ];
      return whileServed(program, handlers, () => use(`http://localhost:${program}`, keycloak));
    }

    it('signs in without PKCE, sees roles of the client and of the realm, and lets nobody in without them', async () => {
      const pages = await shown(async (site) => [
        await signInAt(`${site}/orders`, new Visitor()),
        await signInAt(`${site}/admin`, new Visitor()),
        await signInAt(`${site}/admin`, new Visitor(BEN)),
      ]);
      assert.deepEqual(pages, [ADA.email, ADA.email, 'Access denied']);
      const events = await realm.world.events('dialect.lenient');
      assert.ok(events.some(({ reason, client }) => reason === 'missing_pkce' && client === 'orders-site'));
    });

    it('looks without asking whether somebody is signed in', async () => {
      const visitor = new Visitor();
      const greetings = await shown(async (site) => {
        const before = await signInAt(`${site}/greeting`, visitor);
        await signInAt(`${site}/orders`, visitor);
        return [before, await (await visitor.send(`${site}/greeting`)).text()];
      });
      assert.deepEqual(greetings, ['hello', 'hello again']);
    });

    it('signs out at the realm and comes back, and must sign in again', async () => {
      const visitor = new Visitor();
      await shown(async (site) => {
        await signInAt(`${site}/orders`, visitor);
        const out = await visitor.send(`${site}/logout`);
        const { url } = await visitor.visit(out.headers.get('location') ?? '');
        assert.equal(url.href, `${site}/`);
        const again = await visitor.send(`${site}/orders`);
        const page = await visitor.send(again.headers.get('location') ?? '');
        assert.match(
          (await visitor.send(new URL(page.headers.get('location') ?? '', realm.url).href)).headers.get('content-type') ?? '',
          /html/,
        );
      });
    });

    it('guards an API by the token that a page sends', async () => {
      const { json } = await signIn('openid orders:read');
      const bearer = { authorization: `Bearer ${json.access_token}` };
      const statuses = await shown(async (site) => [
        await (await fetch(`${site}/admin`, { headers: bearer })).text(),
        (await fetch(`${site}/admin`, { headers: { authorization: `Bearer ${json.access_token.slice(0, -4)}AAAA` }, redirect: 'manual' }))
          .status,
      ]);
      assert.deepEqual(statuses, [ADA.email, 302]);
      assert.ok(claimsOf(json.access_token).aud.includes(API));
    });
  });
});
