/** The walk of the README, and every promise around it, over real HTTP: the issuer, the command, the API, curl. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { protect, type Requirement } from 'safeconduct/protect';
import { safeconduct as preset } from 'safeconduct/providers';
import { bearing, curl, curlSkipped, type Home, type RunningApi, startApi, startHome } from './running.fixtures.test.ts';
import { accessTokenOf } from './signed-in.fixtures.test.ts';

const audience = 'http://127.0.0.1:5000/api';
const role = 'read:messages';
const texts = {
  '/api/public': "Public route - You don't need to be authenticated to see this.",
  '/api/private': 'Private route - You need to be authenticated to see this.',
  '/api/private-scoped': 'Private, scoped route - You need to be authenticated and have the role read:messages to see this.',
} as const;
const person = { email: 'mia@messages.example', password: 'demo-harvest-lantern' };

describe('the guarded API', { skip: curlSkipped }, () => {
  let home: Home;
  let env: NodeJS.ProcessEnv;
  let pat: string;
  before(async () => {
    home = await startHome();
    env = await prepare(home);
    pat = (await newToken(home)).token;
  });
  after(() => home?.close());

  const give = (key: string, user = 'svc_messenger') => home.admin('POST', '/grants', { user, project: 'messages', role: key });
  const take = (key = role) => home.admin('DELETE', `/grants/svc_messenger/messages/${encodeURIComponent(key)}`);

  for (const [name, diffs] of [
    ['Express', []],
    ['Fastify', ['fastify.diff']],
    ['Hono', ['hono.diff']],
  ] as const) {
    describe(`on ${name}`, () => {
      let api: RunningApi;
      before(async () => {
        api = await startApi(env, ...diffs);
      });
      after(() => api?.stop());
      const ask = (path: keyof typeof texts, ...args: readonly string[]) => curl(`${api.url}${path}`, ...args);

      it('S1.1 answers everybody on the public route', async () => {
        assert.deepEqual(await ask('/api/public'), { status: 200, challenge: '', body: { message: texts['/api/public'] } });
      });

      it('S1.2 B1.7 refuses whoever sends no token, with a challenge that accuses nobody', async () => {
        const { status, challenge, body } = await ask('/api/private');
        assert.equal(status, 401);
        assert.match(challenge, /^Bearer realm="[^"]+"/);
        assert.doesNotMatch(challenge, /error=/);
        assert.deepEqual(body, { code: 'missing_authorization', description: "Missing 'Authorization' in headers." });
      });

      it('S1.3 B1.7 refuses another scheme', async () => {
        const { status, challenge } = await ask('/api/private', '--user', 'messenger:secret');
        assert.equal(status, 401);
        assert.match(challenge, /^Bearer /);
      });

      it('S1.4 lets a personal access token in', async () => {
        assert.deepEqual(await ask('/api/private', ...bearing(pat)), {
          status: 200,
          challenge: '',
          body: { message: texts['/api/private'] },
        });
      });

      it('S1.5 S1.6 S1.7 B1.1 B1.4 follows the role: given, taken away, given again, with the same token', async () => {
        const scoped = () => ask('/api/private-scoped', ...bearing(pat));
        await give(role);
        assert.deepEqual(await scoped(), { status: 200, challenge: '', body: { message: texts['/api/private-scoped'] } });
        // It was the only one: the token now says nothing about roles.
        await take();
        const refused = await scoped();
        assert.equal(refused.status, 403);
        assert.match(refused.challenge, /error="insufficient_scope".*read:messages/);
        assert.equal((await ask('/api/private', ...bearing(pat))).status, 200);
        await give('write:messages');
        assert.equal((await scoped()).status, 403, 'another role is not this one');
        await give(role);
        assert.equal((await scoped()).status, 200);
        await Promise.all([take(), take('write:messages')]);
      });

      it('S1.9 B1.2 B1.3 refuses tokens that are unknown, were revoked, or belong to nobody any more', async () => {
        const { id, token } = await newToken(home);
        assert.equal((await ask('/api/private', ...bearing(token))).status, 200);
        await home.admin('DELETE', `/tokens/${id}`);
        const mistyped = `${pat.slice(0, -1)}${pat.endsWith('A') ? 'B' : 'A'}`;
        for (const bad of [token, mistyped, 'nr9vnUTkQkn4rxWk', 'a.b.c']) {
          const { status, challenge, body } = await ask('/api/private', ...bearing(bad));
          assert.equal(status, 401, bad.slice(0, 11));
          assert.match(challenge, /error="invalid_token"/);
          const { code, description } = body as Record<string, unknown>;
          assert.equal(code, 'invalid_token');
          // What has no form of this issuer's tokens, it is not asked about.
          if (bad.startsWith('sc_pat_')) assert.equal(description, 'Invalid token (active: false)');
        }
      });

      it('S1.12 B1.10 refuses a token that is for another API', async () => {
        const { token } = await newToken(home, 'https://other.example/api');
        assert.equal((await ask('/api/private', ...bearing(token))).status, 401);
      });

      it('B1.5 prints why it refused, and never a token or what the issuer said about one', async () => {
        assert.match(api.output(), /"code":"role_missing"/);
        assert.ok(!api.output().includes(pat));
        assert.doesNotMatch(api.output(), /sc_pat_|sc_sk_|"active"|svc_messenger/);
      });

      it('B1.6 says that it is set up wrongly, and never that the token is bad, when the issuer does not take its secret', async () => {
        const wrong = await startApi({ ...env, CLIENT_SECRET: 'not-the-secret-of-this-api-at-all' }, ...diffs);
        const { status, body } = await curl(`${wrong.url}/api/private`, ...bearing(pat));
        await wrong.stop();
        assert.equal(status, 503);
        assert.doesNotMatch(JSON.stringify(body), /secret|client/);
        assert.match(wrong.output(), /"code":"introspection_refused"/);
      });

      it('B1.6 answers 503 with a time to try again while the issuer cannot be reached', async () => {
        const alone = await startApi({ ...env, ISSUER: 'http://127.0.0.1:9' }, ...diffs);
        const { status, headers } = await fetch(`${alone.url}/api/private`, { headers: { authorization: `Bearer ${pat}` } });
        assert.equal((await curl(`${alone.url}/api/public`)).status, 200);
        await alone.stop();
        assert.equal(status, 503);
        assert.match(headers.get('retry-after') ?? '', /^[1-9]\d*$/);
      });
    });
  }

  describe('with tokens of every kind', () => {
    let api: RunningApi;
    before(async () => {
      api = await startApi(env);
      await give(role);
    });
    after(() => api?.stop());
    const scoped = (token: string) => curl(`${api.url}/api/private-scoped`, ...bearing(token));

    it('S1.11 takes the token that a service user gets with its own secret', async () => {
      const { secret } = await home.admin('POST', '/clients/svc_messenger/secrets', {});
      const form = ['--data', 'grant_type=client_credentials', '--data-urlencode', `resource=${audience}`];
      const { body } = await curl(`${home.issuer}/oauth2/token`, '--user', `svc_messenger:${secret}`, ...form);
      const { access_token: token } = body as { access_token: string };
      assert.equal((await scoped(token)).status, 200);
    });

    it('S1.11 takes the token that a person gets by signing in, and asks for the same role', async () => {
      const token = await accessTokenOf({ issuer: home.issuer, clientId: 'messages-terminal', resource: audience, ...person });
      assert.equal((await curl(`${api.url}/api/private`, ...bearing(token))).status, 200);
      assert.equal((await scoped(token)).status, 403);
      await give(role, 'usr_mia');
      assert.equal((await scoped(token)).status, 200);
    });

    it('S1.8 B1.9 takes lists of roles that must all be there, as alternatives, and does not mistake a scope for a role', async () => {
      const { ISSUER: issuer = '', CLIENT_ID: clientId = '', CLIENT_SECRET: clientSecret = '' } = env;
      const guard = protect({ provider: preset({ issuer }), audience, introspection: { clientId, clientSecret } });
      const may = (...anyOf: Extract<Requirement, { anyOf: unknown }>['anyOf']) =>
        guard(new Request(audience, { headers: { authorization: `Bearer ${pat}` } }), { anyOf }).then(
          () => true,
          () => false,
        );
      assert.equal(await may({ roles: [role, 'write:messages'] }, { roles: ['other'] }), false);
      assert.equal(await may({ roles: [role, 'write:messages'] }, { roles: [role] }), true);
      assert.equal(await may({ scopes: [role] }), false);
    });

    it('S1.9 refuses the tokens of a service user that was disabled', async () => {
      await home.admin('POST', '/service-users/svc_messenger/disable');
      assert.equal((await curl(`${api.url}/api/private`, ...bearing(pat))).status, 401);
    });
  });
});

/** What the README does at first, and a person who can sign in. Gives what the API is to be started with. */
async function prepare({ issuer, admin }: Home): Promise<NodeJS.ProcessEnv> {
  await admin('POST', '/organizations', { id: 'acme', name: 'Acme (demo)' });
  await admin('POST', '/projects', { id: 'messages', organization: 'acme', name: 'Messages' });
  const api = { project: 'messages', id: 'messages-api', name: 'Messages API', resource: audience };
  const { secret } = await admin('POST', '/apis', api);
  await admin('POST', '/apis', { project: 'messages', id: 'other-api', name: 'Other API', resource: 'https://other.example/api' });
  for (const key of [role, 'write:messages']) await admin('POST', '/projects/messages/roles', { key });
  await admin('POST', '/service-users', { organization: 'acme', id: 'svc_messenger', name: 'Messenger', resources: [audience] });
  await admin('POST', '/people', { organization: 'acme', id: 'usr_mia', name: 'Mia Winter', ...person });
  const terminal = {
    project: 'messages',
    id: 'messages-terminal',
    name: 'Messages',
    kind: 'native',
    firstParty: true,
    resources: [audience],
  };
  await admin('POST', '/applications', { ...terminal, redirectUris: ['http://127.0.0.1/callback'] });
  return { PATH: process.env.PATH, ISSUER: issuer, AUDIENCE: audience, CLIENT_ID: 'messages-api', CLIENT_SECRET: String(secret) };
}

async function newToken({ admin }: Home, resource = audience): Promise<{ id: string; token: string }> {
  const { id, token } = await admin('POST', '/tokens', { serviceUser: 'svc_messenger', name: 'walk', resources: [resource] });
  return { id: String(id), token: String(token) };
}
