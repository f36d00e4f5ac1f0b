/** Attacks on what stands around an origin's engines: other spellings of a path, programs and guests at tenants, pages without a tenant. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { defineConfig, type IssuerConfiguration } from '@safeconduct/issuer';
import { postgresSkipped } from '@safeconduct/test-support/postgres';
import { startThirdParty, type ThirdParty } from '../flows/dialects/auth0.fixtures.test.ts';
import {
  ADA,
  GUS,
  POST_LOGOUT,
  SECRET,
  SHOP_ORG,
  startWorld,
  Visitor,
  type World,
  withApplication,
} from '../flows/dialects/world.fixtures.test.ts';
import {
  auth0At,
  authorizeUrl,
  claimsOf,
  entraAt,
  get,
  introspect,
  keycloakAt,
  post,
  programToken,
  refresh,
  type Speaker,
  signIn,
  userinfo,
  zitadelAt,
} from './dialects.fixtures.test.ts';

/** Takes notices of sign-outs. */
interface Told {
  readonly url: string;
  /** Claims of the next one. */
  next(): Promise<Record<string, unknown>>;
  close(): void;
}

async function startTold(): Promise<Told> {
  const waiting: ((claims: Record<string, unknown>) => void)[] = [];
  const server = createServer(async (request, response) => {
    const form = new URLSearchParams((await request.toArray()).join(''));
    response.end();
    waiting.shift()?.(claimsOf(form.get('logout_token') ?? ''));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}/signed-out`,
    next: () => new Promise((resolve) => waiting.push(resolve)),
    close: () => server.close(),
  };
}

function declared(base: IssuerConfiguration, { url: backchannelLogoutUri }: Told, { url: there }: ThirdParty): IssuerConfiguration {
  const ferry = {
    ...{ id: 'ferry', organization: SHOP_ORG, name: 'Ferry', preset: 'oauth2' as const, clientId: 'shop', secret: 'a secret there' },
    endpoints: { authorization: `${there}/authorize`, token: `${there}/token`, userinfo: `${there}/me` },
    ...{ scopes: ['notes'], signIn: true, signUp: true },
  };
  return defineConfig({ ...withApplication(base, 'shop-web', () => ({ backchannelLogoutUri })), connections: [ferry] });
}

/** Sends a request target as it is. */
function targeted(origin: string, target: string): Promise<string> {
  const { hostname, port, protocol } = new URL(origin);
  assert.equal(protocol, 'http:');
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(`GET ${target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('end', () => resolve(text.split('\r\n', 1)[0] ?? ''));
    socket.on('error', reject);
  });
}

describe('around the engines of an origin', { skip: postgresSkipped }, () => {
  let world: World;
  let told: Told;
  let there: ThirdParty;
  let speakers: readonly Speaker[];
  let otherTenant: string;
  before(async () => {
    told = await startTold();
    there = await startThirdParty();
    world = await startWorld({ dialects: ['zitadel', 'auth0+entra', 'keycloak'], declare: (base) => declared(base, told, there) });
    const entra = world.at('entra');
    const other = await get(`${entra}/other.example/v2.0/.well-known/openid-configuration`);
    otherTenant = String(new URL(other.json.issuer).pathname.split('/')[1]);
    speakers = [
      zitadelAt(world.at('zitadel')),
      auth0At(world.at('auth0')),
      entraAt(entra, SHOP_ORG),
      keycloakAt(world.at('keycloak'), SHOP_ORG),
    ];
  });
  after(async () => {
    await world.stop();
    await there.close();
    told.close();
  });

  it('R-012 an endpoint has one spelling: no other brings a caller’s own words to the engine', async () => {
    for (const at of speakers) {
      const begun = new URL(authorizeUrl(at, {}, 'v'.repeat(43)));
      begun.searchParams.set('safeconduct_asked', 'a word of ours');
      begun.pathname += '/';
      const { status, headers } = await get(begun.href);
      assert.deepEqual([status, headers.get('location')], [404, null], at.name);
      const spellings = [`${at.token}/`, at.token.replace(/token$/, 'TOKEN'), at.device.replace(/[^/]+$/, (last) => last.toUpperCase())];
      for (const url of [...spellings, `${at.device}/`])
        assert.equal(
          (await post(url, { grant_type: 'client_credentials', client_id: 'shop-robot', client_secret: SECRET })).status,
          404,
          url,
        );
    }
    assert.match(await targeted(world.home, '/oauth2/token/#'), /^HTTP\/1\.1 400 /);
  });

  it('sends people to their account at the main issuer', async () => {
    for (const path of ['/', '/account', '/account/signed-in'])
      assert.equal((await get(world.at('zitadel') + path)).headers.get('location'), `${world.home}/account`);
  });

  it('makes the keys of every tenant once, however many ask at the same time', async () => {
    const keys = `${world.at('entra')}/common/discovery/v2.0/keys`;
    const sets = await Promise.all(Array.from({ length: 20 }, async () => (await get(keys)).json.keys.length));
    // Two for each of them, the one that runs the issuer included.
    assert.deepEqual(new Set(sets), new Set([6]));
    const [made] = await world.sql<{ count: string }>(`select count(*) from issuer.signing_key where issuer like $1`, [
      `${world.at('entra')}/%/v2.0`,
    ]);
    assert.equal(Number(made?.count), 6);
  });

  it('R-031 a program of one organization gets no token of another organization’s issuer', async () => {
    for (const at of [entraAt(world.at('entra'), otherTenant), keycloakAt(world.at('keycloak'), 'other-org')]) {
      const { status, json } = await programToken(at);
      assert.deepEqual([status, json.error, json.access_token], [400, 'unauthorized_client', undefined], at.issuer);
    }
    for (const at of speakers) assert.equal((await programToken(at)).status, 200, at.name);
  });

  it('R-028 who is a guest no more is nobody at the tenant, with every token of then', async () => {
    const [, , entra, keycloak] = speakers;
    assert.ok(entra && keycloak);
    const [here, atEntra] = [await signIn(keycloak, { person: GUS }), await signIn(entra, { person: GUS })];
    assert.equal((await introspect(keycloak, here.tokens.access_token)).json.active, true);
    await world.sql(`update issuer.role_grant set user_id = 'usr_ben' where user_id = 'usr_gus'`);
    assert.deepEqual((await introspect(keycloak, here.tokens.access_token)).json, { active: false });
    for (const [at, { tokens }] of [
      [keycloak, here],
      [entra, atEntra],
    ] as const) {
      assert.equal((await userinfo(at, tokens.access_token)).status, 401, at.name);
      assert.equal((await refresh(at, tokens.refresh_token)).status, 400, at.name);
    }
    await world.sql(`update issuer.role_grant set user_id = 'usr_gus' where user_id = 'usr_ben'`);
    assert.equal((await introspect(keycloak, here.tokens.access_token)).json.active, true);
  });

  it('R-040 a code that is typed at another origin can still be typed at its own', async () => {
    const [zitadel, , , keycloak] = speakers;
    assert.ok(zitadel && keycloak);
    const begun = await post(zitadel.device, { client_id: 'shop-terminal', ...zitadel.forApi });
    const { user_code: code, verification_uri_complete: complete } = begun.json;
    const elsewhere = await new Visitor(ADA).visit(`${world.at('keycloak')}/realms/${SHOP_ORG}/device?user_code=${code}`);
    assert.ok(!elsewhere.body.includes('Shop in a terminal'));
    await new Visitor(ADA).visit(complete);
    const form = { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', client_id: 'shop-terminal' };
    assert.equal((await post(zitadel.token, { ...form, device_code: begun.json.device_code })).status, 200);
  });

  it('serves what its pages need, and the way back from third parties, where every path has a tenant', async () => {
    const [, , entra, keycloak] = speakers;
    assert.ok(entra && keycloak);
    for (const at of [keycloak, entra]) {
      const browser = new Visitor();
      const asked = await browser.send(authorizeUrl(at, {}, 'v'.repeat(43)));
      const interaction = new URL(String(asked.headers.get('location')), at.origin);
      const page = await (await browser.send(interaction.href)).text();
      const [, style = ''] = /href="(\/assets\/[^"]*\.css)"/.exec(page) ?? [];
      assert.equal((await get(at.origin + style)).status, 200, at.name);
      const [, csrf = ''] = /name="csrf" value="([^"]*)"/.exec(page) ?? [];
      const form = { method: 'POST', body: new URLSearchParams({ csrf }), headers: { origin: at.origin } };
      const leaving = await browser.send(`${interaction.href}/connection/ferry`, form);
      const [, to = ''] = /(http:\/\/127\.0\.0\.1:\d+\/authorize[^"]*)"/.exec(await leaving.text()) ?? [];
      const back = await fetch(to.replaceAll('&amp;', '&'), { redirect: 'manual' });
      const { url } = await browser.visit(String(back.headers.get('location')));
      assert.ok(url.searchParams.get('code'), `${at.name} ${url.href.slice(0, 200)}`);
      assert.equal((await get(`${at.origin}/connections/ferry/callback?code=x&state=y`)).status >= 400, true);
    }
  });

  it('R-061 an application hears of a sign-out from the issuer that it knows, also when it was at a place of all tenants', async () => {
    const entra = speakers.find(({ dialect }) => dialect === 'entra');
    assert.ok(entra);
    const common = entraAt(world.at('entra'), 'common');
    const leave = (browser: Visitor, at: Speaker) =>
      browser.visit(`${at.logout}?${new URLSearchParams({ post_logout_redirect_uri: POST_LOGOUT })}`);
    const [first, second] = [told.next(), told.next()];
    await leave((await signIn(common)).browser, common);
    // What waits goes out with the next one of the same issuer.
    await leave((await signIn(entra)).browser, entra);
    const hinted = await signIn(common);
    const third = told.next();
    const asked = { id_token_hint: hinted.tokens.id_token, post_logout_redirect_uri: POST_LOGOUT };
    const { url } = await hinted.browser.visit(`${common.logout}?${new URLSearchParams(asked)}`);
    assert.equal(url.href, POST_LOGOUT);
    for (const { iss, events } of [await first, await second, await third]) {
      assert.equal(iss, entra.issuer);
      assert.ok(events);
    }
  });
});

describe('sign-outs that another process left', { skip: postgresSkipped }, () => {
  let world: World;
  let told: Told;
  let there: ThirdParty;
  before(async () => {
    told = await startTold();
    there = await startThirdParty();
    world = await startWorld({ dialects: ['auth0+entra', 'keycloak'], tls: false, declare: (base) => declared(base, told, there) });
  });
  after(async () => {
    await world?.stop();
    await there?.close();
    told?.close();
  });

  it('R-061 are told by the issuers that the application knows, although nobody asked those for anything here', async () => {
    const [auth0, keycloak] = [world.at('auth0'), world.at('keycloak')];
    // As they are queued: of an issuer for everybody, of a place of all tenants, and of a tenant.
    const realms = [`${auth0} auth0`, `${auth0} entra`, `${keycloak} keycloak ${SHOP_ORG}`];
    const heard = realms.map(() => told.next());
    for (const [index, realm] of realms.entries())
      await world.sql(
        `insert into issuer.logout_notice (id, client_id, account_id, sid, realm, expires_at)
          values ($1, 'shop-web', $2, 'a session', $3, now() + interval '1 day')`,
        [`lgn_left${index}`, ADA.id, realm],
      );
    for (let time = 0; time < 2; time++) await world.maintain();
    const issuers = (await Promise.all(heard)).map(({ iss }) => String(iss)).sort();
    assert.deepEqual(issuers, [`${auth0}/`, `${auth0}/${await tenantAt(auth0)}/v2.0`, `${keycloak}/realms/${SHOP_ORG}`].sort());
  });

  const tenantAt = async (origin: string): Promise<string> => {
    const { json } = await get(`${origin}/${SHOP_ORG}/v2.0/.well-known/openid-configuration`);
    return String(new URL(json.issuer).pathname.split('/')[1]);
  };
});
