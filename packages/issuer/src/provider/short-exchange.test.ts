/** The short way gives exactly what the long way gives, in one statement, and refuses nothing itself. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { basic } from './browser.fixtures.test.ts';
import { type ExchangeIssuer, type Exchanging, exchange, startExchangeIssuer } from './exchange.fixtures.test.ts';
import { engines, signIn, type Tokens } from './harness.test.ts';
import { SECRET } from './shop.fixtures.test.ts';

/** What speaks of another proof takes the long way, and means nothing there without one. */
const LONG = { client_assertion_type: 'none' };

for (const { engine, skip } of engines) {
  describe(`short way of an exchange on ${engine}`, { skip }, () => {
    let issuer: ExchangeIssuer;
    let url: string;
    let web: Tokens;
    const said: string[] = [];
    before(async () => {
      issuer = await startExchangeIssuer(engine, { log: (message) => void said.push(message), hotApplications: true });
      ({ url } = issuer);
      ({ tokens: web } = await signIn(url, { client: 'web' }));
      await issuer.keep();
      await issuer.keep({ application: 'api', account: 'for the API' });
      await exchange(url, web.access_token);
      await exchange(url, web.access_token, { as: 'api' });
      await issuer.vault.settle();
    });
    after(async () => {
      await issuer.end();
      assert.deepEqual(said, []);
    });

    /** The statements that a request sent, and its answer. */
    async function counted(work: () => ReturnType<typeof exchange>) {
      const before = new Map(issuer.store.statements);
      const answer = await work();
      const sent = [...issuer.store.statements].flatMap(([name, count]) => (count > (before.get(name) ?? 0) ? [name] : []));
      return { answer, sent };
    }

    const posted = { client_id: 'web', client_secret: SECRET };
    for (const [what, token, asking, statement] of [
      ['a refresh token, Basic', 'refresh_token', {}, 'exchange by refresh token'],
      ['a refresh token, secret in the form', 'refresh_token', { headers: {}, more: posted }, 'exchange by refresh token'],
      ['an access token, Basic', 'access_token', {}, 'exchange by access token'],
      ["an access token, Auth0's grant", 'access_token', { federated: true }, 'exchange by access token'],
      ['an access token, shown by the API that it is for', 'access_token', { as: 'api' }, 'exchange by access token'],
      ['a scope and a login_hint', 'access_token', { more: { scope: 'read', login_hint: 'usr_ada-there' } }, 'exchange by access token'],
    ] as const satisfies readonly (readonly [string, keyof Tokens, Exchanging, string])[]) {
      it(`R-120 ${what}: one statement, and the answer of the long way`, async () => {
        const { answer, sent } = await counted(() => exchange(url, web[token], asking));
        assert.deepEqual(sent, [statement]);
        const { more }: Exchanging = asking;
        const long = await exchange(url, web[token], { ...asking, more: { ...more, ...LONG } });
        const { expires_in, ...rest } = answer.json;
        const { expires_in: other, ...same } = long.json;
        assert.equal(answer.status, 200, answer.body);
        assert.deepEqual(rest, same);
        assert.ok(Math.abs(expires_in - other) <= 1);
        for (const name of ['content-type', 'cache-control', 'x-content-type-options', 'vary'])
          assert.equal(answer.headers[name], long.headers[name], name);
      });
    }

    for (const [what, asking] of [
      ['a wrong secret', { headers: basic('web', 'wrong') }],
      ['two proofs', { more: { client_secret: SECRET } }],
      ['an assertion beside the secret', { more: { client_assertion: 'x' } }],
      ['another client_id than in the header', { more: { client_id: 'api' } }],
      ['another grant', { more: { grant_type: 'refresh_token' } }],
      ['a connection that is not listed', { connection: 'nowhere' }],
      ['an audience', { more: { audience: 'https://api.example.test' } }],
      ['scopes that were not allowed', { more: { scope: 'admin' } }],
    ] as const satisfies readonly (readonly [string, Exchanging])[]) {
      it(`${what}: the long way refuses it`, async () => {
        const { answer } = await counted(() => exchange(url, web.access_token, asking));
        assert.ok(answer.status >= 400 && typeof answer.json.error === 'string', answer.body);
      });
    }

    it('R-120 stops at once when the account is disconnected, the use taken back or the sign-in ended', async () => {
      const id = await issuer.keep({ account: 'for a moment' });
      const ask = () => exchange(url, web.access_token, { more: { login_hint: 'for a moment' } });
      assert.equal((await ask()).status, 200);
      await issuer.vault.withdraw(id, { applicationId: 'web', userId: 'usr_ada' });
      assert.deepEqual([(await ask()).status, (await ask()).json.reason], [401, 'not_allowed']);
    });

    it('two of the same parameter are refused', async () => {
      const form = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', connection: 'calendar' });
      form.append('connection', 'files');
      const response = await fetch(`${url}/oauth2/token`, { method: 'POST', body: form, headers: basic('web') });
      assert.deepEqual([response.status, ((await response.json()) as { error: string }).error], [400, 'invalid_request']);
    });
  });
}
