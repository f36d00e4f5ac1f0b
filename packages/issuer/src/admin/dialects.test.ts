/** What the admin API says of applications, people and organizations for the sake of dialects. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { freePort } from '@safeconduct/test-support/ports';
import { dialectNames } from '../dialects/table.ts';
import { type Caller, startAdmin, type World } from './admin.fixtures.test.ts';
import { fillTwoOrganizations, is } from './two-organizations.fixtures.test.ts';

const vendor = dialectNames.find((name) => name !== 'standard') ?? '';
let origin: string;
let world: World;
let admin: Caller;
let home: Caller;
let away: Caller;
let end: () => Promise<void>;

before(async () => {
  origin = `http://127.0.0.1:${await freePort()}`;
  ({ world, end } = await startAdmin({ origins: [{ url: origin, dialect: vendor }] }));
  ({ admin, home, away } = await fillTwoOrganizations(world));
});
after(() => end());

const events = async (target: string) =>
  (await admin('events.list', { query: { target, limit: '5' } })).json.items as { type: string; organization: string; details: object }[];

describe('applications, APIs and service users', () => {
  it('are served at the origins of the dialects that they name, and do without what they refuse', async () => {
    const body = { project: 'acme-project', id: 'acme@web', name: 'Web', kind: 'spa', redirectUris: ['https://a.example/cb'] };
    const made = await home('applications.create', { body: { ...body, dialects: ['standard', vendor], refuses: ['missing_pkce'] } });
    assert.deepEqual([made.status, made.json.dialects, made.json.refuses], [201, ['standard', vendor], ['missing_pkce']]);
    const params = { application: 'acme@web' };
    const renamed = await home('applications.change', { params, body: { name: 'Acme' } });
    assert.deepEqual([renamed.json.dialects, renamed.json.refuses], [['standard', vendor], ['missing_pkce']]);
    const changed = await home('applications.change', { params, body: { dialects: [vendor], refuses: [] } });
    assert.deepEqual([changed.json.dialects, changed.json.refuses], [[vendor], []]);
    assert.deepEqual((await events('acme@web'))[0]?.details, { changed: ['dialects', 'refuses'] });
  });

  it('may be served where they were not before', async () => {
    const plain = await world.did('applications.create', { body: { project: 'acme-project', id: 'plain', name: 'Plain', kind: 'spa' } });
    assert.deepEqual([plain.dialects, plain.refuses], [['standard'], []]);
    const api = await home('apis.change', { params: { api: 'acme-api' }, body: { dialects: ['standard', vendor], tokenVersion: 1 } });
    assert.deepEqual([api.json.dialects, api.json.tokenVersion, api.json.tokenLifetime], [['standard', vendor], 1, 600]);
    const service = await home('service-users.change', {
      params: { serviceUser: 'svc_acme' },
      body: { dialects: [vendor], metadata: { team: 'blue' } },
    });
    assert.deepEqual([service.json.dialects, service.json.metadata, service.json.name], [[vendor], { team: 'blue' }, 'acme']);
    const body = { organization: 'acme', id: 'svc@moved', name: 'Moved', dialects: [vendor], metadata: { team: 'red' } };
    const made = await home('service-users.create', { body });
    assert.deepEqual([made.json.dialects, made.json.metadata], [[vendor], { team: 'red' }]);
    assert.deepEqual((await home('service-users.create', { body })).json, made.json);
  });

  it('may be APIs that call other APIs of the organization, as the person who called them', async () => {
    const body = {
      project: 'acme-project',
      id: 'acme-orders',
      name: 'Orders',
      resource: 'api://acme-orders',
      resources: ['https://api.acme.example'],
    };
    const made = await home('apis.create', { body });
    assert.deepEqual([made.status, made.json.resources, made.json.defaultResource], [201, ['https://api.acme.example'], null]);
    const params = { api: 'acme-orders' };
    const kept = await home('apis.change', { params, body: { defaultResource: 'https://api.acme.example' } });
    assert.deepEqual([kept.json.resources, kept.json.defaultResource], [['https://api.acme.example'], 'https://api.acme.example']);
    assert.deepEqual((await home('apis.change', { params, body: { name: 'Orders 2' } })).json.resources, ['https://api.acme.example']);
    const none = await home('apis.change', { params, body: { resources: [] } });
    assert.deepEqual([none.json.resources, none.json.defaultResource], [[], null]);
    is(await home('apis.change', { params, body: { resources: ['https://api.beta.example'] } }), 400, /no API has the resource/);
    is(await admin('apis.change', { params, body: { resources: [world.audience] } }), 403, /does not call the admin API/);
  });

  it('R-140 are for no address of the issuer itself, at none of its origins', async () => {
    const body = { project: 'acme-project', name: 'No', resource: `${origin}/me/` };
    is(await admin('apis.create', { body }), 409, /is the issuer's own/);
  });

  it('name only dialects and leniencies that there are', async () => {
    const app = { project: 'acme-project', name: 'No', kind: 'spa' };
    is(await home('applications.create', { body: { ...app, dialects: ['klingon'] } }), 400, /dialects\[0\] must be one of standard/);
    is(await home('applications.create', { body: { ...app, refuses: ['all'] } }), 400, /refuses\[0\] must be one of secret_in_address/);
    is(await home('apis.change', { params: { api: 'acme-api' }, body: { dialects: ['klingon'] } }), 400, /dialects\[0\] must be one of/);
    const service = { organization: 'acme', name: 'No', dialects: ['klingon'] };
    is(await home('service-users.create', { body: service }), 400, /dialects\[0\] must be one of standard/);
  });
});

describe('organizations', () => {
  it('have a primary domain that an issuer-admin gives them, no two the same, and can give it up', async () => {
    const params = { organization: 'acme' };
    is(await home('organizations.change', { params, body: { domain: 'acme.example' } }), 403, /issuer-admin/);
    const named = await admin('organizations.change', { params, body: { domain: 'acme.example' } });
    assert.deepEqual([named.json.name, named.json.domain], ['acme', 'acme.example']);
    is(
      await admin('organizations.change', { params: { organization: 'beta' }, body: { domain: 'acme.example' } }),
      409,
      /another one has it/,
    );
    assert.equal((await home('organizations.change', { params, body: { name: 'Acme' } })).json.domain, 'acme.example');
    assert.equal((await home('organizations.change', { params, body: { domain: null } })).json.domain, null);
    is(await home('organizations.change', { params, body: { domain: 'Acme Ltd' } }), 400, /must be a domain in lower case/);
    const made = await world.did('organizations.create', { body: { id: 'gamma', name: 'Gamma', domain: 'gamma.example' } });
    assert.equal(made.domain, 'gamma.example');
  });
});

describe('people', () => {
  const body = { organization: 'acme', id: 'usr_anna', email: 'anna@acme.example' };

  it('have further claims and metadata, each replaced as a whole', async () => {
    const more = { claims: { preferred_username: 'ada', address: { country: 'NO' } }, metadata: { team: 'blue' } };
    const made = await home('people.create', { body: { ...body, ...more } });
    assert.deepEqual([made.status, made.json.claims, made.json.metadata, made.json.subjects], [201, more.claims, more.metadata, {}]);
    const params = { person: 'usr_anna' };
    const changed = await home('people.change', { params, body: { claims: { zoneinfo: 'Europe/Oslo' }, metadata: {} } });
    assert.deepEqual([changed.json.claims, changed.json.metadata], [{ zoneinfo: 'Europe/Oslo' }, {}]);
    is(await home('people.change', { params, body: { claims: { sub: 'usr_eve' } } }), 400, /claims does not know sub/);
  });

  it('R-031 are called something else by a dialect only when an issuer-admin says so, and never what somebody else is called', async () => {
    const params = { person: 'usr_anna' };
    is(await home('people.change', { params, body: { subjects: { [vendor]: '77' } } }), 403, /only an issuer-admin may say/);
    is(await home('people.create', { body: { ...body, id: 'usr_x', subjects: { [vendor]: '77' } } }), 403, /only an issuer-admin/);
    is(await admin('people.change', { params, body: { subjects: { klingon: '77' } } }), 400, /subjects\.klingon is no dialect/);
    is(await admin('people.change', { params, body: { subjects: { standard: '77' } } }), 400, /must be left out/);
    assert.deepEqual((await admin('people.change', { params, body: { subjects: { [vendor]: 'x|77' } } })).json.subjects, {
      [vendor]: 'x|77',
    });
    is(
      await away('people.create', { body: { organization: 'beta', id: '77', email: '77@beta.example' } }),
      409,
      /calls somebody else the same/,
    );
    const program = { project: 'beta-project', id: '77', name: 'Eve', kind: 'spa' };
    is(await away('applications.create', { body: program }), 409, /calls somebody else the same/);
    const eve = { organization: 'beta', id: 'usr_mallory', email: 'mallory@beta.example', subjects: { [vendor]: 'y|usr_anna' } };
    is(await admin('people.create', { body: eve }), 409, /calls somebody else the same/);
  });
});

describe('guests', () => {
  const grant = { user: 'usr_guest', project: 'beta-project', role: 'reader' };
  before(() => world.did('people.create', { body: { organization: 'acme', id: 'usr_guest', email: 'guest@acme.example' } }));

  it('have roles in another organization when an issuer-admin gives them, beside those at home', async () => {
    const { json, status } = await admin('grants.give', { body: { ...grant, organization: 'beta' } });
    assert.deepEqual([status, json.organization, json.role], [201, 'beta', 'reader']);
    assert.equal((await events('usr_guest'))[0]?.organization, 'beta');
    await world.did('grants.give', { body: grant });
    const all = (await admin('grants.list', { query: { user: 'usr_guest' } })).json.items as { organization: string }[];
    assert.deepEqual(all.map(({ organization }) => organization).toSorted(), ['acme', 'beta']);
    await world.did('grants.take', { params: grant, query: { organization: 'beta' } });
    const left = (await admin('grants.list', { query: { user: 'usr_guest' } })).json.items as { organization: string }[];
    assert.deepEqual(
      left.map(({ organization }) => organization),
      ['acme'],
    );
  });

  it('R-140 are not made by the administrators of either organization, and do not administer', async () => {
    const own = { ...grant, project: 'acme-project' };
    is(await home('grants.give', { body: { ...own, organization: 'beta' } }), 403, /only an issuer-admin makes people guests/);
    is(await away('grants.give', { body: { ...grant, organization: 'beta' } }), 404, /usr_guest/);
    const administering = { user: 'usr_guest', project: 'safeconduct', role: 'organization-admin', organization: 'beta' };
    is(await admin('grants.give', { body: administering }), 409, /guests do not administer/);
    is(await admin('grants.give', { body: { ...grant, organization: 'nowhere' } }), 404, /organization nowhere/);
  });
});
