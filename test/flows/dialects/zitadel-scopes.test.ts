/** What the scopes of a sign-in at Zitadel decide: whose people may come in, what is told of them, and what a refresh leaves. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { postgresSkipped } from '@safeconduct/test-support/postgres';
import { Visitor } from './world.fixtures.test.ts';
import {
  ADA,
  API,
  basic,
  bearing,
  claimsOf,
  GUS,
  OLA,
  type SignIn,
  signIn,
  startZitadel,
  tokensOf,
  urn,
  type World,
} from './zitadel.fixtures.test.ts';

const [BY_ID, BY_DOMAIN] = [`${urn}:org:id:`, `${urn}:org:domain:primary:`];

describe('the scopes of a sign-in', { skip: postgresSkipped }, () => {
  let world: World;
  before(async () => {
    world = await startZitadel();
  });
  after(() => world?.stop());

  const asks = (scope: string, person = ADA, parameters: SignIn['parameters'] = {}) =>
    signIn(world, { browser: new Visitor(person), parameters: { scope, state: 's', ...parameters } });

  it('let somebody in by the primary domain that the last sign-in told, however it is written', async () => {
    const { id_token } = await tokensOf(world, { browser: new Visitor(OLA), parameters: { scope: `openid ${urn}:user:resourceowner` } });
    const domain = String(claimsOf(id_token)[`${urn}:user:resourceowner:primary_domain`]);
    assert.equal(domain, 'globex.localhost');
    for (const written of [domain, 'Globex.LOCALHOST']) {
      const how = { browser: new Visitor(OLA), parameters: { scope: `openid ${BY_DOMAIN}${written}` } };
      assert.equal(claimsOf((await tokensOf(world, how)).id_token)[`${urn}:org:domain:primary`], domain);
    }
    assert.equal((await asks(`openid ${BY_DOMAIN}${domain}`)).form.code, '');
  });

  it('let nobody in whose organization only calls itself by the name that was asked for', async () => {
    await world.admin('PATCH', '/organizations/acme', { name: 'globex.localhost' });
    assert.equal((await asks(`openid ${BY_DOMAIN}globex.localhost`)).form.code, '');
    assert.notEqual((await asks(`openid ${BY_DOMAIN}globex.localhost`, OLA)).form.code, '');
    await world.admin('PATCH', '/organizations/acme', { name: 'ACME' });
  });

  it('send the browser back where no organization is meant: no name, other spelling or second one counts', async () => {
    for (const scope of ['nope', 'ACME', 'Globex', 'acme.example', `acme ${BY_ID}globex`, `acme ${BY_DOMAIN}globex.localhost`]) {
      const { left } = await asks(`openid ${BY_ID}${scope}`);
      assert.deepEqual([left.searchParams.get('error'), left.searchParams.get('state')], ['invalid_request', 's'], scope);
    }
  });

  it('let in people of the organization, and not those whom it gave a role', async () => {
    assert.notEqual((await asks('openid', GUS)).form.code, '');
    assert.equal((await asks(`openid ${BY_ID}acme`, GUS)).form.code, '');
    assert.notEqual((await asks(`openid ${BY_ID}globex`, GUS)).form.code, '');
  });

  it('say who somebody is when nothing else that is known was asked for', async () => {
    for (const scope of ['', 'foo:bar', `${urn}:user:metadata`]) {
      const { id_token } = await tokensOf(world, { parameters: { scope } });
      const claims = claimsOf(id_token);
      assert.deepEqual([claims.sub, claims.name], [ADA.id, undefined], scope);
    }
    const { json: begun } = await world.post('/oauth/v2/device_authorization', { client_id: 'cli' });
    await new Visitor(ADA).visit(begun.verification_uri_complete);
    const form = { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', client_id: 'cli', device_code: begun.device_code };
    const { json } = await world.post('/oauth/v2/token', form);
    assert.equal(claimsOf(json.id_token).sub, ADA.id);
  });

  it('pass over a hint that cannot be used, and take that of another application of the project', async () => {
    const browser = new Visitor(ADA);
    const { id_token } = await tokensOf(world, { browser, parameters: { client_id: 'web' } });
    const quietly = async (id_token_hint: string) => {
      const { left } = await signIn(world, { browser, parameters: { prompt: 'none', id_token_hint } });
      return left.searchParams.get('error') ?? 'in';
    };
    const { id_token: other } = await tokensOf(world, { browser: new Visitor(OLA) });
    const said = await Promise.all([id_token, `${id_token.slice(0, -6)}abcdef`, 'nonsense', other].map(quietly));
    assert.deepEqual(said, ['in', 'in', 'in', 'login_required']);
  });

  it('are narrowed by a refresh that names fewer: in the answer, the ID token, at userinfo and to an API', async () => {
    const first = await tokensOf(world, { parameters: { scope: `openid profile email offline_access ${urn}:user:metadata` } });
    const refresh = async (token: unknown, scope: string) =>
      (await world.post('/oauth/v2/token', { grant_type: 'refresh_token', client_id: 'cli', refresh_token: String(token), scope })).json;
    const narrow = await refresh(first.refresh_token, 'openid');
    assert.equal(narrow.scope, `openid ${urn}:user:metadata`);
    const { json: userinfo } = await world.get('/oidc/v1/userinfo', bearing(narrow.access_token));
    const { json: told } = await world.post('/oauth/v2/introspect', { token: narrow.access_token }, basic(API));
    assert.equal(told.scope, narrow.scope);
    for (const claims of [claimsOf(narrow.id_token), userinfo, told])
      assert.deepEqual([claims.sub, claims.name, claims.email], [ADA.id, undefined, undefined]);
    // By a reserved scope alone nothing else was meant.
    const reserved = await refresh(narrow.refresh_token, `${urn}:user:metadata`);
    assert.equal(reserved.scope, narrow.scope);
    assert.equal(claimsOf(reserved.id_token).name, undefined);
    const whole = await refresh(reserved.refresh_token, 'openid profile offline_access');
    assert.equal((await world.get('/oidc/v1/userinfo', bearing(whole.access_token))).json.name, 'Ada Keller');
    assert.equal((await refresh(whole.refresh_token, 'unheard-of')).scope, narrow.scope);
  });

  it('are narrowed the same in a token for no API', async () => {
    const { form } = await asks('openid profile email offline_access', ADA, { client_id: 'strict-web' });
    const { json } = await world.post('/oauth/v2/token', form, basic('strict-web'));
    const refresh = { grant_type: 'refresh_token', refresh_token: json.refresh_token, scope: 'openid' };
    const { json: narrow } = await world.post('/oauth/v2/token', refresh, basic('strict-web'));
    const { json: userinfo } = await world.get('/oidc/v1/userinfo', bearing(narrow.access_token));
    assert.deepEqual([narrow.scope, userinfo.sub, userinfo.name], ['openid', ADA.id, undefined]);
  });
});
