/** How APIs prove themselves when they introspect, and when secrets and keys end. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { SignJWT } from 'jose';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import { applyConfiguration } from '../configuration/apply.ts';
import { addKey, removeKey } from '../orgs/keys.ts';
import { addSecret, removeSecret } from '../orgs/secrets.ts';
import { createServiceUser } from '../people/service-users.ts';
import type { Run } from '../store/database.ts';
import { type OnEngine, startBareOn } from './bare-issuer.fixtures.test.ts';
import { basic, call } from './browser.fixtures.test.ts';
import { engines } from './harness.test.ts';
import { API, SECRET } from './shop.fixtures.test.ts';

const odd = 'a+secret/with=signs+that-form-encoding-changes+';
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const publicJwk = { ...pair.publicKey.export({ format: 'jwk' }), kid: 'api-key', alg: 'ES256' };
const shop = { id: 'shop', organization: 'shop-org', name: 'Shop' };
const api = (id: string) => ({ id, name: id, resource: `https://${id}.example.test`, scopes: { read: 'Read' } });
const more = {
  projects: [
    {
      ...shop,
      apis: [
        { ...api('signed-api'), jwks: { keys: [publicJwk] }, authMethod: 'private_key_jwt' as const },
        { ...api('odd-api'), secret: odd },
        { ...api('post-api'), secret: SECRET, authMethod: 'client_secret_post' as const },
        api('mute-api'),
      ],
      applications: [
        {
          id: 'caller',
          name: 'Caller',
          kind: 'service' as const,
          secret: SECRET,
          resources: ['signed-api', 'odd-api', 'post-api'].map((id) => api(id).resource),
        },
      ],
    },
  ],
};

for (const { engine, skip } of engines) {
  describe(`credentials on ${engine}`, { skip }, () => {
    let on: OnEngine;
    let url: string;
    before(async () => {
      on = await startBareOn(engine, { applicationCache: 50 });
      ({ url } = on);
      await applyConfiguration(on.bare.store, more, { mode: 'development' });
    });
    after(() => on.end());

    const transact: OnEngine['bare']['store']['transaction'] = (work) => on.bare.store.transaction(work);
    const credentials = async (client: string, resource: string, secret = SECRET) =>
      call(url, '/oauth2/token', { form: { grant_type: 'client_credentials', resource }, headers: basic(client, secret) });
    /** Long enough for the issuer to read registrations again. */
    const noticed = () => pause(60);

    const introspectWith = async (client: string, secret: string, token: string) =>
      (await call(url, '/oauth2/introspect', { form: { token }, headers: plainBasic(client, secret) })).json;
    const plainBasic = (client: string, secret: string) => ({ authorization: `Basic ${btoa(`${client}:${secret}`)}` });
    const metadata = async (): Promise<oauth.AuthorizationServer> => {
      const issuer = new URL(url);
      const answer = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', [oauth.allowInsecureRequests]: true });
      return oauth.processDiscoveryResponse(issuer, answer);
    };
    const ask = async (client: string, authentication: oauth.ClientAuth, token: string) => {
      const as = await metadata();
      const answer = await oauth.introspectionRequest(as, { client_id: client }, authentication, token, {
        additionalParameters: { token_type_hint: 'access_token', scope: 'openid' },
        [oauth.allowInsecureRequests]: true,
      });
      return oauth.processIntrospectionResponse(as, { client_id: client }, answer);
    };
    const signingKey = () =>
      crypto.subtle.importKey('jwk', pair.privateKey.export({ format: 'jwk' }), { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);

    it("S1.10 answers an API that proves itself by Basic, encoded or not, and by the body; others' clients do each", async () => {
      const token = (await credentials('caller', api('odd-api').resource)).json.access_token;
      assert.equal((await introspectWith('odd-api', odd, token)).active, true, 'un-encoded');
      assert.equal((await ask('odd-api', oauth.ClientSecretBasic(odd), token)).sub, 'caller', 'encoded');
      const posted = (await credentials('caller', api('post-api').resource)).json.access_token;
      assert.equal((await ask('post-api', oauth.ClientSecretPost(SECRET), posted)).active, true);
      const config = await openid.discovery(new URL(url), 'odd-api', odd, openid.ClientSecretBasic(odd), {
        execute: [openid.allowInsecureRequests],
      });
      assert.equal((await openid.tokenIntrospection(config, token)).aud, api('odd-api').resource);
      for (const wrong of [`${odd} `, odd.replaceAll('+', ' '), encodeURIComponent(encodeURIComponent(odd)), ''])
        assert.equal((await introspectWith('odd-api', wrong, token)).active, undefined, wrong);
    });

    it('S1.10 answers an API that proves itself by private_key_jwt', async () => {
      const { introspection_endpoint_auth_signing_alg_values_supported: algorithms } = await metadata();
      assert.deepEqual(algorithms, ['ES256', 'RS256', 'PS256', 'Ed25519']);
      const token = (await credentials('caller', api('signed-api').resource)).json.access_token;
      const proof = oauth.PrivateKeyJwt({ key: await signingKey(), kid: 'api-key' });
      assert.equal((await ask('signed-api', proof, token)).active, true);
      const config = await openid.discovery(new URL(url), 'signed-api', undefined, openid.PrivateKeyJwt(await signingKey()), {
        execute: [openid.allowInsecureRequests],
      });
      assert.equal((await openid.tokenIntrospection(config, token)).sub, 'caller');
      const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
      const stranger = await crypto.subtle.importKey('jwk', other, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
      await assert.rejects(ask('signed-api', oauth.PrivateKeyJwt({ key: stranger, kid: 'api-key' }), token), { error: 'invalid_client' });
    });

    it('R-035 answers no API that has nothing to prove itself with', async () => {
      const token = (await credentials('caller', api('odd-api').resource)).json.access_token;
      for (const headers of [{}, plainBasic('mute-api', 'none'), plainBasic('mute-api', '')])
        assert.equal((await call(url, '/oauth2/introspect', { form: { token, client_id: 'mute-api' }, headers })).json.active, undefined);
    });

    it('R-142 takes two keys at a time, refuses a third, and none after its end or removal', async () => {
      const [one, two, three] = ['one', 'two', 'three'].map((kid) => {
        const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
        return { kid, jwk: { ...keys.publicKey.export({ format: 'jwk' }), kid }, privateJwk: keys.privateKey.export({ format: 'jwk' }) };
      });
      assert.ok(one && two && three);
      const { id } = await transact((run) =>
        createServiceUser(run, { organizationId: 'shop-org', name: 'Signing', resources: [API], scopes: ['orders:read'] }),
      );
      const token = async ({ kid, privateJwk }: typeof one) => {
        const key = await crypto.subtle.importKey('jwk', privateJwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
        const answer = await oauth.clientCredentialsGrantRequest(
          await metadata(),
          { client_id: id },
          oauth.PrivateKeyJwt({ key, kid }),
          {},
          {
            [oauth.allowInsecureRequests]: true,
          },
        );
        return answer.status;
      };
      const expiresAt = new Date(Date.now() + 3_000);
      await transact((run) => addKey(run, id, { jwk: one.jwk, expiresAt }));
      await transact((run) => addKey(run, id, { jwk: two.jwk }));
      await assert.rejects(
        transact((run) => addKey(run, id, { jwk: three.jwk })),
        { reason: 'conflict' },
      );
      assert.deepEqual([await token(one), await token(two), await token(three)], [200, 200, 401]);
      await pause(expiresAt.getTime() - Date.now() + 60);
      assert.deepEqual([await token(one), await token(two)], [401, 200]);
      await transact((run) => addKey(run, id, { jwk: three.jwk }));
      await transact((run) => removeKey(run, id, 'two'));
      await noticed();
      assert.deepEqual([await token(two), await token(three)], [401, 200]);
      await transact((run) => removeKey(run, id, 'three'));
      await noticed();
      assert.equal(await token(three), 401, 'without any key it proves nothing');
    });

    it('R-142 a removed secret stops working within seconds', async () => {
      const { id } = await transact((run) =>
        createServiceUser(run, { organizationId: 'shop-org', name: 'Rotating', resources: [API], scopes: ['orders:read'] }),
      );
      const first = await transact((run) => addSecret(run, id));
      const second = await transact((run) => addSecret(run, id));
      const status = async ({ secret }: typeof first) => (await credentials(id, API, secret.reveal())).status;
      assert.deepEqual([await status(first), await status(second)], [200, 200]);
      await transact((run) => removeSecret(run, id, first.id));
      await noticed();
      assert.deepEqual([await status(first), await status(second)], [401, 200]);
    });
  });

  describe(`credentials that end, on ${engine}`, { skip }, () => {
    let on: OnEngine;
    before(async () => {
      on = await startBareOn(engine);
    });
    after(() => on.end());

    const newService = (run: Run) => createServiceUser(run, { organizationId: 'shop-org', name: 'Brief', resources: [API] });
    const token = async (form: Record<string, string>, headers = {}) =>
      (await call(on.url, '/oauth2/token', { form: { grant_type: 'client_credentials', ...form }, headers })).status;
    const endsAt = async (expiresAt: Date, use: () => Promise<number>) => {
      assert.equal(await use(), 200);
      await pause(expiresAt.getTime() - Date.now() + 20);
      assert.equal(await use(), 401);
    };

    it('R-142 a secret ends at its time, although its application was read a moment before', async () => {
      const expiresAt = new Date(Date.now() + 3_000);
      const { id, secret } = await on.bare.store.transaction(async (run) => {
        const user = await newService(run);
        return { id: user.id, secret: (await addSecret(run, user.id, { expiresAt })).secret.reveal() };
      });
      await endsAt(expiresAt, () => token({}, basic(id, secret)));
    });

    it('R-142 a key ends at its time, although its application was read a moment before', async () => {
      const expiresAt = new Date(Date.now() + 3_000);
      const { id } = await on.bare.store.transaction(async (run) => {
        const user = await newService(run);
        await addKey(run, user.id, { jwk: publicJwk, expiresAt });
        return user;
      });
      await endsAt(expiresAt, async () => {
        const proof = new SignJWT()
          .setIssuer(id)
          .setSubject(id)
          .setAudience(on.url)
          .setJti(randomUUID())
          .setIssuedAt()
          .setExpirationTime('1m');
        const client_assertion = await proof.setProtectedHeader({ alg: 'ES256', kid: 'api-key' }).sign(pair.privateKey);
        return token({ client_assertion, client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' });
      });
    });
  });
}
