/** What a configuration says of people and organizations beyond a name: it is stored, and nobody is taken for somebody else. */
import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { dialectNames, mountable } from '../dialects/table.ts';
import { findApplication } from '../orgs/applications.ts';
import { tenants } from '../orgs/organizations.ts';
import { findServiceUser } from '../people/service-users.ts';
import { findUser } from '../people/users.ts';
import type { Statement } from '../store/database.ts';
import { uuidOf } from '../store/ids.ts';
import { onBothEngines } from '../store/stores.fixtures.test.ts';
import { applyConfiguration } from './apply.ts';
import type { IssuerConfiguration, UserDeclaration } from './define.ts';
import { ConfigurationError } from './schema.ts';

const vendor = dialectNames.find((name) => name !== 'standard') ?? '';
const claims = { preferred_username: 'ada', address: { country: 'NO' } };
const ada: UserDeclaration = {
  id: 'usr_ada',
  organization: 'acme',
  claims,
  metadata: { team: 'blue' },
  subjects: { [vendor]: '1001' },
  roles: { shop: ['reader'] },
  guestOf: { beta: { shop: ['reader', 'writer'] } },
};
const world: IssuerConfiguration = {
  organizations: [
    { id: 'acme', name: 'Acme', domain: 'acme.example' },
    { id: 'beta', name: 'Beta' },
  ],
  projects: [
    {
      id: 'shop',
      organization: 'acme',
      name: 'Shop',
      roles: { reader: 'Reads', writer: 'Writes' },
      apis: [{ id: 'shop-api', name: 'API', resource: 'https://api.example', scopes: {}, dialects: [vendor], tokenVersion: 1 }],
      applications: [
        { id: 'shop@web', name: 'Web', kind: 'spa', dialects: ['standard', vendor], refuses: ['localhost_redirect'] },
        { id: 'job', name: 'Job', kind: 'service', secret: 'x'.repeat(32), dialects: [vendor], metadata: { team: 'red' } },
      ],
    },
  ],
  users: [ada],
};
const GRANTS: Statement = {
  name: 'grants of user',
  text: `select organization_id || '/' || project_id || '/' || role_key as given from issuer.role_grant where user_id = $1 order by 1`,
};

onBothEngines('what dialects tell of people', (fixture) => {
  const apply = (configuration: IssuerConfiguration) => applyConfiguration(fixture.store(), configuration, { mode: 'development' });
  const applyUser = (user: Partial<UserDeclaration> & { id: string }) => apply({ ...world, users: [{ organization: 'acme', ...user }] });
  const granted = async (id: string) => (await fixture.store().run<{ given: string }>(GRANTS, [id])).map(({ given }) => given);
  const refused = (work: Promise<unknown>, finding: RegExp) =>
    assert.rejects(work, (error: unknown) => error instanceof ConfigurationError && finding.test(error.message));
  before(() => apply(world));

  it('is stored as it was declared, and applied again it changes nothing', async () => {
    const user = await findUser(fixture.store(), 'usr_ada');
    assert.deepEqual([user?.claims, user?.metadata, user?.subjects], [claims, { team: 'blue' }, { [vendor]: '1001' }]);
    const job = await findServiceUser(fixture.store().run, 'job');
    assert.deepEqual([job?.metadata, job?.dialects], [{ team: 'red' }, [vendor]]);
    assert.deepEqual(await tenants(fixture.store()), [
      { id: 'acme', name: 'Acme', domain: 'acme.example' },
      { id: 'beta', name: 'Beta', domain: undefined },
    ]);
    assert.deepEqual(await apply(world), []);
  });

  it('is changed when the file changes', async () => {
    const applied = await apply({ ...world, users: [{ ...ada, claims: { ...claims, address: { country: 'SE' } } }] });
    assert.deepEqual(applied, [{ what: 'user', id: 'usr_ada', change: 'changed' }]);
    await apply(world);
  });

  it('gives applications their dialects, and what they refuse; all of a project know of each other', async () => {
    const web = await findApplication(fixture.store(), 'shop@web');
    assert.deepEqual([web?.dialects, web?.refuses], [['standard', vendor], ['localhost_redirect']]);
    assert.deepEqual(web?.projectClients, ['job', 'shop-api', 'shop@web']);
    const api = await findApplication(fixture.store(), 'shop-api');
    assert.deepEqual([api?.dialects, api?.tokenVersion], [[vendor], 1]);
    const job = await findApplication(fixture.store(), 'job');
    assert.deepEqual(job?.grantTypes, ['client_credentials', 'urn:ietf:params:oauth:grant-type:jwt-bearer']);
  });

  it('keeps the roles of a guest apart from those at home', async () => {
    assert.deepEqual(await granted('usr_ada'), ['acme/shop/reader', 'beta/shop/reader', 'beta/shop/writer']);
    await apply({ ...world, users: [{ ...ada, roles: { shop: ['writer'] }, guestOf: { beta: { shop: ['reader'] } } }] });
    assert.deepEqual(await granted('usr_ada'), ['acme/shop/writer', 'beta/shop/reader']);
  });

  it('leaves nobody who moves to another organization with roles in the one before', async () => {
    await applyUser({ id: 'usr_mover', roles: { shop: ['writer'] }, guestOf: { beta: { shop: ['reader'] } } });
    await applyUser({ id: 'usr_mover', organization: 'beta', roles: { shop: ['reader'] } });
    assert.deepEqual(await granted('usr_mover'), ['beta/shop/reader']);
  });

  it('knows no guest of an organization that is not there', async () => {
    await refused(applyUser({ id: 'usr_lost', guestOf: { nowhere: { shop: ['reader'] } } }), /usr_lost: there is no organization nowhere/);
  });

  const same = /^[\s\S]*users: (\S+) cannot be called so: a dialect calls somebody else the same/;
  const somebody = { id: 'usr_eve' };
  for (const [what, subject] of [
    ['the subject of somebody else', '1001'],
    ['an id', 'usr_ada'],
    ['an id behind a bar', 'somewhere|usr_ada'],
    ['an id as a UUID', uuidOf('usr_ada').toUpperCase()],
    ['a client_id', 'shop@web'],
    ['a client_id as programs are called', 'job@clients'],
  ] as const)
    it(`R-031 calls nobody by ${what}`, () => refused(applyUser({ ...somebody, subjects: { [vendor]: subject } }), same));

  it('has no origin for an organization that is not there', async () => {
    const tenanted = dialectNames.find(mountable) ?? '';
    const origins = [{ url: 'http://localhost:8081', dialect: vendor, [tenanted]: { tenants: ['acme', 'nowhere'] } }];
    await refused(apply({ origins }), /http:\/\/localhost:8081: there is no organization nowhere/);
  });

  it('R-031 gives no newcomer an id by which somebody is called already, person or program', async () => {
    await applyUser({ id: 'usr_far', subjects: { [vendor]: 'somewhere|2002' } });
    await applyUser({ id: 'usr_moved', subjects: { [vendor]: uuidOf('usr_next') } });
    for (const id of ['1001', '2002', 'usr_next']) await refused(applyUser({ id }), same);
    const [project] = world.projects ?? [];
    assert.ok(project);
    const program = { ...project, id: 'other', applications: [{ id: '2002', name: 'No', kind: 'spa' as const }], apis: [] };
    await refused(apply({ projects: [program] }), same);
    await applyUser({ id: 'usr_far', subjects: { [vendor]: 'somewhere|2002' } });
    await applyUser({ id: '200' });
  });

  it('gives no two organizations one domain', async () => {
    const twin = { organizations: [{ id: 'twin', name: 'Twin', domain: 'acme.example' }] };
    await refused(apply(twin), /organizations: organization twin cannot have the domain acme\.example/);
    assert.ok(!(await tenants(fixture.store())).some(({ id }) => id === 'twin'));
  });
});
