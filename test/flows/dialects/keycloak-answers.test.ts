/** What a realm answers programs on the wire: an API that asks about a token, a sign-out, and clients that may not. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { freePort } from '@safeconduct/test-support/ports';
import { postgresSkipped } from '@safeconduct/test-support/postgres';
import { answerOf, basic, claimsOf, type Realm, startRealm } from './keycloak.fixtures.test.ts';
import { API, API_ID, CALLBACK, SHOP_ORG, Visitor } from './world.fixtures.test.ts';

const PROTOCOL = '/protocol/openid-connect';

describe('a realm answers', { skip: postgresSkipped }, () => {
  let realm: Realm;
  before(async () => {
    realm = await startRealm({ program: await freePort(), page: await freePort() });
  });
  after(() => realm?.world.stop());

  const token = (form: Readonly<Record<string, string>>, headers = {}) => realm.post(`${PROTOCOL}/token`, form, headers);
  const introspect = async (value: string, headers: Readonly<Record<string, string>> = basic(API_ID)) =>
    realm.post(`${PROTOCOL}/token/introspect`, { token: value }, headers);

  async function signIn(scope?: string) {
    const verifier = randomBytes(32).toString('base64url');
    const asked = new URLSearchParams({
      ...{ client_id: 'shop-spa', redirect_uri: CALLBACK, response_type: 'code', ...(scope !== undefined && { scope }) },
      ...{ code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256' },
    });
    const { url } = await new Visitor().visit(`${realm.issuer}${PROTOCOL}/auth?${asked}`);
    const code = url.searchParams.get('code') ?? '';
    const form = { grant_type: 'authorization_code', client_id: 'shop-spa', code, redirect_uri: CALLBACK, code_verifier: verifier };
    return (await token(form)).json;
  }

  it('an API with the claims that the token itself has', async () => {
    const { access_token: ofPerson } = await signIn('openid');
    const { access_token: ofProgram } = (await token({ grant_type: 'client_credentials' }, basic('shop-robot'))).json;
    for (const value of [ofPerson, ofProgram]) {
      const { 'urn:safeconduct:token': _ours, ...claims } = claimsOf(value);
      const { json } = await introspect(value);
      const { active, client_id, username, token_type, ...told } = json;
      assert.deepEqual([active, client_id, token_type], [true, claims.azp, 'Bearer']);
      assert.equal(username, claims.preferred_username);
      const { client_id: _program, ...said } = claims;
      assert.deepEqual(told, said);
      assert.deepEqual(told.aud, [API_ID, API]);
    }
  });

  it('a program that signs out with a token that is not its own, and takes its own twice', async () => {
    const { refresh_token } = await signIn('openid');
    const signOut = (client_id: string, value: string) => realm.post(`${PROTOCOL}/logout`, { client_id, refresh_token: value });
    for (const [client, value] of [
      ['shop-terminal', refresh_token],
      ['shop-spa', 'zz'],
    ] as const) {
      const { status, json } = await signOut(client, value);
      assert.deepEqual([status, json], [400, { error: 'invalid_grant', error_description: 'Invalid refresh token' }]);
    }
    const { status, json } = await token({ grant_type: 'refresh_token', client_id: 'shop-spa', refresh_token });
    assert.equal(status, 200);
    for (let time = 0; time < 2; time++) assert.equal((await signOut('shop-spa', json.refresh_token)).status, 204);
    assert.equal((await token({ grant_type: 'refresh_token', client_id: 'shop-spa', refresh_token: json.refresh_token })).status, 400);
  });

  it('clients that may not, in Keycloak’s codes', async () => {
    const forItself = await token({ grant_type: 'client_credentials', client_id: 'shop-spa' });
    assert.deepEqual(
      [forItself.status, forItself.json],
      [401, { error: 'unauthorized_client', error_description: 'Public client not allowed to retrieve service account' }],
    );
    const site = await token({ grant_type: 'client_credentials' }, basic('orders-site'));
    assert.deepEqual(
      [site.status, site.json],
      [401, { error: 'unauthorized_client', error_description: 'Client not enabled to retrieve service account' }],
    );
    const nobody = await token({ grant_type: 'client_credentials' });
    assert.deepEqual([nobody.status, nobody.json.error], [401, 'invalid_client']);
    const open = await realm.post(`${PROTOCOL}/token/introspect`, { token: 'x', client_id: 'shop-spa' });
    assert.deepEqual([open.status, open.json.error], [401, 'invalid_client']);
  });

  it('with the scopes of the realm that it granted, and a refresh token to whoever says no scope', async () => {
    const { scope, access_token } = await signIn('openid organization microprofile-jwt roles nope');
    assert.equal(scope, 'openid profile email microprofile-jwt organization');
    const claims = claimsOf(access_token);
    assert.deepEqual([claims.organization, claims.scope.includes('organization')], [[SHOP_ORG], true]);
    const plain = await signIn();
    assert.deepEqual([claimsOf(plain.refresh_token).typ, plain.id_token], ['Refresh', undefined]);
  });

  it('with no words of ours or of others in discovery', async () => {
    const { json } = await answerOf(await fetch(`${realm.issuer}/.well-known/openid-configuration`));
    assert.ok(json.grant_types_supported.every((name: string) => !/safeconduct|auth0/.test(name)));
    assert.equal(json.claims_supported.includes('org_id'), false);
  });
});
