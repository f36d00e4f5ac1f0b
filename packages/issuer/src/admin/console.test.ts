/** Everything that is clicked in a console before an API can be called with a personal access token, as calls of the admin API. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { freePort } from '@safeconduct/test-support/ports';
import { createDatabase, postgresSkipped } from '@safeconduct/test-support/postgres';
import { protect } from 'safeconduct/protect';
import { safeconduct } from 'safeconduct/providers';
import type { IssuerOptions } from '../index.ts';
import { startAdmin, type World } from './admin.fixtures.test.ts';

const resource = 'http://127.0.0.1:5000';

async function clickThrough({ did, url }: World): Promise<void> {
  // The organization and the project, the API application with Basic, the service user and its token, the role, the grant.
  await did('organizations.create', { body: { id: 'acme', name: 'Acme' } });
  await did('projects.create', { body: { organization: 'acme', id: 'messages', name: 'Messages' } });
  const api = await did('apis.create', { body: { project: 'messages', id: 'messages-api', name: 'Messages API', resource } });
  await did('service-users.create', { body: { organization: 'acme', id: 'svc_messenger', name: 'Messenger' } });
  const { token } = await did('tokens.create', { body: { serviceUser: 'svc_messenger', name: 'PAT', resources: [resource] } });
  await did('roles.add', { params: { project: 'messages' }, body: { key: 'read:messages', name: 'Reads messages' } });
  const grant = { user: 'svc_messenger', project: 'messages', role: 'read:messages' };
  await did('grants.give', { body: grant });

  const introspection = { clientId: api.id, clientSecret: api.secret, maxAgeSeconds: 0 };
  const guard = protect({ provider: safeconduct({ issuer: url }), audience: resource, introspection });
  const request = new Request(resource, { headers: { authorization: `Bearer ${token}` } });
  const scoped = () => guard(request, { roles: ['read:messages'] });

  const identity = await scoped();
  assert.deepEqual(
    [identity.subject, identity.kind, identity.organization, identity.roles],
    ['svc_messenger', 'service', 'acme', ['read:messages']],
  );
  await did('grants.take', { params: grant });
  await assert.rejects(scoped(), { code: 'role_missing', status: 403 });
  assert.equal((await guard(request)).subject, 'svc_messenger');
  await did('grants.give', { body: grant });
  assert.deepEqual((await scoped()).roles, ['read:messages']);

  const [{ id }] = (await did('tokens.list', { query: { user: 'svc_messenger' } })).items;
  await did('tokens.revoke', { params: { token: id } });
  await assert.rejects(guard(request), { code: 'token_invalid', status: 401 });
}

async function onIssuer(options: IssuerOptions, work: (world: World) => Promise<void>): Promise<void> {
  const { world, end } = await startAdmin(options);
  try {
    await work(world);
  } finally {
    await end();
  }
}

describe('an API with a personal access token, set up by calls alone', () => {
  const name = 'S1.4 S1.5 S1.6 S1.7 S1.9 lets it in, asks for the role as it is now, and refuses it when it is revoked';

  it(`${name}, on PGlite`, () => onIssuer({}, clickThrough));

  it(`${name}, on PostgreSQL`, { skip: postgresSkipped }, async () => {
    const database = await createDatabase();
    try {
      await onIssuer({ databaseUrl: database.url }, clickThrough);
    } finally {
      await database.drop();
    }
  });

  it('S1.5 is the same behind a proxy that ends TLS: the admin API asks the issuer where it listens', async () => {
    await onIssuer(
      { issuer: 'https://login.example', host: '127.0.0.1', port: await freePort() },
      async ({ did, audience, as, administrator }) => {
        assert.equal(audience, 'https://login.example/admin/v1');
        assert.equal((await did('me')).id, administrator.id);
        assert.equal((await as('sc_pat_none')('me')).status, 401);
      },
    );
  });
});
