/** Connections over the admin API: who may make, change and list what, and what no answer ever holds. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createDatabase, postgresSkipped, type TestDatabase } from '@safeconduct/test-support/postgres';
import pg from 'pg';
import { type Asked, type Caller, startAdmin, type World } from './admin.fixtures.test.ts';
import type { RouteId } from './routes/table.ts';
import { fillTwoOrganizations, is } from './two-organizations.fixtures.test.ts';

const SECRET = 'the-secret-that-mail-gave-us';
const LATER = 'the-secret-that-mail-gave-later';
const mail = {
  organization: 'acme',
  id: 'mail',
  name: 'Mail',
  preset: 'oidc',
  issuer: 'https://mail.example',
  clientId: 'acme-at-mail',
  secret: SECRET,
  scopes: ['openid', 'mail.read'],
};
const proxy = { baseUrl: 'https://api.mail.example', methods: ['GET'], paths: ['/messages/**'] };

describe('connections over the admin API', { skip: postgresSkipped }, () => {
  let database: TestDatabase;
  let rows: pg.Client;
  let world: World;
  let admin: Caller;
  let home: Caller;
  let foreign: Caller;
  let end: () => Promise<void>;
  const answers: string[] = [];
  const heard =
    (caller: Caller): Caller =>
    async (id: RouteId, asked?: Asked) => {
      const answer = await caller(id, asked);
      answers.push(JSON.stringify(answer.json) ?? '');
      return answer;
    };
  const params = { connection: 'mail' };

  before(async () => {
    database = await createDatabase();
    ({ world, end } = await startAdmin({ databaseUrl: database.url }));
    rows = new pg.Client({ connectionString: database.url });
    await rows.connect();
    const filled = await fillTwoOrganizations(world);
    [admin, home, foreign] = [heard(filled.admin), heard(filled.home), heard(filled.away)];
    await world.did('applications.create', { body: { project: 'acme-project', id: 'acme-web', name: 'Web', kind: 'web' } });
    await world.did('applications.create', { body: { project: 'acme-project', id: 'acme-spa', name: 'Page', kind: 'spa' } });
    await world.did('people.create', { body: { organization: 'acme', id: 'usr_bob', email: 'bob@acme.example' } });
  });
  after(async () => {
    await rows.end();
    await end();
    await database.drop();
  });

  it('an organization-admin creates one, and is told what to register at the third party', async () => {
    const { status, json } = await home('connections.create', { body: mail });
    assert.equal(status, 201, json.error_description);
    assert.deepEqual(
      [json.id, json.hasSecret, json.accounts, json.signIn, json.redirectUri],
      ['mail', true, true, false, `${world.url}/connections/mail/callback`],
    );
    is(await home('connections.create', { body: mail }), 409, /the id mail is taken/);
  });

  it('tells everything that is wrong with a connection, in the words of the request', async () => {
    const body = {
      ...mail,
      id: 'more',
      issuer: 'http://mail.example',
      authorizationParams: { state: 'x' },
      proxy: { ...proxy, paths: ['/../x'] },
    };
    const { status, json } = await home('connections.create', { body });
    assert.equal(status, 400);
    assert.deepEqual(
      json.problems.map((problem: string) => problem.split(' ')[0]),
      ['issuer', 'authorizationParams.state', 'proxy.paths[0]'],
    );
    is(
      await home('connections.create', { body: { ...mail, id: 'more', secret: undefined } }),
      400,
      /needs the secret that the third party gave you/,
    );
  });

  it('R-148 lets only an issuer-admin make or change a connection that people sign in through', async () => {
    const google = { organization: 'acme', id: 'google', name: 'Google', preset: 'google', clientId: 'x', secret: 'y', signIn: true };
    is(
      await home('connections.create', { body: google }),
      403,
      /only an issuer-admin may make or change a connection that people sign in through/,
    );
    is(await home('connections.change', { params, body: { signIn: true } }), 403, /only an issuer-admin/);
    assert.equal((await admin('connections.create', { body: google })).status, 201);
    is(await home('connections.change', { params: { connection: 'google' }, body: { name: 'G' } }), 403, /only an issuer-admin/);
    is(
      await home('connections.change', { params: { connection: 'google' }, body: { signIn: false, accounts: true } }),
      403,
      /only an issuer-admin/,
    );
    assert.equal((await home('connections.disable', { params: { connection: 'google' } })).status, 200);
  });

  it('R-120 lists applications of the own organization, and refuses those that could never use it', async () => {
    const set = (by: Caller, client: string, body = {}) => by('connections.applications.set', { params: { ...params, client }, body });
    is(await set(home, 'beta-api'), 404, /there is no application, API or service user beta-api here/);
    is(await set(home, 'acme-spa'), 400, /acme-spa: it cannot prove itself \(spa\): set publicClients to true/);
    is(await set(home, 'svc_acme'), 400, /svc_acme: a service acts for itself/);
    is(await set(home, 'acme-web', { tokens: false }), 400, /mail has no proxy to go through/);
    assert.deepEqual((await set(home, 'acme-web', { scopes: ['mail.read'] })).json, {
      application: 'acme-web',
      name: 'Web',
      kind: 'web',
      scopes: ['mail.read'],
      tokens: true,
    });
    assert.equal((await set(home, 'acme-web')).json.scopes, null);
    const { json } = await home('connections.applications.list', { params });
    assert.deepEqual(
      json.items.map(({ application }: { application: string }) => application),
      ['acme-web'],
    );
  });

  it('R-140 hides everything of it from the administrator of another organization', async () => {
    const client = 'acme-web';
    for (const [id, asked] of [
      ['connections.show', { params }],
      ['connections.change', { params, body: { name: 'Mine' } }],
      ['connections.set-secret', { params, body: { secret: 'x' } }],
      ['connections.disable', { params }],
      ['connections.delete', { params }],
      ['connections.applications.list', { params }],
      ['connections.applications.set', { params: { ...params, client }, body: {} }],
      ['connections.applications.set', { params: { ...params, client: 'beta-api' }, body: {} }],
      ['connections.applications.remove', { params: { ...params, client } }],
    ] as const)
      is(await foreign(id, asked), 404, /there is no /);
    is(await foreign('connections.create', { body: { ...mail, organization: 'beta' } }), 409, /the id mail is taken/);
    assert.deepEqual((await foreign('connections.list')).json.items, []);
  });

  it('changes what is named, takes the proxy away with null, and says when nothing changed', async () => {
    const change = async (body: object) => (await home('connections.change', { params, body })).json;
    assert.deepEqual((await change({ proxy, name: 'Acme Mail' })).proxy, proxy);
    const events = async () => (await admin('events.list', { query: { type: 'connection.changed', target: 'mail' } })).json.items.length;
    const before = await events();
    assert.equal((await change({ name: 'Acme Mail' })).name, 'Acme Mail');
    assert.equal(await events(), before);
    const after = await change({ proxy: null });
    assert.deepEqual([after.proxy, after.name, after.scopes], [null, 'Acme Mail', ['openid', 'mail.read']]);
    assert.equal((await change({ refreshRetry: 'safe' })).refreshRetry, 'safe');
    assert.equal((await change({ refreshRetry: null })).refreshRetry, null);
    is(await home('connections.change', { params, body: { issuer: null } }), 400, /issuer is missing/);
    is(await home('connections.change', { params, body: { preset: 'google' } }), 400, /does not know preset/);
  });

  it('R-146 sets a new secret and shows it nowhere', async () => {
    const before = await sealed();
    assert.equal((await home('connections.set-secret', { params, body: { secret: LATER } })).status, 204);
    const after = await sealed();
    assert.match(after, /^sc1\./);
    assert.notEqual(after, before);
    assert.equal((await home('connections.set-secret', { params, body: { secret: LATER } })).status, 204);
    assert.equal(await sealed(), after);
  });

  describe('with a connected account', () => {
    const account = { connectedAccount: 'cac_bob' };
    before(async () => {
      await rows.query(
        `insert into issuer.data_key (id, organization_id, connection_id, kek, wrapped) values ('dk', 'acme', 'mail', 'none', 'none')`,
      );
      await rows.query(`insert into issuer.connected_account (id, organization_id, user_id, connection_id, account, account_name, scopes, data_key_id, tokens, refreshable)
        values ('cac_bob', 'acme', 'usr_bob', 'mail', '1', 'bob@mail.example', '{mail.read}', 'dk', 'sc1.sealed-tokens', true)`);
      await rows.query(
        `insert into issuer.connected_account_use (account_id, application_id, scopes) values ('cac_bob', 'acme-web', '{mail.read}')`,
      );
    });

    it('R-125 lists it without its tokens, to its own organization and nobody else', async () => {
      const { json } = await home('connected-accounts.list', { query: { user: 'usr_bob', connection: 'mail' } });
      const [{ connectedAt, ...item }] = json.items;
      assert.ok(Date.parse(connectedAt));
      assert.deepEqual(item, {
        id: 'cac_bob',
        organization: 'acme',
        user: 'usr_bob',
        connection: 'mail',
        account: '1',
        accountName: 'bob@mail.example',
        scopes: ['mail.read'],
        state: 'active',
        reason: null,
        applications: ['acme-web'],
        expiresAt: null,
      });
      assert.deepEqual((await home('connected-accounts.show', { params: account })).json.applications, ['acme-web']);
      assert.deepEqual((await foreign('connected-accounts.list')).json.items, []);
      is(await foreign('connected-accounts.show', { params: account }), 404, /no connected account cac_bob/);
      is(await foreign('connected-accounts.disconnect', { params: account }), 404, /no connected account cac_bob/);
    });

    it('R-074 lets only an issuer-admin change where the tokens are sent', async () => {
      for (const body of [
        { issuer: 'https://evil.example' },
        { endpoints: { token: 'https://evil.example/token' } },
        { proxy: { ...proxy, baseUrl: 'https://evil.example' } },
      ])
        is(await home('connections.change', { params, body }), 403, /only an issuer-admin may change preset, issuer, endpoints/);
      assert.equal((await home('connections.change', { params, body: { name: 'Mail' } })).status, 200);
      assert.equal((await admin('connections.change', { params, body: { proxy } })).status, 200);
    });

    it('is not deleted while it is used', async () => {
      is(await home('connections.delete', { params }), 409, /1 account is connected through mail: disconnect them first, or disable it/);
    });

    it('R-120 takes it away from an application with what the person allowed', async () => {
      assert.equal((await home('connections.applications.remove', { params: { ...params, client: 'acme-web' } })).status, 204);
      assert.deepEqual((await home('connected-accounts.show', { params: account })).json.applications, []);
      is(
        await home('connections.applications.remove', { params: { ...params, client: 'acme-web' } }),
        404,
        /there is no application of this connection/,
      );
    });

    it('R-125 gives vault status, rotate and panic to an issuer-admin only: panic says what could not be revoked', async () => {
      for (const [id, asked] of [
        ['vault.status', {}],
        ['vault.rotate', {}],
        ['vault.panic', { params }],
      ] as const)
        assert.equal((await home(id, asked)).status, 403, id);
      const status = (await admin('vault.status')).json.items.find(({ connection }: { connection: string }) => connection === 'mail');
      assert.deepEqual([status.active, status.reconnect], [1, 0]);
      is(await admin('vault.panic', { params: { connection: 'nothing' } }), 404, /there is no connection nothing/);
      const { json } = await admin('vault.panic', { params });
      assert.deepEqual(json, { accounts: 1, revoked: 0, unsupported: 0, failed: [{ id: 'cac_bob', reason: json.failed[0].reason }] });
      assert.equal((await home('connected-accounts.show', { params: account })).json.state, 'reconnect');
    });

    it('R-125 is disconnected by an administrator, who is told that the third party was not', async () => {
      const { status, json } = await home('connected-accounts.disconnect', { params: account });
      assert.deepEqual([status, json.id, json.revocation], [200, 'cac_bob', 'failed']);
      is(await home('connected-accounts.disconnect', { params: account }), 404, /no connected account cac_bob/);
      const [event] = (await home('events.list', { query: { type: 'vault.disconnected', target: 'cac_bob' } })).json.items;
      assert.deepEqual([event.actor, event.outcome], ['svc_home', 'failed']);
    });
  });

  it('deletes it when nobody uses it', async () => {
    assert.equal((await home('connections.delete', { params })).status, 204);
    is(await home('connections.show', { params }), 404, /there is no connection mail/);
  });

  it('R-146 has shown no secret in any answer, event or line of the log', async () => {
    const events = JSON.stringify((await rows.query('select * from issuer.event')).rows);
    assert.match(events, /connection\.created/);
    for (const text of [answers.join('\n'), events, world.log.join('\n')])
      for (const secret of [SECRET, LATER, 'sealed-tokens', 'sc1.']) assert.ok(!text.includes(secret), secret);
  });

  async function sealed(): Promise<string> {
    const { rows: found } = await rows.query<{ client_secret: string }>(`select client_secret from issuer.connection where id = 'mail'`);
    return found[0]?.client_secret ?? '';
  }
});
