/** Whose people, tokens and hints an origin takes: of its own tenants only, and by every way that a client may say it. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { postgresSkipped } from '@safeconduct/test-support/postgres';
import { OTHER_ORG, startWorld, type World } from '../flows/dialects/world.fixtures.test.ts';
import {
  auth0At,
  authorize,
  authorizeUrl,
  claimsOf,
  entraAt,
  GUS,
  get,
  introspect,
  post,
  refresh,
  SHOP_ORG,
  type Speaker,
  signIn,
  Visitor,
  zitadelAt,
} from './dialects.fixtures.test.ts';

/** Of an organization that is no tenant at the origin, and a guest of nobody. */
const NON = { id: 'usr_non', name: 'Non', email: 'non@far.example', password: 'a-far-away-lantern' };
const TENANT = 'Mixed-Case-Org';

describe('whose people an origin takes', { skip: postgresSkipped }, () => {
  let world: World;
  let entra: string;
  let common: Speaker;
  let home: Speaker;
  let zitadel: Speaker;
  let auth0: Speaker;
  before(async () => {
    world = await startWorld({
      dialects: ['auth0+entra', 'zitadel'],
      tenants: [SHOP_ORG, TENANT],
      tls: false,
      declare: (base) => ({
        ...base,
        organizations: [
          ...(base.organizations ?? []),
          { id: 'far-org', name: 'Far' },
          // Named as the other organization is called by default.
          { id: TENANT, name: `${OTHER_ORG}.localhost` },
        ],
        users: [...(base.users ?? []), { ...NON, organization: 'far-org', emailVerified: true }],
      }),
    });
    entra = world.at('entra');
    common = entraAt(entra, 'common');
    home = entraAt(entra, SHOP_ORG);
    zitadel = zitadelAt(world.at('zitadel'));
    auth0 = auth0At(world.at('auth0'));
  });
  after(() => world?.stop());

  it('R-005 a place of all tenants takes people of its tenants, and of no other organization', async () => {
    for (const [place, person] of [
      [common, NON],
      [entraAt(entra, 'organizations'), NON],
      [common, GUS],
    ] as const) {
      const { code, url, body } = await authorize(place, { person });
      assert.deepEqual([code, url.searchParams.get('code')], ['', null], body.slice(0, 300));
      assert.match(body, /not in this organization/);
    }
    assert.notEqual((await authorize(common)).code, '');
  });

  it('R-005 a device of somebody who is of no tenant is not connected', async () => {
    const asked = await post(common.device, { client_id: 'shop-terminal', scope: 'openid profile' });
    const { body } = await new Visitor(NON).visit(`${asked.json.verification_uri}?user_code=${asked.json.user_code}`);
    assert.match(body, /not in this organization/);
  });

  it('knows an ID token of a tenant where all of them sign in, and no foreign one', async () => {
    const { tokens, browser } = await signIn(common);
    const more = { prompt: 'none', id_token_hint: tokens.id_token };
    assert.notEqual((await authorize(common, { browser, more })).code, '');
    const foreign = (await signIn(auth0)).tokens.id_token;
    const refused = await authorize(common, { browser, more: { ...more, id_token_hint: foreign } });
    assert.equal(refused.url.searchParams.get('error'), 'invalid_request');
  });

  it('reads a token in the form of a POST where no tenant is named', async () => {
    const { access_token } = (await signIn(home)).tokens;
    for (const url of [`${entra}/oidc/userinfo`, common.userinfo]) {
      const { status, json } = await post(url, { access_token });
      assert.equal(status, 200, `${url} ${JSON.stringify(json)}`);
    }
    assert.equal((await post(common.userinfo, { access_token: `${access_token}x` })).status, 401);
  });

  it('takes the name of a tenant in small letters, and of a place of all in any', async () => {
    for (const name of [TENANT.toLowerCase(), 'COMMON', 'Organizations']) {
      const { status, json } = await get(`${entra}/${name}/v2.0/.well-known/openid-configuration`);
      assert.deepEqual([status, typeof json.token_endpoint], [200, 'string'], name);
    }
    const { status, headers } = await get(`${entra}/nobody/v2.0/.well-known/openid-configuration`);
    assert.equal(status >= 400, true);
    assert.match(headers.get('content-type') ?? '', /json/);
  });

  it('R-031 the name of an organization, which its own people choose, is no other organization’s domain', async () => {
    const more = { scope: `openid urn:zitadel:iam:org:domain:primary:${OTHER_ORG}.localhost` };
    const { url } = await authorize(zitadel, { person: { ...NON }, more });
    assert.equal(url.searchParams.get('code'), null);
    const named = { scope: 'openid urn:zitadel:iam:org:id:Quay Shop' };
    assert.equal((await authorize(zitadel, { more: named })).url.searchParams.get('code'), null);
  });

  it('R-005 whoever asks for an organization’s own people gets no guest', async () => {
    const more = { scope: `openid urn:zitadel:iam:org:id:${SHOP_ORG}` };
    assert.equal((await authorize(zitadel, { person: GUS, more })).code, '');
    assert.notEqual((await authorize(zitadel, { more })).code, '');
  });

  it('tells the application, and not the person, of an organization that nobody has', async () => {
    const unknown = [
      [zitadel, { scope: 'openid urn:zitadel:iam:org:id:nobody' }],
      [auth0, { organization: 'nobody' }],
    ] as const;
    for (const [at, more] of unknown) {
      const { headers } = await get(authorizeUrl(at, { more }, 'v'.repeat(43)));
      const back = new URL(headers.get('location') ?? '');
      assert.deepEqual([back.searchParams.get('error'), back.searchParams.get('state')], ['invalid_request', 'st'], at.name);
    }
  });

  it('who asks for nothing is told who somebody is', async () => {
    for (const at of [zitadel, home, { ...zitadel, ...standardAt(world.home) }]) {
      const back = await authorize(at, { more: { scope: '', resource: '', nonce: '' } });
      assert.notEqual(back.code, '', `${at.name} ${back.url}`);
    }
  });

  it('R-024 a refresh that names the scopes it has keeps them, and one that names fewer has fewer', async () => {
    const scope = 'openid profile offline_access orders:read orders:write';
    const { tokens } = await signIn(auth0, { more: { scope } });
    const scopesOf = async (asked: string) => {
      const { json } = await refresh(auth0, tokens.refresh_token, { more: { scope: asked } });
      return String(claimsOf(json.access_token).scope).split(' ').sort().join(' ');
    };
    assert.match(await scopesOf(scope), /orders:read orders:write/);
    assert.equal(await scopesOf('openid orders:read'), 'openid orders:read');
    const { json } = await refresh(auth0, tokens.refresh_token, { more: { scope: 'nonsense' } });
    assert.deepEqual([json.error, json.access_token], ['invalid_scope', undefined]);
  });

  it('names an opaque token without telling it', async () => {
    const token = (await signIn(zitadel)).tokens.access_token;
    const { json } = await introspect(zitadel, token);
    assert.match(json.jti, /^[\w-]{20,}$/);
    assert.equal(token.includes(json.jti), false);
    const { status, json: refused } = await post(String(zitadel.introspect), { token, client_id: 'shop-spa' });
    assert.deepEqual([status, refused.error], [401, 'invalid_client']);
  });

  it('publishes keys as vendors do', async () => {
    for (const at of [zitadel, auth0, home]) assert.match((await get(at.jwks)).headers.get('content-type') ?? '', /^application\/json/);
    assert.equal((await get(`${entra}/`)).status < 400, true);
  });

  const standardAt = (origin: string) => ({
    name: 'standard',
    origin,
    authorize: `${origin}/oauth2/authorize`,
    token: `${origin}/oauth2/token`,
    forApi: {},
  });
});
