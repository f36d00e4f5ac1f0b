/** What one issuer gives out is unknown to every other: between origins, tenants and realms (RFC 9700, 4.4). */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { postgresSkipped } from '@safeconduct/test-support/postgres';
import {
  type Answer,
  authorize,
  authorizeUrl,
  CALLBACK,
  entraAt,
  GUS,
  get,
  type Hostile,
  introspect,
  keycloakAt,
  OPAQUE,
  post,
  proof,
  redeem,
  refresh,
  rows,
  type Speaker,
  signIn,
  startHostile,
  type Tokens,
  userinfo,
  Visitor,
} from './dialects.fixtures.test.ts';

/** Gus has an account at every issuer: of his own organization, and as a guest. */
const person = GUS;
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';

/** Keeps the values of cookies, as whoever reads a browser's disk does. */
class Thief extends Visitor {
  readonly taken = new Map<string, string>();
  override async send(url: string, init: RequestInit = {}): Promise<Response> {
    const response = await super.send(url, init);
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';', 1);
      if (!pair.endsWith('=')) this.taken.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    return response;
  }
}

describe('between issuers', { skip: postgresSkipped }, () => {
  let world: Hostile;
  let all: readonly Speaker[];
  before(async () => {
    world = await startHostile();
    const [entra, keycloak] = [world.at('entra'), world.at('keycloak')];
    all = [
      ...world.speakers,
      { ...entraAt(entra, world.otherTenant), name: 'another tenant of entra' },
      { ...entraAt(entra, 'common'), name: 'common of entra' },
      { ...keycloakAt(keycloak, 'other-org'), name: 'another realm of keycloak' },
    ];
  });
  after(() => world.stop());

  const others = (at: Speaker) => all.filter((one) => one !== at);
  const inactive = { active: false };
  const refused = ({ status, json }: Answer, what: string) => {
    assert.ok(status >= 400 && status < 500, `${what}: ${status} ${JSON.stringify(json)}`);
    assert.match(String(json.error), /^(invalid_grant|expired_token)$/, what);
    assert.equal(json.access_token, undefined, what);
  };

  for (const row of rows) {
    describe(`what ${row} gave`, () => {
      let at: Speaker;
      let tokens: Tokens;
      let opaque: string;
      before(async () => {
        at = world.speaker(row);
        ({ tokens } = await signIn(at, { person }));
        const look = row === 'keycloak' ? 'openid profile look' : 'openid profile';
        const more = { scope: row === 'entra' ? `${look} ${OPAQUE}/look` : look, audience: '', resource: row === 'entra' ? '' : OPAQUE };
        opaque = (await signIn(at, { person, client: 'opaque-web', more })).tokens.access_token;
        assert.match(opaque, /^sc_at_/);
      });

      it('R-020 a code is redeemed nowhere else, and is still good at home', async () => {
        const back = await authorize(at, { person });
        for (const other of others(at)) refused(await redeem(other, back), other.name);
        assert.equal((await redeem(at, back)).status, 200);
      });

      it('R-024 a refresh token refreshes nowhere else, and is still good at home', async () => {
        for (const other of others(at)) refused(await refresh(other, tokens.refresh_token), other.name);
        const renewed = await refresh(at, tokens.refresh_token);
        assert.equal(renewed.status, 200);
        if (renewed.json.refresh_token) tokens = { ...tokens, refresh_token: renewed.json.refresh_token };
      });

      it('R-040 a device code is polled nowhere else', async () => {
        const begun = await post(at.device, { client_id: 'shop-terminal', ...at.forApi });
        assert.equal(begun.status, 200, JSON.stringify(begun.json));
        const poll = (one: Speaker) =>
          post(one.token, { grant_type: DEVICE, client_id: 'shop-terminal', device_code: begun.json.device_code });
        for (const other of others(at)) refused(await poll(other), other.name);
        const typed = await get(`${others(at).find((one) => one.origin !== at.origin)?.origin}/device?user_code=${begun.json.user_code}`);
        assert.ok(!String(typed.json).includes('Shop in a terminal'));
        assert.equal((await poll(at)).json.error, 'authorization_pending');
      });

      it('R-035 R-092 an access token, a JWT or opaque, tells nobody else anything, and an ID token is none', async () => {
        for (const value of [tokens.access_token, opaque, tokens.id_token, tokens.refresh_token]) {
          for (const other of others(at)) {
            // There the token names its tenant.
            if (row === 'entra' && other.name === 'common of entra' && value === tokens.access_token) continue;
            const { status, json } = await userinfo(other, value);
            assert.equal(status, 401, other.name);
            assert.equal(json.sub, undefined);
            if (other.introspect) assert.deepEqual((await introspect(other, value)).json, inactive, other.name);
          }
        }
        assert.equal((await userinfo(at, tokens.id_token)).status, 401);
        assert.equal((await userinfo(at, tokens.refresh_token)).status, 401);
        if (at.introspect) assert.deepEqual((await introspect(at, tokens.id_token)).json, inactive);
        for (const value of [tokens.access_token, opaque]) assert.equal((await userinfo(at, value)).status, 200);
      });

      it('R-036 nobody else ends a token', async () => {
        for (const other of others(at)) {
          for (const token of [tokens.access_token, tokens.refresh_token])
            if (other.revoke) assert.equal((await post(other.revoke, { token, ...proof('shop-web') })).status, 200, other.name);
        }
        assert.equal((await userinfo(at, tokens.access_token)).status, 200);
        assert.equal((await refresh(at, tokens.refresh_token)).status, 200);
      });

      it('R-011 R-054 a session and a sign-in under way are unknown elsewhere, under any name of a cookie', async () => {
        const thief = new Thief(person);
        await authorize(at, { browser: thief });
        const begun = await new Thief().send(authorizeUrl(at, {}, 'v'.repeat(43)));
        const page = new URL(String(begun.headers.get('location')), at.origin);
        const under = begun.headers
          .getSetCookie()
          .map((line) => line.split(';', 1)[0])
          .join('; ');
        for (const other of others(at).filter((one) => one.origin !== at.origin || one.dialect !== at.dialect)) {
          const quiet = authorizeUrl(other, { more: { prompt: 'none' } }, 'v'.repeat(43));
          const asIs = await thief.send(quiet);
          assert.match(String(asIs.headers.get('location')), /error=login_required/, other.name);
          const named = await new Visitor().send(quiet, { headers: { cookie: await renamed(thief.taken, other) } });
          assert.match(String(named.headers.get('location')), /error=login_required/, other.name);
          if (other.origin === at.origin) continue;
          const opened = await fetch(`${other.origin}${page.pathname}`, { headers: { cookie: under }, redirect: 'manual' });
          assert.ok(opened.status >= 400, `${other.name} ${opened.status}`);
          assert.ok(!(await opened.text()).includes('type="password"'), other.name);
        }
      });

      it('R-002 R-033 an application of another dialect is unknown here', async () => {
        for (const client of rows.filter((one) => one !== row).map((one) => `only-${one}`)) {
          const asked = await get(authorizeUrl(at, { client }, 'v'.repeat(43)));
          assert.equal(asked.status, 400);
          assert.equal(asked.headers.get('location'), null);
          const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token, ...proof(client) };
          for (const url of [at.token, at.introspect, at.revoke, at.pushed]) {
            if (url === undefined) continue;
            const { status, json } = await post(url, {
              ...form,
              token: tokens.access_token,
              redirect_uri: CALLBACK,
              response_type: 'code',
            });
            assert.ok(status === 401 || status === 400, `${url} ${status}`);
            assert.equal(json.error, 'invalid_client', `${client} ${url}`);
          }
        }
      });

      /** The values of one issuer's cookies under the names that another gives. */
      async function renamed(taken: ReadonlyMap<string, string>, other: Speaker): Promise<string> {
        const own = new Thief(person);
        await authorize(other.name.startsWith('common') ? world.speaker('entra') : other, { browser: own });
        const value = (start: string) => [...taken].find(([name]) => name.includes(start) && !name.endsWith('.sig'))?.[1] ?? '';
        const signature = (start: string) => [...taken].find(([name]) => name.includes(start) && name.endsWith('.sig'))?.[1] ?? '';
        return [...own.taken.keys()]
          .filter((name) => name.includes('sc_session'))
          .map((name) => `${name}=${name.endsWith('.sig') ? signature('sc_session') : value('sc_session')}`)
          .join('; ');
      }
    });
  }

  it('R-031 keys differ by issuer, and no private part is published', async () => {
    const kids = new Map<string, string>();
    for (const one of world.speakers) {
      const { json } = await get(one.jwks);
      for (const { kid, d } of json.keys) {
        assert.equal(d, undefined);
        assert.equal(kids.has(kid), false, `${kid} of ${one.name} and ${kids.get(kid)}`);
        kids.set(kid, one.name);
      }
    }
  });
});
