/** Ways to a token beside the code, at every origin: assertions, guesses, devices, pushed requests and tokens as proof. */
import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { postgresSkipped } from '@safeconduct/test-support/postgres';
import {
  type Answer,
  API,
  API_ID,
  authorizeUrl,
  claimsOf,
  get,
  type Hostile,
  OPAQUE,
  OTHER_ORG,
  post,
  programToken,
  proof,
  rows,
  SECRET,
  type Speaker,
  signIn,
  startHostile,
  userinfo,
  Visitor,
} from './dialects.fixtures.test.ts';

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
const BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const PARALLEL = 30;
const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('every dialect', { skip: postgresSkipped }, () => {
  let world: Hostile;
  before(async () => {
    world = await startHostile();
  });
  after(() => world.stop());

  const many = (send: () => Promise<Answer>) => Promise.all(Array.from({ length: PARALLEL }, send));
  const won = (answers: readonly Answer[]) => answers.filter(({ json }) => json.access_token !== undefined);

  for (const row of rows) {
    describe(`at ${row}`, () => {
      let at: Speaker;
      before(() => {
        at = world.speaker(row);
      });

      it('R-033 an assertion is for this issuer, of this application, for now; used again only where the dialect lets it', async () => {
        const now = Math.floor(Date.now() / 1000);
        const good = { iss: 'key-robot', sub: 'key-robot', aud: at.issuer, iat: now, exp: now + 60 };
        const strict = { ...good, iss: 'strict-robot', sub: 'strict-robot' };
        const jti = () => ({ jti: randomUUID() });
        const show = (assertion: string, id = 'key-robot') =>
          post(at.token, {
            ...{ grant_type: 'client_credentials', client_id: id, ...at.forProgram, client_assertion: assertion },
            client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          });
        const other = world.speakers.find((one) => one.name !== row)?.issuer;
        const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
        const text = `${encoded({ alg: 'HS256', kid: 'robot-1' })}.${encoded({ ...good, ...jti() })}`;
        const bad: Readonly<Record<string, string>> = {
          'for another issuer': asserted(world.key, { ...good, ...jti(), aud: other }),
          'for nobody': asserted(world.key, { ...good, ...jti(), aud: [] }),
          'without an audience': asserted(world.key, { ...good, ...jti(), aud: undefined }),
          expired: asserted(world.key, { ...good, ...jti(), exp: now - 60 }),
          'without an end': asserted(world.key, { ...good, ...jti(), exp: undefined }),
          'without end in sight': asserted(world.key, { ...good, ...jti(), exp: now + 90_000 }),
          'not yet good': asserted(world.key, { ...good, ...jti(), nbf: now + 600 }),
          'of another key': asserted(stranger, { ...good, ...jti() }),
          'of another application': asserted(world.key, { ...strict, ...jti() }),
          'about another application': asserted(world.key, { ...good, ...jti(), sub: 'shop-robot' }),
          'alg none': `${encoded({ alg: 'none' })}.${encoded({ ...good, ...jti() })}.`,
          HS256: `${text}.${createHmac('sha256', SECRET).update(text).digest('base64url')}`,
          'no JWT': 'x.y.z',
          nothing: '',
        };
        for (const [what, assertion] of Object.entries(bad)) {
          const { status, json } = await show(assertion);
          assert.ok(status >= 400 && status < 500, `${what} ${status}`);
          assert.equal(json.access_token, undefined, what);
          // In one dialect an assertion alone is a request too: whose it is, it says itself.
          if (what === 'of another application') continue;
          const alone = await post(at.token, { grant_type: BEARER, assertion, ...at.forProgram });
          assert.ok(alone.status >= 400 && alone.status < 500, `${what} ${alone.status}`);
          assert.equal(alone.json.access_token, undefined, what);
        }
        const value = asserted(world.key, { ...strict, ...jti() });
        assert.equal((await show(value, 'strict-robot')).status, 200);
        assert.ok((await show(value, 'strict-robot')).status >= 400, 'used again');
        assert.ok((await show(asserted(world.key, strict), 'strict-robot')).status >= 400, 'without an identifier');
        assert.ok((await show(asserted(world.key, { ...good, ...jti() }), 'shop-robot')).status >= 400, 'for whom a secret is registered');
        const nameless = asserted(world.key, good);
        const twice = [await show(nameless), await show(nameless)].map(({ status }) => status);
        if (row !== 'zitadel' && row !== 'entra') return assert.ok(twice.every((status) => status >= 400));
        assert.deepEqual(twice, [200, 200]);
        const noted = (await world.events('dialect.lenient')).filter((one) => one.reason === 'assertion_reuse');
        assert.deepEqual(noted, [{ outcome: 'ok', reason: 'assertion_reuse', client: 'key-robot' }]);
      });

      it('R-022 R-040 of many who poll with one approved device code, one gets tokens; it is its application’s alone', async () => {
        const begin = async () => (await post(at.device, { client_id: 'shop-terminal', ...at.forApi })).json;
        const approved = await begin();
        const poll = (device_code: string, client_id = 'shop-terminal') => post(at.token, { grant_type: DEVICE, client_id, device_code });
        await new Visitor().visit(`${at.origin}${deviceOf(at)}?user_code=${approved.user_code}`);
        for (const client of ['free-terminal', 'shop-web']) {
          const { status, json } = await post(at.token, { grant_type: DEVICE, ...proof(client), device_code: approved.device_code });
          assert.ok(status >= 400 && status < 500, client);
          assert.equal(json.access_token, undefined, client);
        }
        await world.sql("update issuer.artifact set polled_at = null where kind = 'DeviceCode'");
        const answers = await many(() => poll(approved.device_code));
        assert.ok(won(answers).length <= 1);
        await world.sql("update issuer.artifact set polled_at = null where kind = 'DeviceCode'");
        const late = await poll(approved.device_code);
        assert.equal(won(answers).length + won([late]).length, 1, JSON.stringify(late.json));
        const pending = await begin();
        assert.equal((await poll(pending.device_code)).json.error, 'authorization_pending');
        const inAddress = await post(`${at.token}?device_code=${pending.device_code}`, { grant_type: DEVICE, client_id: 'shop-terminal' });
        assert.equal(inAddress.json.access_token, undefined);
        assert.ok(inAddress.status >= 400);
      });

      it('R-012 names that every object has are names like any other', async () => {
        for (const name of ['constructor', '__proto__', 'toString']) {
          const asked = ['scope', 'prompt', 'organization', 'connection', 'audience', 'claims', 'client_id', name];
          for (const one of asked) {
            const { status, headers } = await get(authorizeUrl(at, { more: { [one]: name } }, 'v'.repeat(43)));
            assert.ok(status < 500, `${one} ${status}`);
            assert.ok(!String(headers.get('location')).includes('native+code'), one);
          }
          for (const one of ['grant_type', 'scope', 'audience', 'organization', 'client_id', name]) {
            const { status, json } = await programToken(at, { [one]: name });
            assert.ok(status < 500, `${one} ${status}`);
            assert.ok(!JSON.stringify(json).includes('native code'), one);
          }
        }
      });

      it('R-022 a pushed request begins one sign-in', async (t) => {
        const { pushed } = at;
        if (!pushed) return t.skip('this dialect has no pushed requests');
        const form = Object.fromEntries(new URL(authorizeUrl(at, {}, 'v'.repeat(43))).searchParams);
        const { json } = await post(pushed, { ...form, ...proof('shop-web') });
        const url = `${at.authorize}?${new URLSearchParams({ client_id: 'shop-web', request_uri: json.request_uri })}`;
        const backs = await Promise.all(Array.from({ length: 10 }, () => new Visitor().visit(url)));
        assert.equal(backs.filter((back) => back.url.searchParams.has('code')).length, 1);
        assert.equal((await new Visitor().visit(url)).url.searchParams.get('code'), null);
      });

      it('R-029 R-090 no token but its own API’s is good to act for somebody, and no assertion of anybody else', async () => {
        const { tokens } = await signIn(at);
        const other = world.speakers.find((one) => one.name !== row && one.name !== 'standard') ?? at;
        const foreign = (await signIn(other)).tokens.access_token;
        const [head = '', body = '', signature = ''] = tokens.access_token.split('.');
        const { json: program } = await programToken(at);
        const shown: Readonly<Record<string, string>> = {
          'an ID token': tokens.id_token,
          'a refresh token': tokens.refresh_token,
          'a token of another issuer': foreign,
          'a token of a program': program.access_token,
          'alg none': `${encoded({ alg: 'none', typ: 'JWT' })}.${body}.`,
          'another tenant': `${head}.${encoded({ ...claimsOf(tokens.access_token), tid: OTHER_ORG })}.${signature}`,
          'claims that are a list': `${head}.${encoded([OTHER_ORG])}.${signature}`,
          nothing: '',
        };
        const places = row === 'entra' ? [at.token, `${at.origin}/common/oauth2/v2.0/token`] : [at.token];
        const act = (url: string, assertion: string, client = API_ID, resource = OPAQUE) => {
          const wanted: Record<string, string> = row === 'entra' ? { scope: `${resource}/.default` } : { resource };
          return post(url, { ...{ grant_type: BEARER, requested_token_use: 'on_behalf_of', assertion }, ...proof(client), ...wanted });
        };
        for (const url of places) {
          for (const [what, assertion] of Object.entries(shown)) {
            const { status, json } = await act(url, assertion);
            assert.ok(status >= 400 && status < 500, `${what} ${status}`);
            assert.equal(json.access_token, undefined, what);
          }
          for (const client of ['opaque-api', 'other-web', 'shop-web', 'shop-spa'])
            for (const resource of [OPAQUE, API])
              assert.equal((await act(url, tokens.access_token, client, resource)).json.access_token, undefined, client);
          assert.equal((await post(url, { grant_type: BEARER, assertion: tokens.access_token })).json.access_token, undefined);
          const own = await act(url, tokens.access_token);
          assert.equal(own.status === 200, row === 'auth0' || row === 'entra', JSON.stringify(own.json));
        }
      });

      it('R-033 guesses at a secret are slowed down at every origin together, and nobody else is', async () => {
        const guess = (one: Speaker, secret: string) =>
          post(one.token, { grant_type: 'client_credentials', client_id: `only-${row}`, client_secret: secret, ...one.forProgram });
        const answers: number[] = [];
        for (let time = 0; time < 21; time++) {
          const { status, json } = await guess(at, `a wrong one ${time}`);
          answers.push(status);
          assert.ok(!JSON.stringify(json).includes('a wrong one'));
        }
        assert.deepEqual(new Set(answers.slice(0, 20)), new Set([401]));
        assert.equal(answers[20], 429);
        assert.equal((await guess(at, SECRET)).status, 429);
        assert.equal((await programToken(at)).status, 200);
      });
    });
  }

  it('R-033 guesses at one origin are counted at the others', async () => {
    const guess = (at: Speaker) =>
      post(at.token, { grant_type: 'client_credentials', client_id: 'opaque-web', client_secret: 'wrong', ...at.forProgram });
    const [first, second] = [world.speaker('zitadel'), world.speaker('auth0')];
    for (let time = 0; time < 20; time++) assert.equal((await guess(first)).status, 401);
    assert.equal((await guess(second)).status, 401);
    assert.equal((await guess(second)).status, 429);
  });

  it('R-028 tokens of an application that was disabled are nobody, at every origin', async () => {
    const signedIn = await Promise.all(world.speakers.map(async (at) => ({ at, ...(await signIn(at, { client: 'other-web' })) })));
    await world.sql("update issuer.application set disabled_at = now() where id = 'other-web'");
    for (const { at, tokens } of signedIn) assert.equal((await userinfo(at, tokens.access_token)).status, 401, at.name);
  });
});

/** Where a person types the code of a device. */
const deviceOf = ({ name, logout }: Speaker): string => {
  if (name === 'auth0') return '/activate';
  if (name === 'entra') return new URL(logout).pathname.replace('/v2.0/logout', '/deviceauth');
  return name === 'keycloak' ? new URL(logout).pathname.replace('/protocol/openid-connect/logout', '/device') : '/device';
};

/** A signed assertion; members that are undefined are left out. */
function asserted(key: KeyObject, claims: Readonly<Record<string, unknown>>): string {
  const text = `${encoded({ alg: 'ES256', kid: 'robot-1', typ: 'JWT' })}.${encoded(claims)}`;
  return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}
