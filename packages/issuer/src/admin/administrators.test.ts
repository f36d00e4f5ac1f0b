/** Nobody gives a role above their own, nobody becomes who is above them, and somebody always administers the issuer. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Caller, servant, type World } from './admin.fixtures.test.ts';
import { is, startTwoOrganizations } from './two-organizations.fixtures.test.ts';

let world: World;
let admin: Caller;
let home: Caller;
let end: () => Promise<void>;

before(async () => {
  ({ world, admin, home, end } = await startTwoOrganizations());
});
after(() => end());

describe('roles of administrators', () => {
  it('R-140 lets an organization-admin make others of its own kind, and none of a higher one', async () => {
    const give = (role: string, user = 'svc_acme') => home('grants.give', { body: { user, project: 'safeconduct', role } });
    assert.equal((await give('organization-admin')).status, 201);
    is(await give('issuer-admin'), 403, /only an issuer-admin/);
    is(await give('auditor'), 403, /only an issuer-admin/);
    is(await give('organization-admin', 'svc_beta'), 404, /no person or service user svc_beta/);
    is(await home('grants.give', { body: { user: 'svc_acme', project: 'beta-project', role: 'reader' } }), 404, /no project beta-project/);
  });

  it('R-140 keeps an organization-admin from becoming whoever is above it', async () => {
    await servant(world, { id: 'svc_boss', organization: 'acme', roles: ['issuer-admin'] });
    const create = { serviceUser: 'svc_boss', name: 'mine now', resources: [world.audience], scopes: ['users:read'] };
    is(await home('tokens.create', { body: create }), 403, /issuer-admin or auditor/);
    is(await home('secrets.add', { params: { client: 'svc_boss' }, body: {} }), 403, /issuer-admin or auditor/);
    is(await home('service-users.disable', { params: { serviceUser: 'svc_boss' } }), 403, /issuer-admin or auditor/);
    is(
      await home('grants.take', { params: { user: 'svc_boss', project: 'safeconduct', role: 'issuer-admin' } }),
      403,
      /issuer-admin or auditor/,
    );
    await world.did('people.create', { body: { organization: 'acme', id: 'usr_chief', email: 'chief@acme.example' } });
    await world.did('grants.give', { body: { user: 'usr_chief', project: 'safeconduct', role: 'auditor' } });
    const password = 'nine new nets for noon';
    is(await home('people.set-password', { params: { person: 'usr_chief' }, body: { password } }), 403, /issuer-admin or auditor/);
    is(
      await home('people.change', { params: { person: 'usr_chief' }, body: { email: 'me@acme.example' } }),
      403,
      /issuer-admin or auditor/,
    );
    await world.did('service-users.disable', { params: { serviceUser: 'svc_boss' } });
  });

  it('R-140 counts at the next call: a role that is taken away, and a token that is revoked', async () => {
    const token = await servant(world, { id: 'svc_brief', organization: 'acme', roles: ['organization-admin'] });
    const brief = world.as(token);
    assert.equal((await brief('people.list')).status, 200);
    await world.did('grants.take', { params: { user: 'svc_brief', project: 'safeconduct', role: 'organization-admin' } });
    assert.equal((await brief('people.list')).status, 403);
    const { items } = await world.did('tokens.list', { query: { user: 'svc_brief' } });
    await world.did('tokens.revoke', { params: { token: items[0].id } });
    assert.equal((await brief('people.list')).status, 401);
  });

  it('R-140 never leaves the issuer without an administrator, however many leave at once', async () => {
    const { id } = world.administrator;
    is(await admin('service-users.disable', { params: { serviceUser: id } }), 409, /last issuer-admin/);
    const take = (user: string) => admin('grants.take', { params: { user, project: 'safeconduct', role: 'issuer-admin' } });
    is(await take(id), 409, /last issuer-admin/);
    const second = world.as(await servant(world, { id: 'svc_second', organization: 'beta', roles: ['issuer-admin'] }));
    const third = (user: string) => second('grants.take', { params: { user, project: 'safeconduct', role: 'issuer-admin' } });
    const both = await Promise.all([third(id), third('svc_second')]);
    assert.deepEqual(both.map(({ status }) => status).filter((status) => status === 204).length, 1);
    // Whoever is left puts the first one back.
    const left = (await second('me')).json.roles.includes('issuer-admin') ? second : admin;
    for (const user of [id, 'svc_second']) await left('grants.give', { body: { user, project: 'safeconduct', role: 'issuer-admin' } });
    assert.equal((await admin('organizations.list')).status, 200);
  });

  it('R-140 keeps what is built in as it is', async () => {
    is(await admin('organizations.change', { params: { organization: 'safeconduct' }, body: { name: 'Mine' } }), 403, /built in/);
    is(await admin('projects.change', { params: { project: 'safeconduct' }, body: { name: 'Mine' } }), 403, /built in/);
    is(await admin('roles.add', { params: { project: 'safeconduct' }, body: { key: 'root' } }), 403, /built in/);
    is(
      await admin('applications.change', { params: { application: 'safeconduct-cli' }, body: { redirectUris: ['http://127.0.0.1/x'] } }),
      403,
      /built in/,
    );
    is(await admin('apis.disable', { params: { api: 'safeconduct-admin' } }), 403, /built in/);
    is(await admin('secrets.add', { params: { client: 'safeconduct-admin' }, body: {} }), 403, /built in/);
    is(await admin('projects.create', { body: { organization: 'safeconduct', name: 'Mine' } }), 403, /built in/);
  });
});
