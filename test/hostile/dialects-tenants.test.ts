/** Tenants and realms: who comes in there, whose what they gave is, and by which names they are known. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { postgresSkipped } from '@safeconduct/test-support/postgres';
import {
  type Answer,
  authorize,
  authorizeUrl,
  claimsOf,
  EVE,
  entraAt,
  GUS,
  get,
  type Hostile,
  introspect,
  keycloakAt,
  post,
  proof,
  redeem,
  refresh,
  SHOP_ORG,
  type Speaker,
  signIn,
  startHostile,
  userinfo,
  Visitor,
} from './dialects.fixtures.test.ts';

/** Of the other organization, and a guest of the first. */
const person = GUS;
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
const inactive = { active: false };

describe('tenants and realms', { skip: postgresSkipped }, () => {
  let world: Hostile;
  let home: Speaker;
  let common: Speaker;
  let all: readonly Speaker[];
  before(async () => {
    world = await startHostile();
    home = { ...entraAt(world.at('entra'), world.otherTenant), name: 'another tenant of entra' };
    common = { ...entraAt(world.at('entra'), 'common'), name: 'common of entra' };
    all = [...world.speakers, home, common, { ...keycloakAt(world.at('keycloak'), 'other-org'), name: 'another realm of keycloak' }];
  });
  after(() => world.stop());

  const refused = ({ status, json }: Answer, what: string) => {
    assert.ok(status >= 400 && status < 500, `${what}: ${status} ${JSON.stringify(json)}`);
    assert.equal(json.error, 'invalid_grant', what);
    assert.equal(json.access_token, undefined, what);
  };

  it('R-005 R-020 what a place of all tenants gave is of the tenant of whoever signed in, and of no other', async () => {
    const back = await authorize(common, { person });
    assert.equal(back.url.searchParams.get('iss'), home.issuer);
    for (const other of all) if (other !== home && other !== common) refused(await redeem(other, back), other.name);
    const { status, json } = await redeem(common, back);
    assert.equal(status, 200);
    assert.equal(claimsOf(json.access_token).iss, home.issuer);
    assert.equal(claimsOf(json.id_token).tid, world.otherTenant);
    for (const other of all) if (other !== home && other !== common) refused(await refresh(other, json.refresh_token), other.name);
    assert.equal((await refresh(common, json.refresh_token)).status, 200);
    const direct = await authorize(common, { person, more: { response_type: 'id_token', response_mode: 'form_post' } });
    assert.ok(!`${direct.url}${direct.body}`.includes('id_token=ey'));
  });

  it('R-020 somebody of another organization does not come in at a tenant, a realm or an organization that was asked for', async () => {
    const [entra, keycloak, auth0, zitadel] = ['entra', 'keycloak', 'auth0', 'zitadel'].map((one) => world.speaker(one));
    const scope = `openid urn:zitadel:iam:org:id:${SHOP_ORG}`;
    const cases = [
      [entra, {}],
      [keycloak, {}],
      [auth0, { organization: SHOP_ORG }],
      [zitadel, { scope }],
    ] as const;
    for (const [at, more] of cases) {
      assert.ok(at);
      const back = await authorize(at, { person: EVE, more });
      assert.equal(back.code, '', at.name);
      if (at.pushed) {
        const form = Object.fromEntries(new URL(authorizeUrl(at, { more }, 'v'.repeat(43))).searchParams);
        const pushed = await post(at.pushed, { ...form, ...proof('shop-web') });
        assert.equal(pushed.status, 201, JSON.stringify(pushed.json));
        const later = await new Visitor(EVE).visit(
          `${at.authorize}?${new URLSearchParams({ client_id: 'shop-web', request_uri: pushed.json.request_uri })}`,
        );
        assert.equal(later.url.searchParams.get('code'), null, `${at.name}, pushed`);
      }
      const begun = await post(at.device, { client_id: 'shop-terminal', ...at.forApi, ...more });
      const typed = await new Visitor(EVE).visit(
        begun.json.verification_uri_complete ??
          `${begun.json.verification_uri ?? begun.json.verification_url}?user_code=${begun.json.user_code}`,
      );
      assert.ok(typed.body.length > 0);
      const polled = await post(at.token, { grant_type: DEVICE, client_id: 'shop-terminal', device_code: begun.json.device_code });
      assert.equal(polled.json.access_token, undefined, `${at.name}, device`);
    }
    const refused = (await world.events('login.failed')).filter(({ reason }) => reason === 'other_organization');
    assert.ok(refused.length >= cases.length, `${refused.length} refusals are in the audit log`);
  });

  it("R-028 a guest's roles at a tenant are those that it gave, and at home none of them", async () => {
    const claims = async (at: Speaker) => claimsOf((await signIn(at, { person })).tokens.access_token);
    assert.deepEqual((await claims(world.speaker('entra'))).roles, ['support']);
    assert.equal((await claims(home)).roles, undefined);
  });

  it('R-028 a guest whom a tenant or a realm sends away is nobody there at once, and stays who they are at home', async () => {
    const there = [world.speaker('entra'), world.speaker('keycloak')];
    const guests = await Promise.all(there.map(async (at) => ({ at, ...(await signIn(at, { person })) })));
    const atHome = await signIn(home, { person });
    for (const { at, tokens } of guests) {
      assert.equal((await userinfo(at, tokens.access_token)).status, 200, at.name);
      if (at.introspect) assert.equal((await introspect(at, tokens.access_token)).json.active, true);
    }
    const sql = 'delete from issuer.role_grant where user_id = $1 and organization_id = $2 returning project_id, role_key';
    const [gone] = await world.sql<{ project_id: string; role_key: string }>(sql, [person.id, SHOP_ORG]);
    assert.ok(gone);
    for (const { at, tokens, browser } of guests) {
      assert.equal((await userinfo(at, tokens.access_token)).status, 401, at.name);
      if (at.introspect) assert.deepEqual((await introspect(at, tokens.access_token)).json, inactive);
      refused(await refresh(at, tokens.refresh_token), at.name);
      assert.equal((await authorize(at, { browser, more: { prompt: 'none' } })).code, '', at.name);
    }
    assert.equal((await userinfo(home, atHome.tokens.access_token)).status, 200);
    const back = 'insert into issuer.role_grant (organization_id, user_id, project_id, role_key) values ($1, $2, $3, $4)';
    await world.sql(back, [SHOP_ORG, person.id, gone.project_id, gone.role_key]);
  });

  it('names of tenants in a path are read one way, or not at all', async () => {
    const entra = world.at('entra');
    const well = (name: string) => get(`${entra}/${name}/v2.0/.well-known/openid-configuration`);
    const { issuer } = world.speaker('entra');
    for (const name of [SHOP_ORG, SHOP_ORG.toUpperCase(), 'shop.example', 'SHOP.example'])
      assert.equal((await well(name)).json.issuer, issuer, name);
    assert.notEqual((await well('other.example')).json.issuer, issuer);
    for (const name of [
      'nobody.example',
      '%2e%2e',
      `x%2f${SHOP_ORG}`,
      `${SHOP_ORG}%00`,
      `${SHOP_ORG}%20`,
      '__proto__',
      'constructor',
      '%',
      `${SHOP_ORG};x`,
    ]) {
      const { status, json } = await well(name);
      assert.ok(status === 404 || status === 400, `${name} ${status}`);
      assert.equal(json.issuer, undefined, name);
    }
    const realm = (name: string) => get(`${world.at('keycloak')}/realms/${name}/.well-known/openid-configuration`);
    assert.equal((await realm(SHOP_ORG)).json.issuer, world.speaker('keycloak').issuer);
    for (const name of ['..', '%2e%2e', 'nobody', '__proto__', `${SHOP_ORG}%2fx`, `${SHOP_ORG}%00`, '%E0%A4%A'])
      assert.equal((await realm(name)).json.issuer, undefined, name);
  });
});
