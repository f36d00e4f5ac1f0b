/** Every entry of the table, called by everybody who must not, and by those who may. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ADA } from '../provider/shop.fixtures.test.ts';
import { type Asked, type Caller, servant, signIn, startAdmin, type World } from './admin.fixtures.test.ts';
import type { AdminRoute } from './routes/route.ts';
import { type RouteId, routes, table } from './routes/table.ts';

const key = { kty: 'OKP', crv: 'Ed25519', kid: 'one', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
const other = { ...key, kid: 'two' };
const resource = 'https://api.acme.example';
const strong = 'seven quiet herons on a gate';
const connection = { organization: 'acme', name: 'Mail', preset: 'oidc', issuer: 'https://mail.example', clientId: 'acme' };

/** How each entry is called about a thing of acme. An entry that is missing here does not compile. */
const samples: Readonly<Record<RouteId, () => Asked>> = {
  'organizations.list': () => ({}),
  'organizations.create': () => ({ body: { id: 'gamma', name: 'Gamma' } }),
  'organizations.show': () => ({ params: { organization: 'acme' } }),
  'organizations.change': () => ({ params: { organization: 'acme' }, body: { name: 'Acme Ltd' } }),
  'people.list': () => ({}),
  'people.create': () => ({ body: { organization: 'acme', id: 'usr_new', email: 'new@acme.example', password: strong } }),
  'people.show': () => ({ params: { person: 'usr_bob' } }),
  'people.change': () => ({ params: { person: 'usr_bob' }, body: { name: 'Bob' } }),
  'people.disable': () => ({ params: { person: 'usr_bob' } }),
  'people.enable': () => ({ params: { person: 'usr_bob' } }),
  'people.set-password': () => ({ params: { person: 'usr_bob' }, body: { password: strong } }),
  'service-users.list': () => ({}),
  'service-users.create': () => ({ body: { organization: 'acme', id: 'svc_new', name: 'New' } }),
  'service-users.show': () => ({ params: { serviceUser: 'svc_acme' } }),
  'service-users.change': () => ({ params: { serviceUser: 'svc_acme' }, body: { name: 'Renamed' } }),
  'service-users.disable': () => ({ params: { serviceUser: 'svc_other' } }),
  'service-users.enable': () => ({ params: { serviceUser: 'svc_other' } }),
  'projects.list': () => ({}),
  'projects.create': () => ({ body: { organization: 'acme', id: 'acme-new', name: 'New' } }),
  'projects.show': () => ({ params: { project: 'acme-project' } }),
  'projects.change': () => ({ params: { project: 'acme-project' }, body: { name: 'Renamed' } }),
  'roles.list': () => ({ params: { project: 'acme-project' } }),
  'roles.add': () => ({ params: { project: 'acme-project' }, body: { key: 'new' } }),
  'roles.remove': () => ({ params: { project: 'acme-project', role: 'unused' } }),
  'grants.list': () => ({}),
  'grants.give': () => ({ body: { user: 'svc_acme', project: 'acme-project', role: 'second' } }),
  'grants.take': () => ({ params: { user: 'svc_acme', project: 'acme-project', role: 'first' } }),
  'applications.list': () => ({}),
  'applications.create': () => ({ body: { project: 'acme-project', id: 'new-web', name: 'New', kind: 'web' } }),
  'applications.show': () => ({ params: { application: 'acme-web' } }),
  'applications.change': () => ({ params: { application: 'acme-web' }, body: { name: 'Renamed' } }),
  'applications.disable': () => ({ params: { application: 'acme-web' } }),
  'applications.enable': () => ({ params: { application: 'acme-web' } }),
  'apis.list': () => ({}),
  'apis.create': () => ({ body: { project: 'acme-project', id: 'new-api', name: 'New', resource: 'https://new.acme.example' } }),
  'apis.show': () => ({ params: { api: 'acme-api' } }),
  'apis.change': () => ({ params: { api: 'acme-api' }, body: { name: 'Renamed' } }),
  'apis.disable': () => ({ params: { api: 'acme-api' } }),
  'apis.enable': () => ({ params: { api: 'acme-api' } }),
  'secrets.list': () => ({ params: { client: 'acme-web' } }),
  'secrets.add': () => ({ params: { client: 'acme-web' }, body: {} }),
  'secrets.remove': () => ({ params: { client: 'acme-api', secret: known.secret } }),
  'client-keys.list': () => ({ params: { client: 'svc_other' } }),
  'client-keys.add': () => ({ params: { client: 'svc_other' }, body: { publicKey: other } }),
  'client-keys.remove': () => ({ params: { client: 'svc_other', key: 'one' } }),
  'connections.list': () => ({}),
  'connections.create': () => ({ body: { ...connection, id: 'acme-new', secret: 'x' } }),
  'connections.show': () => ({ params: { connection: 'acme-mail' } }),
  'connections.change': () => ({ params: { connection: 'acme-mail' }, body: { name: 'Renamed' } }),
  'connections.set-secret': () => ({ params: { connection: 'acme-mail' }, body: { secret: 'y' } }),
  'connections.disable': () => ({ params: { connection: 'acme-mail' } }),
  'connections.enable': () => ({ params: { connection: 'acme-mail' } }),
  'connections.delete': () => ({ params: { connection: 'acme-unused' } }),
  'connections.applications.list': () => ({ params: { connection: 'acme-mail' } }),
  'connections.applications.set': () => ({ params: { connection: 'acme-mail', client: 'acme-web' }, body: {} }),
  'connections.applications.remove': () => ({ params: { connection: 'acme-mail', client: 'acme-api' } }),
  'connected-accounts.list': () => ({}),
  'connected-accounts.show': () => ({ params: { connectedAccount: 'cac_none' } }),
  'connected-accounts.disconnect': () => ({ params: { connectedAccount: 'cac_none' } }),
  'vault.status': () => ({}),
  'vault.rotate': () => ({}),
  'vault.panic': () => ({ params: { connection: 'acme-mail' } }),
  'tokens.list': () => ({}),
  'tokens.create': () => ({ body: { serviceUser: 'svc_acme', name: 'New', resources: [resource] } }),
  'tokens.show': () => ({ params: { token: known.token } }),
  'tokens.revoke': () => ({ params: { token: known.token } }),
  'me.tokens.list': () => ({}),
  'me.tokens.create': () => ({ body: { name: 'Mine', resources: [world.audience], scopes: ['me:read'] } }),
  'me.tokens.revoke': () => ({ params: { token: 'pat_none' } }),
  me: () => ({}),
  'keys.list': () => ({}),
  'keys.rotate': () => ({}),
  'events.list': () => ({}),
};
const known = { secret: '', token: '' };

let world: World;
let end: () => Promise<void>;
const who: Record<'stranger' | 'foreign' | 'own' | 'narrow' | 'auditor', Caller> = {} as never;

before(async () => {
  ({ world, end } = await startAdmin());
  const { did, as } = world;
  for (const id of ['acme', 'beta']) await did('organizations.create', { body: { id, name: id } });
  await did('projects.create', { body: { organization: 'acme', id: 'acme-project', name: 'Project' } });
  for (const role of ['first', 'second', 'unused']) await did('roles.add', { params: { project: 'acme-project' }, body: { key: role } });
  await did('people.create', { body: { organization: 'acme', id: 'usr_bob', email: 'bob@acme.example' } });
  await did('service-users.create', { body: { organization: 'acme', id: 'svc_acme', name: 'Acme' } });
  await did('service-users.create', { body: { organization: 'acme', id: 'svc_other', name: 'Other' } });
  await did('client-keys.add', { params: { client: 'svc_other' }, body: { publicKey: key } });
  await did('grants.give', { body: { user: 'svc_acme', project: 'acme-project', role: 'first' } });
  await did('apis.create', { body: { project: 'acme-project', id: 'acme-api', name: 'API', resource } });
  await did('applications.create', { body: { project: 'acme-project', id: 'acme-web', name: 'Web', kind: 'web' } });
  for (const id of ['acme-mail', 'acme-unused']) await did('connections.create', { body: { ...connection, id, secret: 'x' } });
  await did('connections.applications.set', { params: { connection: 'acme-mail', client: 'acme-api' }, body: {} });
  known.secret = (await did('secrets.list', { params: { client: 'acme-api' } })).items[0].id;
  known.token = (await did('tokens.create', { body: { serviceUser: 'svc_acme', name: 'One', resources: [resource] } })).id;
  who.stranger = as(await signIn(world, ADA));
  who.foreign = as(await servant(world, { id: 'svc_foreign', organization: 'beta', roles: ['organization-admin'] }));
  who.own = as(await servant(world, { id: 'svc_own', organization: 'acme', roles: ['organization-admin'] }));
  who.narrow = as(await servant(world, { id: 'svc_narrow', organization: 'acme', roles: ['issuer-admin'], scopes: [] }));
  who.auditor = as(await servant(world, { id: 'svc_auditor', organization: 'beta', roles: ['auditor'] }));
});
after(() => end());

const each = (work: (route: AdminRoute, asked: Asked, id: RouteId) => Promise<void>) => async () => {
  for (const id of Object.keys(table) as RouteId[]) await work(table[id], samples[id](), id);
};
// Connected accounts are made by people: `connections.test.ts` has one.
const aboutAccount = (id: RouteId): boolean => id.startsWith('connected-accounts.') && id !== 'connected-accounts.list';
const forAdministrators = ({ access }: AdminRoute): boolean => access === 'administrators';
const changes = ({ method }: AdminRoute): boolean => method !== 'GET';

describe('the table of the admin API', () => {
  it('R-140 has a permission and a tenant key for each entry, and every id, command and path once', () => {
    for (const route of routes) assert.ok(route.permission && route.tenant, route.id);
    for (const name of [(r: AdminRoute) => r.id, (r: AdminRoute) => r.command.join(' '), (r: AdminRoute) => `${r.method} ${r.path}`])
      assert.equal(new Set(routes.map(name)).size, routes.length);
    for (const [id, route] of Object.entries(table)) assert.equal(route.id, id);
  });

  it(
    'R-140 ADM-01 answers 401 to everybody without a token, with a challenge and nothing else',
    each(async (_route, asked, id) => {
      const { status, headers, json } = await world.as()(id, asked);
      assert.equal(status, 401, id);
      assert.match(headers.get('www-authenticate') ?? '', /^Bearer realm="admin", resource_metadata=/);
      assert.deepEqual(Object.keys(json), ['error', 'error_description']);
    }),
  );

  it('names a refused request alike in the answer and in both lines of the log', async () => {
    const { headers } = await world.as('sc_pat_none')('me');
    const lines = world.log.filter((line) => line.includes(`"requestId":"${headers.get('x-request-id')}"`));
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).msg),
      ['refused', 'request'],
    );
  });

  it(
    'R-140 ADM-02 refuses a person who is no administrator everything but their own',
    each(async (route, asked, id) => {
      const { status, json } = await who.stranger(id, asked);
      if (forAdministrators(route)) assert.deepEqual([status, json.error], [403, 'insufficient_scope'], id);
      else assert.equal(status, id === 'me.tokens.revoke' ? 404 : route.status, id);
    }),
  );

  it(
    'R-140 ADM-03 does not tell the administrator of another organization that things exist',
    each(async (route, asked, id) => {
      if (!forAdministrators(route)) return;
      const { status, json } = await who.foreign(id, asked);
      if (route.tenant === 'list') assert.doesNotMatch(JSON.stringify(json), /acme/, id);
      else assert.deepEqual([status, json.error], route.tenant === 'issuer' ? [403, 'insufficient_scope'] : [404, 'not_found'], id);
    }),
  );

  it(
    'R-140 ADM-04 refuses a token without the scope, whoever it is of',
    each(async (_route, asked, id) => {
      const { status, headers, json } = await who.narrow(id, asked);
      assert.deepEqual([status, json.error], [403, 'insufficient_scope'], id);
      assert.ok(headers.get('www-authenticate')?.includes(`scope="${table[id].permission}"`), id);
    }),
  );

  it(
    'R-140 ADM-05 lets an auditor read everything and change nothing',
    each(async (route, asked, id) => {
      if (!forAdministrators(route)) return;
      const { status } = await who.auditor(id, asked);
      assert.equal(status, changes(route) ? 403 : aboutAccount(id) ? 404 : 200, id);
    }),
  );

  it('R-140 lets an organization-admin do all of it at home, but what is the whole issuer’s', async () => {
    for (const id of (Object.keys(table) as RouteId[]).filter((one) => table[one].method === 'GET')) {
      const { status } = await who.own(id, samples[id]());
      assert.equal(status, table[id].tenant === 'issuer' ? 403 : aboutAccount(id) ? 404 : 200, id);
    }
    assert.equal((await who.own('projects.change', samples['projects.change']())).status, 200);
  });

  it(
    'R-140 lets an issuer-admin do all of it',
    each(async (route, asked, id) => {
      const { status, json } = await world.as(world.administrator.token)(id, asked);
      const special: Partial<Record<RouteId, number>> = {
        'keys.rotate': 409,
        'me.tokens.create': 403,
        'me.tokens.revoke': 404,
        'client-keys.add': 201,
        'connected-accounts.show': 404,
        'connected-accounts.disconnect': 404,
      };
      assert.equal(status, special[id] ?? route.status, `${id}: ${json?.error_description}`);
    }),
  );
});
