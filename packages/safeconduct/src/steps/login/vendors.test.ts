import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { accessTokenHash } from '../../core/protocol/id-token.ts';
import { auth0 } from '../../core/providers/auth0.ts';
import { entra } from '../../core/providers/entra.ts';
import { keycloak } from '../../core/providers/keycloak.ts';
import type { ProviderPreset } from '../../core/providers/preset.ts';
import {
  auth0Domain,
  auth0Token,
  entraTenant,
  entraV2,
  now,
  organizationId,
  otherTenant,
  person,
  projectId,
  type Stage,
  spaId,
  startAuth0,
  startEntra,
  startZitadel,
  zitadelIssuer,
} from '../../core/providers/shapes.fixtures.test.ts';
import { type Json, signed } from '../../core/providers/vendor.fixtures.test.ts';
import { zitadel } from '../../core/providers/zitadel.ts';
import { finishLogin } from './finish.ts';
import { createLogin, type LoginOptions } from './login.ts';
import { refreshLogin } from './refresh.ts';
import { startLogin } from './start.ts';

const redirectUri = 'https://shop.example/callback';

interface Answers {
  readonly provider: ProviderPreset;
  readonly clientId: string;
  /** Path of the token endpoint. */
  readonly place: string;
  readonly idToken: Json;
  readonly accessToken: string;
}

/** Signs in at a vendor that answers this, and gives what was asked of its authorization and token endpoints. */
async function signIn(stage: Stage, { provider, clientId, place, idToken, accessToken }: Answers, more: Partial<LoginOptions> = {}) {
  const login = createLogin({
    provider,
    clientId,
    redirectUri,
    scopes: ['openid', 'profile', 'offline_access'],
    fetch: stage.fetch,
    ...more,
  });
  const { url, transaction } = await startLogin(login);
  let form = new URLSearchParams();
  stage.documents.set(place, (sent) => {
    form = sent;
    const nonce = sent.get('grant_type') === 'refresh_token' ? undefined : transaction.nonce;
    const claims = { at_hash: accessTokenHash(accessToken, 'RS256'), ...idToken, nonce };
    const answer = { token_type: 'Bearer', expires_in: 3_600, refresh_token: 'r-1', access_token: accessToken };
    return { ...answer, id_token: signed(stage.key, { typ: 'JWT' }, claims) };
  });
  const callback = new URL(`${redirectUri}?${new URLSearchParams({ code: 'c-1', state: transaction.state })}`);
  return { login, url, signedIn: await finishLogin(login, callback, transaction), form };
}

async function staged<One extends Stage>(context: TestContext, start: () => Promise<One>): Promise<One> {
  const stage = await start();
  context.after(() => stage.close());
  return stage;
}

const { azp: _, azpacr: __, scp: ___, aud: ____, ...entraPerson } = entraV2();
const entraIdToken = (changes: Json = {}): Json => ({ ...entraPerson, aud: spaId, at_hash: undefined, ...changes });
const atEntra = (idToken: Json, provider = entra({ tenant: entraTenant }), tenant = entraTenant): Answers => ({
  provider,
  clientId: spaId,
  place: `login.microsoftonline.com/${tenant}/oauth2/v2.0/token`,
  idToken,
  accessToken: 'graph-token-that-is-for-nobody-else',
});

describe('a sign-in at Entra ID', () => {
  it('gives the same person and tenant as an API sees: oid and tid', async (context) => {
    const { identity } = (await signIn(await staged(context, startEntra), atEntra(entraIdToken()))).signedIn;
    assert.deepEqual([identity.subject, identity.organization, identity.roles], [person, entraTenant, ['AdminUser']]);
    assert.equal(identity.issuer, `https://login.microsoftonline.com/${entraTenant}/v2.0`);
  });

  it('R-081 of many tenants names the person’s own tenant as issuer, refreshes there, and lets in nobody else', async (context) => {
    const stage = await staged(context, startEntra);
    const provider = entra({ tenants: [entraTenant, otherTenant] });
    const theirs = entraIdToken({ tid: otherTenant, iss: `https://login.microsoftonline.com/${otherTenant}/v2.0` });
    const { login, signedIn } = await signIn(stage, atEntra(theirs, provider, 'organizations'));
    assert.deepEqual([signedIn.identity.issuer, signedIn.identity.organization], [theirs.iss, otherTenant]);
    assert.equal((await refreshLogin(login, signedIn)).identity.issuer, theirs.iss);
    const strangers = entraIdToken({ tid: projectId, iss: 'https://login.microsoftonline.com/bbbbcccc-0000-4000-8000-ddddeeee2222/v2.0' });
    await assert.rejects(signIn(stage, atEntra(strangers, provider, 'organizations')), { code: 'id_token_invalid', message: /tenant/ });
    const liar = entraIdToken({ tid: entraTenant, iss: theirs.iss });
    await assert.rejects(signIn(stage, atEntra(liar, provider, 'organizations')), { code: 'id_token_invalid', message: /tid/ });
  });

  it('takes an answer that names its tenant as issuer, and none that names a stranger', async (context) => {
    const stage = await staged(context, startEntra);
    const login = createLogin({
      provider: entra({ tenants: [entraTenant] }),
      clientId: spaId,
      redirectUri,
      scopes: ['openid'],
      fetch: stage.fetch,
    });
    const { transaction } = await startLogin(login);
    const answer = (tenant: string) => {
      const parameters = { code: 'c-1', state: transaction.state, iss: `https://login.microsoftonline.com/${tenant}/v2.0` };
      return finishLogin(login, new URL(`${redirectUri}?${new URLSearchParams(parameters)}`), transaction);
    };
    await assert.rejects(answer(otherTenant), { code: 'login_issuer_mismatch' });
    // Past the issuer, the code is sent, and nobody is there to take it. The metadata of many tenants names a template: whoever answers with that very text is the one who was asked (RFC 9207).
    for (const ours of [entraTenant, '{tenantid}'])
      await assert.rejects(answer(ours), { code: 'provider_invalid', message: /Token exchange failed/ });
    for (const place of ['organizations', 'common', '{tenant}', '']) await assert.rejects(answer(place), { code: 'login_issuer_mismatch' });
  });

  it('refuses a guest, and says what to ask for when oid or tid is missing', async (context) => {
    const stage = await staged(context, startEntra);
    await assert.rejects(signIn(stage, atEntra(entraIdToken({ acct: 1 }))), { code: 'guest_refused', status: 403 });
    for (const missing of ['oid', 'tid'])
      await assert.rejects(signIn(stage, atEntra(entraIdToken({ [missing]: undefined }))), {
        code: 'id_token_invalid',
        message: /scope profile/,
      });
  });

  it('names the API in scopes, and refuses a resource at construction', () => {
    const options = { provider: entra({ tenant: entraTenant }), clientId: spaId, redirectUri, scopes: ['openid'] };
    assert.throws(() => createLogin({ ...options, resource: 'api://orders' }), { name: 'TypeError', message: /scopes/ });
  });
});

describe('a sign-in at Auth0', () => {
  const idToken = {
    iss: `https://${auth0Domain}/`,
    sub: 'auth0|65f1c0ffee',
    aud: 'my_client_id',
    iat: now(),
    exp: now() + 36_000,
    sid: 's-1',
  };
  const answers = { provider: auth0({ domain: auth0Domain }), clientId: 'my_client_id', place: `${auth0Domain}/oauth/token`, idToken };

  it('asks for the API by audience, and takes the roles from the access token', async (context) => {
    const stage = await staged(context, startAuth0);
    const accessToken = signed(stage.key, { typ: 'JWT' }, auth0Token());
    const { url, signedIn, form } = await signIn(stage, { ...answers, accessToken }, { resource: 'https://orders.example' });
    assert.equal(url.searchParams.get('audience'), 'https://orders.example');
    assert.deepEqual([url.searchParams.has('resource'), form.has('resource')], [false, false]);
    assert.deepEqual([signedIn.identity.roles, signedIn.identity.organization], [['read:orders', 'refund:orders'], 'org_acme']);
  });

  it('has no roles where the access token is opaque', async (context) => {
    const { signedIn } = await signIn(await staged(context, startAuth0), { ...answers, accessToken: 'opaque' });
    assert.deepEqual(signedIn.identity.roles, []);
    assert.equal(signedIn.identity.subject, 'auth0|65f1c0ffee');
  });
});

describe('a sign-in at Zitadel', () => {
  it('takes roles and organization from userinfo, and needs at_hash', async (context) => {
    const stage = await staged(context, startZitadel);
    const urn = 'urn:zitadel:iam';
    const clientId = '305211467129991169@shop';
    const sub = '77776025198584418';
    stage.documents.set('acme.zitadel.example/oidc/v1/userinfo', {
      sub,
      [`${urn}:org:project:roles`]: { support: { [organizationId]: 'acme.example' } },
      [`${urn}:user:resourceowner:id`]: organizationId,
    });
    const idToken = {
      iss: zitadelIssuer,
      sub,
      aud: [clientId, projectId],
      azp: clientId,
      client_id: clientId,
      iat: now(),
      exp: now() + 43_200,
    };
    const answers = {
      provider: zitadel({ issuer: zitadelIssuer }),
      clientId,
      place: 'acme.zitadel.example/oauth/v2/token',
      accessToken: 'opaque',
    };
    const { identity } = (await signIn(stage, { ...answers, idToken })).signedIn;
    assert.deepEqual([identity.subject, identity.roles, identity.organization], [sub, ['support'], organizationId]);
    await assert.rejects(signIn(stage, { ...answers, idToken: { ...idToken, at_hash: undefined } }), {
      code: 'id_token_invalid',
      message: /at_hash/,
    });
  });
});

describe('a sign-in at Keycloak', () => {
  it('takes the roles from the access token, which may be for no API at all', async (context) => {
    const stage = await staged(context, startAuth0);
    const issuer = 'https://id.acme.example/realms/shop';
    const place = 'id.acme.example/realms/shop';
    const keys = `https://${auth0Domain}/.well-known/jwks.json`;
    stage.documents.set(`${place}/.well-known/openid-configuration`, {
      issuer,
      authorization_endpoint: `${issuer}/auth`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: keys,
    });
    const shared = { iss: issuer, sub: 'f7ab5c2e', iat: now(), exp: now() + 300, azp: 'shop-web' };
    const accessToken = signed(stage.key, { typ: 'JWT' }, { ...shared, typ: 'Bearer', realm_access: { roles: ['customer'] } });
    const idToken = { ...shared, aud: 'shop-web', typ: 'ID' };
    const answers = { provider: keycloak({ issuer }), clientId: 'shop-web', place: `${place}/token`, idToken, accessToken };
    assert.deepEqual((await signIn(stage, answers)).signedIn.identity.roles, ['customer']);
    const lie = signed(stage.key, { typ: 'JWT' }, { ...shared, typ: 'Refresh', realm_access: { roles: ['admin'] } });
    await assert.rejects(signIn(stage, { ...answers, accessToken: lie }), { code: 'provider_invalid', message: /another kind/ });
  });
});
