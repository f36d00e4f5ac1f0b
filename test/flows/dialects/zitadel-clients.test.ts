/** Other people's clients of Zitadel, as they are, and ours: each knows an address, ids, and a secret or a key. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort } from '@safeconduct/test-support/ports';
import { postgresSkipped } from '@safeconduct/test-support/postgres';
import { variant } from '@safeconduct/test-support/variant';
import express from 'express';
import * as client from 'openid-client';
import passport from 'passport';
import { ZitadelIntrospectionStrategy } from 'passport-zitadel';
import { Visitor } from './world.fixtures.test.ts';
import {
  ADA,
  API,
  bearing,
  CALLBACK,
  held,
  SECRET,
  signAssertion,
  startZitadel,
  tokensOf,
  urn,
  type World,
} from './zitadel.fixtures.test.ts';

let world: World;
before(async () => {
  if (!postgresSkipped) world = await startZitadel();
});
after(() => world?.stop());

describe('openid-client', { skip: postgresSkipped }, () => {
  const redirect_uri = `${CALLBACK}/callback`;
  const discover = (id: string, how?: client.ClientAuth) =>
    client.discovery(new URL(world.origin), id, { client_secret: SECRET }, how, { execute: [client.allowInsecureRequests] });

  it('signs somebody in, asks who it was, refreshes, and signs out', async () => {
    const config = await discover('web');
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const expected = { pkceCodeVerifier, expectedNonce: client.randomNonce(), expectedState: client.randomState() };
    const asked = client.buildAuthorizationUrl(config, {
      ...{ redirect_uri, nonce: expected.expectedNonce, state: expected.expectedState },
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      scope: `openid profile email offline_access ${urn}:org:projects:roles ${urn}:org:project:id:shop:aud`,
    });
    const browser = new Visitor(ADA);
    const { url } = await browser.visit(asked.href);
    const tokens = await client.authorizationCodeGrant(config, url, expected);
    const { sub = '', aud } = tokens.claims() ?? {};
    assert.ok(sub === ADA.id && Array.isArray(aud) && aud.includes('shop'));
    const userinfo = await client.fetchUserInfo(config, tokens.access_token, sub);
    assert.equal(userinfo.email, ADA.email);
    const again = await client.refreshTokenGrant(config, tokens.refresh_token ?? '');
    assert.notEqual(again.refresh_token, tokens.refresh_token);
    const leave = client.buildEndSessionUrl(config, { id_token_hint: again.id_token ?? '', post_logout_redirect_uri: `${CALLBACK}/bye` });
    assert.equal((await browser.visit(leave.href)).url.href, `${CALLBACK}/bye`);
  });

  it('asks about a token as an API with a key, and ends one', async () => {
    const { access_token } = await tokensOf(world);
    const key = await crypto.subtle.importKey(
      'pkcs8',
      world.key.export({ format: 'der', type: 'pkcs8' }),
      { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
      false,
      ['sign'],
    );
    const config = await discover('jwt-api', client.PrivateKeyJwt({ key, kid: 'key-1' }));
    assert.equal((await client.tokenIntrospection(config, access_token)).sub, ADA.id);
    await client.tokenRevocation(await discover('cli', client.None()), access_token);
    assert.equal((await client.tokenIntrospection(config, access_token)).active, false);
  });

  it('asks for a service user, with its secret or by the JWT profile', async () => {
    const scope = `openid profile ${urn}:org:project:id:shop:aud`;
    const api = await discover(API);
    const bySecret = await client.clientCredentialsGrant(await discover('ci-bot'), { scope });
    const assertion = await signAssertion(world, 'key-bot');
    const byKey = await client.genericGrantRequest(
      await discover('key-bot', client.None()),
      'urn:ietf:params:oauth:grant-type:jwt-bearer',
      {
        ...{ scope, assertion },
      },
    );
    for (const [{ access_token }, sub] of [
      [bySecret, 'ci-bot'],
      [byKey, 'key-bot'],
    ] as const)
      assert.equal((await client.tokenIntrospection(api, access_token)).sub, sub);
  });

  it('signs in on a device', async () => {
    const config = await discover('cli', client.None());
    const started = await client.initiateDeviceAuthorization(config, { scope: 'openid profile' });
    const { response } = await new Visitor(ADA).visit(started.verification_uri_complete ?? '');
    assert.equal(response.status, 200);
    const tokens = await client.pollDeviceAuthorizationGrant(config, { ...started, interval: 1 });
    assert.equal(tokens.claims()?.sub, ADA.id);
  });
});

describe('passport-zitadel', { skip: postgresSkipped }, () => {
  const servers: Server[] = [];
  after(() => servers.forEach((server) => void server.close()));

  type Authorization = ConstructorParameters<typeof ZitadelIntrospectionStrategy>[0]['authorization'];

  /** An API behind it, and what it answers to a bearer. */
  async function guarded(authorization: Authorization) {
    const app = express();
    const authenticator = new passport.Passport();
    authenticator.use(new ZitadelIntrospectionStrategy({ authority: world.origin, authorization }));
    app.get('/', authenticator.authenticate('zitadel-introspection', { session: false }), (request, response) => {
      response.json((request as { user?: object }).user);
    });
    const server = app.listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    return (headers: Record<string, string>) => fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, { headers });
  }

  const ways: readonly [string, () => Authorization][] = [
    ['a secret', () => ({ type: 'basic', clientId: API, clientSecret: SECRET })],
    [
      'a key of its application',
      () => {
        const key = String(world.key.export({ format: 'pem', type: 'pkcs1' }));
        return { type: 'jwt-profile', profile: { type: 'application', keyId: 'key-1', key, appId: 'jwt-api', clientId: 'jwt-api' } };
      },
    ],
  ];
  for (const [name, authorization] of ways) {
    it(`lets people in, again and again, with ${name}`, async () => {
      const ask = await guarded(authorization());
      const { access_token } = await tokensOf(world);
      for (let time = 0; time < 3; time++) {
        const answer = await ask(bearing(access_token));
        assert.equal(answer.status, 200);
        const user = (await answer.json()) as Record<string, unknown>;
        assert.equal(user.sub, ADA.id);
        assert.deepEqual(user[`${urn}:org:project:roles`], { admin: { acme: 'acme.example' }, ...held });
      }
      assert.equal((await ask(bearing('nr9vnUTkQkn4rxWk'))).status, 401);
      assert.equal((await ask({})).status, 401);
    });
  }

  it('has its use of one assertion again and again written down', async () => {
    const lenient = await world.events('dialect.lenient');
    assert.ok(lenient.some(({ client: id, reason }) => id === 'jwt-api' && reason === 'assertion_reuse'));
  });
});

describe('the guarded API of the examples, changed by its zitadel.diff', { skip: postgresSkipped }, () => {
  let api: ChildProcess;
  let directory: string;
  let ask: (path: string, token?: string) => Promise<number>;

  before(async () => {
    const example = fileURLToPath(new URL('../../../examples/guarded-api', import.meta.url));
    directory = variant(example, { parts: ['src', 'package.json'], diffs: ['zitadel.diff'] });
    const port = await freePort();
    const settings = { ISSUER: world.origin, AUDIENCE: 'shop', CLIENT_ID: API, CLIENT_SECRET: SECRET, PORT: String(port) };
    api = spawn(process.execPath, ['--conditions=safeconduct-source', 'src/server.ts'], {
      ...{ cwd: directory, env: { ...process.env, ...settings }, stdio: ['ignore', 'pipe', 'ignore'] },
    });
    if (api.stdout) await once(api.stdout, 'data');
    ask = async (path, token) => (await fetch(`http://127.0.0.1:${port}/api/${path}`, { headers: token ? bearing(token) : {} })).status;
  });
  after(async () => {
    if (api?.kill()) await once(api, 'exit');
    if (directory) rmSync(directory, { recursive: true, force: true });
  });

  it('S1.1 S1.2 S1.4 S1.5 S1.6 S1.7 follows the roles of a personal access token', async () => {
    const { token } = await world.personalToken();
    assert.deepEqual([await ask('public'), await ask('private'), await ask('private', token)], [200, 401, 200]);
    assert.equal(await ask('private-scoped', token), 200);
    await world.admin('DELETE', '/grants/ci-bot/shop/read:messages');
    assert.equal(await ask('private-scoped', token), 403);
    await world.admin('POST', '/grants', { user: 'ci-bot', project: 'shop', role: 'read:messages' });
    assert.equal(await ask('private-scoped', token), 200);
  });

  it('S1.9 S1.11 S1.12 takes people’s tokens too, and none of another project or that ended', async () => {
    const { access_token } = await tokensOf(world);
    assert.equal(await ask('private-scoped', access_token), 200);
    assert.equal(await ask('private', (await world.personalToken('https://depot.example')).token), 401);
    const { id, token } = await world.personalToken();
    await world.admin('DELETE', `/tokens/${id}`);
    assert.equal(await ask('private', token), 401);
  });
});
