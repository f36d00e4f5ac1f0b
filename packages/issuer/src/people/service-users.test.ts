import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { applyConfiguration } from '../configuration/apply.ts';
import { findApplication } from '../orgs/applications.ts';
import { onBothEngines } from '../store/stores.fixtures.test.ts';
import { createServiceUser, findServiceUser, type NewServiceUser } from './service-users.ts';
import { disableUser, findUser } from './users.ts';

const declared = {
  organizations: [
    { id: 'o', name: 'O' },
    { id: 'other', name: 'Other' },
  ],
  projects: [{ id: 'p', organization: 'o', name: 'P', applications: [{ id: 'app', name: 'App', kind: 'spa' as const }] }],
  users: [{ id: 'usr_ada', organization: 'o', email: 'ada@o.example' }],
};

onBothEngines('a service user', (fixture) => {
  before(() => applyConfiguration(fixture.store(), declared, { mode: 'development' }));
  const create = (wanted: Partial<NewServiceUser> = {}) =>
    fixture.store().transaction((run) => createServiceUser(run, { organizationId: 'o', name: 'Bot', ...wanted }));

  it('is a user and, under the same id, an application that acts for itself', async () => {
    const { id, createdAt, ...rest } = await create({
      projectId: 'p',
      resources: ['https://api.example'],
      scopes: ['read'],
      metadata: { team: 'blue' },
    });
    assert.match(id, /^svc_[0-9a-f]{32}$/);
    assert.ok(createdAt instanceof Date);
    assert.deepEqual(rest, {
      organizationId: 'o',
      projectId: 'p',
      name: 'Bot',
      state: 'active',
      resources: ['https://api.example'],
      scopes: ['read'],
      authMethod: 'client_secret_basic',
      dialects: ['standard'],
      metadata: { team: 'blue' },
    });
    assert.equal((await findUser(fixture.store(), id))?.kind, 'service');
    const application = await findApplication(fixture.store(), id);
    assert.deepEqual([application?.kind, application?.grantTypes, application?.secretHashes], ['service', ['client_credentials'], []]);
  });

  it('may belong to its organization alone', async () => {
    const { id, projectId } = await create({ id: 'svc_alone', organizationId: 'other' });
    assert.equal(projectId, null);
    assert.equal((await findApplication(fixture.store(), id))?.organizationId, 'other');
  });

  it('R-031 takes no id that a person, an application or another service user has', async () => {
    await create({ id: 'svc_taken' });
    for (const id of ['usr_ada', 'app', 'svc_taken']) await assert.rejects(create({ id }), { name: 'Refused', reason: 'conflict' });
    assert.equal((await findUser(fixture.store(), 'usr_ada'))?.kind, 'person');
  });

  it('needs an organization, and a project of that one', async () => {
    await assert.rejects(create({ organizationId: 'none' }), { reason: 'unknown' });
    await assert.rejects(create({ organizationId: 'other', projectId: 'p' }), { reason: 'unknown', message: /with a project p/ });
  });

  it('has no application any more while it is disabled', async () => {
    const { id } = await create();
    assert.equal(await disableUser(fixture.store(), id, 'usr_ada'), true);
    assert.equal(await findApplication(fixture.store(), id), undefined);
    assert.equal((await findServiceUser(fixture.store().run, id))?.state, 'disabled');
  });

  it('is found by its own id only', async () => {
    for (const id of ['usr_ada', 'app', 'svc_']) assert.equal(await findServiceUser(fixture.store().run, id), undefined);
  });
});
