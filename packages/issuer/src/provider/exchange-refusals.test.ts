/** What an exchange refuses, how both grants say so, and what the audit log keeps of it. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { basic, call } from './browser.fixtures.test.ts';
import { ACCESS, type ExchangeIssuer, type Exchanging, exchange, startExchangeIssuer } from './exchange.fixtures.test.ts';
import { engines, refresh, signIn, type Tokens } from './harness.test.ts';
import { ADA, EVE, SECRET } from './shop.fixtures.test.ts';

for (const { engine, skip } of engines) {
  describe(`refused exchanges on ${engine}`, { skip }, () => {
    let issuer: ExchangeIssuer;
    let url: string;
    let web: Tokens;
    before(async () => {
      issuer = await startExchangeIssuer(engine);
      ({ url } = issuer);
      ({ tokens: web } = await signIn(url, { client: 'web' }));
      await issuer.keep();
    });
    after(() => issuer.end());

    /** Asks by both grants: each [status, error] that is expected. */
    async function refused(token: string, asking: Exchanging, [standard, auth0]: readonly (readonly [number, string])[]) {
      const answers = [];
      for (const [federated, expected] of [
        [false, standard],
        [true, auth0 ?? standard],
      ] as const) {
        const answer = await exchange(url, token, { federated, ...asking });
        assert.deepEqual([answer.status, answer.json.error], expected, answer.body);
        assert.ok(!answer.body.includes('token-of-') && answer.json.access_token === undefined);
        assert.equal(answer.headers['cache-control'], 'no-store');
        answers.push(answer.json);
      }
      return answers;
    }

    const badSubject = [
      [400, 'invalid_request'],
      [401, 'invalid_grant'],
    ] as const;
    const notYours = [
      [400, 'unauthorized_client'],
      [403, 'unauthorized_client'],
    ] as const;
    const account = [[401, 'federated_connection_account_not_found']] as const;

    it('R-120 VLT-03 a subject token that never was, is cut, or is of another type than it says', async () => {
      const { access_token, refresh_token } = web;
      await refused('sc_rt_nobody', {}, badSubject);
      await refused(access_token.slice(0, -2), { access: true }, badSubject);
      await refused(`${access_token}=`, { access: true }, badSubject);
      await refused(access_token, { access: false }, badSubject);
      await refused(refresh_token, { access: true }, badSubject);
      await refused(web.id_token, { access: true }, badSubject);
    });

    it('R-120 VLT-04 a subject token whose sign-in has ended, or that was revoked', async () => {
      const { tokens } = await signIn(url, { client: 'web' });
      await call(url, '/oauth2/revoke', { form: { token: tokens.access_token, client_id: 'web', client_secret: SECRET } });
      await refused(tokens.access_token, {}, badSubject);
      await call(url, '/oauth2/revoke', { form: { token: tokens.refresh_token, client_id: 'web', client_secret: SECRET } });
      await refused(tokens.refresh_token, {}, badSubject);
    });

    it('R-120 VLT-05 a refresh token of another application, and an access token that is not for the API which shows it', async () => {
      const { tokens } = await signIn(url, { client: 'classic' });
      await refused(tokens.refresh_token, {}, badSubject);
      await refused(tokens.access_token, {}, badSubject);
      await refused(web.refresh_token, { as: 'api' }, badSubject);
    });

    it('R-120 VLT-06 the token of a program: it connects nothing', async () => {
      const form = { grant_type: 'client_credentials', client_id: 'job', client_secret: SECRET, scope: 'orders:read' };
      const { access_token } = (await call(url, '/oauth2/token', { form })).json;
      const [standard] = await refused(access_token, { as: 'job' }, badSubject);
      assert.match(standard.error_description, /only people/);
    });

    it('R-120 a person who was disabled', async () => {
      issuer.visitor = EVE.id;
      const { tokens } = await signIn(url, { client: 'web' });
      issuer.visitor = ADA.id;
      await issuer.keep({ user: EVE.id });
      const state = (to: string) =>
        issuer.store.run({ name: `test: ${to}`, text: `update issuer.users set state = '${to}' where id = $1` }, [EVE.id]);
      await state('disabled');
      await refused(tokens.access_token, {}, badSubject);
      await state('active');
      assert.equal((await exchange(url, tokens.access_token)).status, 200);
    });

    it('R-120 VLT-01 an application that does not prove itself, or by a wrong secret', async () => {
      for (const headers of [{}, basic('web', 'wrong')]) {
        const answer = await exchange(url, web.refresh_token, { headers, more: { client_id: 'web' } });
        assert.deepEqual([answer.status, answer.json.error], [401, 'invalid_client']);
      }
    });

    it('R-120 VLT-02 an application that the connection does not list hears the same as of one that is not there', async () => {
      const { tokens } = await signIn(url, { client: 'classic' });
      const [unlisted] = await refused(tokens.refresh_token, { as: 'classic', connection: 'files' }, notYours);
      const [unknown] = await refused(tokens.refresh_token, { as: 'classic', connection: 'nowhere' }, notYours);
      assert.deepEqual(unlisted, unknown);
    });

    it('R-120 VLT-07 a connection that is switched off', async () => {
      await issuer.keep({ connection: 'off' });
      assert.equal((await exchange(url, web.access_token, { connection: 'off' })).status, 200);
      await issuer.store.run({ name: 'test: switch off', text: "update issuer.connection set disabled_at = now() where id = 'off'" }, []);
      await refused(web.access_token, { connection: 'off' }, notYours);
    });

    it('R-120 an application that may go through the proxy only', async () => {
      const { tokens } = await signIn(url, { client: 'classic' });
      await issuer.keep({ application: 'classic', account: 'for the proxy' });
      const [standard] = await refused(tokens.refresh_token, { as: 'classic' }, notYours);
      assert.match(standard.error_description, /proxy only/);
    });

    it('R-126 B2.10 nothing connected: 401 with a link for the person, the same by both grants', async () => {
      const [standard, auth0] = await refused(web.access_token, { connection: 'files', more: { scope: 'read' } }, account);
      assert.deepEqual(standard, auth0);
      assert.equal(standard.connect_uri, `${url}/connect/files?client_id=web&scope=read`);
      assert.equal(standard.reason, 'none');
    });

    it('R-126 VLT-20 connected, but not for this application; or not with all that it asks for', async () => {
      await issuer.keep({ connection: 'files', application: 'spa' });
      const [notAllowed] = await refused(web.access_token, { connection: 'files' }, account);
      assert.equal(notAllowed.reason, 'not_allowed');
      await issuer.keep({ connection: 'files', application: 'web', allowed: ['read'] });
      const [more] = await refused(web.access_token, { connection: 'files', more: { scope: 'read write admin' } }, account);
      assert.deepEqual([more.reason, more.missing_scope], ['scopes', 'write admin']);
      assert.equal(new URL(more.connect_uri).searchParams.get('scope'), 'read write admin');
    });

    it('R-126 scopes beyond what is listed for the application are refused without a link', async () => {
      const { tokens } = await signIn(url, { client: 'narrow', scope: 'openid orders:read' });
      const [answer] = await refused(tokens.access_token, { as: 'narrow', more: { scope: 'read write' } }, [[400, 'invalid_scope']]);
      assert.equal(answer.connect_uri, undefined);
    });

    it('R-125 VLT-22 an account that was disconnected gives nothing any more', async () => {
      const id = await issuer.keep({ account: 'short-lived' });
      const ask = { more: { login_hint: 'short-lived' } };
      assert.equal((await exchange(url, web.access_token, ask)).status, 200);
      await issuer.vault.disconnect(id, { userId: 'usr_ada' });
      await refused(web.access_token, ask, account);
    });

    it('an account whose token has ended while the third party is away: 503, and when to try again', async () => {
      await issuer.keep({ account: 'away', expiresIn: -1 });
      issuer.thirdParty.away = true;
      const answer = await exchange(url, web.access_token, { more: { login_hint: 'away' } });
      issuer.thirdParty.away = false;
      assert.deepEqual([answer.status, answer.json.error], [503, 'temporarily_unavailable']);
      assert.ok(Number(answer.headers['retry-after']) > 0);
    });

    for (const [what, more] of [
      ['no subject token', { subject_token: '' }],
      ['no type of it', { subject_token_type: '' }],
      ['a type that is not taken', { subject_token_type: 'urn:ietf:params:oauth:token-type:id_token' }],
      ['no connection', { connection: '' }],
      ['a type to give that does not exist', { requested_token_type: 'urn:ietf:params:oauth:token-type:saml2' }],
      ['an actor', { actor_token: 'a', actor_token_type: ACCESS }],
      ['a login_hint with NUL', { login_hint: 'a\0b' }],
      ['a connection that no name is as long as', { connection: 'x'.repeat(5000) }],
    ] as const) {
      it(`R-120 VLT-08 ${what}: invalid_request`, async () => {
        await refused(web.refresh_token, { more }, [[400, 'invalid_request']]);
      });
    }

    for (const name of ['audience', 'resource'] as const) {
      it(`R-029 an exchange for an API: ${name} is refused as invalid_target`, async () => {
        await refused(web.refresh_token, { more: { [name]: 'https://api.example.test' } }, [[400, 'invalid_target']]);
      });
    }

    it("Auth0's grant wants its own name for what it gives", async () => {
      const answer = await exchange(url, web.refresh_token, { federated: true, more: { requested_token_type: ACCESS } });
      assert.deepEqual([answer.status, answer.json.error], [400, 'invalid_request']);
    });

    it('a personal access token is nobody`s sign-in', async () => {
      await refused(`sc_pat_${'a'.repeat(46)}`, { access: true }, badSubject);
    });

    it('a refused exchange ends nothing: the refresh token goes on', async () => {
      const { tokens } = await signIn(url, { client: 'classic' });
      await refused(tokens.refresh_token, {}, badSubject);
      assert.equal((await refresh(url, tokens.refresh_token, 'classic')).status, 200);
    });

    it('R-120 refused exchanges are in the audit log with who and why, at most twenty of a kind in a minute, and no token', async () => {
      const read = () =>
        issuer.store.run<Record<string, unknown>>(
          {
            name: 'test: refused',
            text: "select * from issuer.event where type = 'vault.exchange_refused' and reason = 'subject_of_another_application'",
          },
          [],
        );
      const { tokens } = await signIn(url, { client: 'narrow', scope: 'openid orders:read' });
      for (let time = 0; time < 30; time++) await exchange(url, tokens.access_token, { connection: 'files' });
      const events = await read();
      const [last] = events.slice(-1);
      assert.deepEqual([last?.client, last?.actor, last?.target, last?.outcome], ['web', 'usr_ada', 'files', 'refused']);
      const minutes = new Set(events.map(({ at }) => String(at).slice(0, 21))).size;
      assert.ok(events.length <= 20 * (minutes + 1), `${events.length}`);
      assert.ok(!JSON.stringify(events).includes(tokens.access_token.slice(0, 40)));
    });
  });
}
