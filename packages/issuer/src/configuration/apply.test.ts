import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { it } from 'node:test';
import { apiByResource, findApplication } from '../orgs/applications.ts';
import { rolesFor } from '../orgs/grants.ts';
import { findServiceUser } from '../people/service-users.ts';
import { disableUser, findUser, findUserByEmail } from '../people/users.ts';
import { hashOf } from '../secrets/token-format.ts';
import type { Statement } from '../store/database.ts';
import { onBothEngines } from '../store/stores.fixtures.test.ts';
import { applyConfiguration } from './apply.ts';
import { defineConfig, demo, type IssuerConfiguration } from './define.ts';
import { liveDemoOwners } from './demo.ts';
import { ConfigurationError } from './schema.ts';

const resource = 'https://api.shop.example';
const secretOne = 'one-secret-one-secret-one-secret-one';
const secretTwo = 'two-secret-two-secret-two-secret-two';
const shop = defineConfig({
  organizations: [{ id: 'shop', name: 'The Shop' }],
  projects: [
    {
      id: 'shop',
      organization: 'shop',
      name: 'Shop',
      roles: { customer: 'Customer', support: 'Support' },
      apis: [{ id: 'shop-api', name: 'Shop API', resource, scopes: { 'orders:read': 'See your orders' } }],
      applications: [
        {
          id: 'shop-web',
          name: 'Shop',
          kind: 'web',
          firstParty: true,
          redirectUris: ['https://shop.example/callback'],
          secret: secretOne,
          resources: [resource],
        },
        { id: 'shop-terminal', name: 'Terminal', kind: 'native', redirectUris: ['http://127.0.0.1/callback'], resources: [resource] },
        {
          id: 'shop-job',
          name: 'Job',
          kind: 'service',
          secret: demo(secretTwo),
          resources: [resource],
          roles: { shop: ['support'] },
        },
      ],
    },
  ],
  users: [
    {
      id: 'usr_ada',
      organization: 'shop',
      email: 'ada@shop.example',
      name: 'Ada Brandt',
      password: demo('a demo passphrase of ada'),
      roles: { shop: ['customer'] },
    },
  ],
});
const publicJwk = (kid: string) => ({ ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }), kid });
const development = { mode: 'development' } as const;

onBothEngines('applying a configuration', (fixture) => {
  const apply = (configuration: IssuerConfiguration) => applyConfiguration(fixture.store(), configuration, development);

  it('R-143 begins with nobody: there is no default user, application or organization', async () => {
    const COUNT: Statement = {
      name: 'count all',
      text: `select (select count(*) from issuer.users) + (select count(*) from issuer.application)
      + (select count(*) from issuer.organization) + (select count(*) from issuer.user_password) as n`,
    };
    assert.equal(Number((await fixture.store().run<{ n: string }>(COUNT, []))[0]?.n), 0);
  });

  it('creates what it declares and says so', async () => {
    const applied = await apply(shop);
    assert.deepEqual(
      applied.map(({ what, id }) => `${what} ${id}`),
      [
        'organization shop',
        'project shop',
        'role shop/customer',
        'role shop/support',
        'api shop-api',
        'application shop-web',
        'secret shop-web',
        'application shop-terminal',
        'application shop-job',
        'secret shop-job',
        'roles shop-job@shop',
        'user usr_ada',
        'password usr_ada',
        'roles usr_ada@shop',
      ],
    );
  });

  it('changes nothing when it is applied again, by two at once', async () => {
    assert.deepEqual(await Promise.all([apply(shop), apply(shop)]), [[], []]);
  });

  it('stores each application as its kind needs it, and of its secret only the hash', async () => {
    const web = await findApplication(fixture.store(), 'shop-web');
    assert.deepEqual(web?.grantTypes, ['authorization_code', 'refresh_token']);
    assert.equal(web?.authMethod, 'client_secret_basic');
    assert.equal(web?.defaultResource, null);
    assert.deepEqual(web?.scopes, ['openid', 'profile', 'email', 'offline_access', 'orders:read']);
    assert.deepEqual(web?.secretHashes, [hashOf(secretOne)]);
    assert.equal(web?.organizationId, 'shop');
    const native = await findApplication(fixture.store(), 'shop-terminal');
    assert.equal(native?.authMethod, 'none');
    assert.deepEqual(native?.secretHashes, []);
    const job = await findApplication(fixture.store(), 'shop-job');
    assert.deepEqual([job?.grantTypes, job?.scopes], [['client_credentials'], ['orders:read']]);
    assert.equal(await findApplication(fixture.store(), 'shop'), undefined);
  });

  it('makes a service user of an application that acts for itself, with the roles that were declared', async () => {
    const user = await findServiceUser(fixture.store().run, 'shop-job');
    assert.deepEqual(
      [user?.organizationId, user?.projectId, user?.name, user?.state, user?.resources],
      ['shop', 'shop', 'Job', 'active', [resource]],
    );
    assert.deepEqual(await rolesFor(fixture.store().run, 'shop-job', 'shop'), ['support']);
    assert.equal(await findServiceUser(fixture.store().run, 'shop-web'), undefined);
  });

  it('leaves a service user disabled that an administrator disabled', async () => {
    await disableUser(fixture.store(), 'shop-job', 'usr_ada');
    assert.deepEqual(await apply(shop), []);
    assert.equal((await findServiceUser(fixture.store().run, 'shop-job'))?.state, 'disabled');
    await fixture.store().run({ name: 'enable', text: `update issuer.users set state = 'active' where id = 'shop-job'` }, []);
  });

  it('makes the keys of a program exactly those that it declares, in place of a secret', async () => {
    const [one, two] = [publicJwk('one'), publicJwk('two')];
    const program = (more: object) => ({
      projects: [{ id: 'keys', organization: 'shop', name: 'Keys', apis: [{ ...api, ...more }] }],
    });
    const api = { id: 'keys-api', name: 'Keys', resource: 'https://keys.example', scopes: {} };
    const found = async () => {
      const application = await findApplication(fixture.store(), 'keys-api');
      return [application?.authMethod, application?.secretHashes.length, application?.keys.map(({ kid }) => kid).toSorted()];
    };
    await apply(program({ secret: secretOne }));
    assert.deepEqual(await found(), ['client_secret_basic', 1, []]);
    const changes = await apply(program({ authMethod: 'private_key_jwt', jwks: { keys: [one, two] } }));
    assert.deepEqual(changes.map(({ what }) => what).toSorted(), ['api', 'keys', 'secret']);
    assert.deepEqual(await found(), ['private_key_jwt', 0, ['one', 'two']]);
    assert.deepEqual(await apply(program({ authMethod: 'private_key_jwt', jwks: { keys: [one, two] } })), []);
    await apply(program({ authMethod: 'private_key_jwt', jwks: { keys: [two] } }));
    assert.deepEqual(await found(), ['private_key_jwt', 0, ['two']]);
  });

  it('finds an API by its exact resource indicator', async () => {
    const api = await apiByResource(fixture.store(), resource);
    assert.deepEqual(api, {
      id: 'shop-api',
      projectId: 'shop',
      name: 'Shop API',
      resource,
      scopes: { 'orders:read': 'See your orders' },
      tokenFormat: 'jwt',
      tokenLifetime: 600,
      tokenVersion: 2,
    });
    assert.equal(await apiByResource(fixture.store(), `${resource}/`), undefined);
  });

  it('makes the person able to sign in, with the roles that were declared', async () => {
    assert.equal((await findUserByEmail(fixture.store(), 'ADA@shop.example'))?.id, 'usr_ada');
    assert.deepEqual(await rolesFor(fixture.store().run, 'usr_ada', 'shop'), ['customer']);
  });

  it('changes only what differs: a name, a role, a secret that is being replaced', async () => {
    const [project] = shop.projects ?? [];
    const [web] = project?.applications ?? [];
    const [ada] = shop.users ?? [];
    assert.ok(project && web && ada);
    const applied = await apply({
      ...shop,
      projects: [{ ...project, applications: [{ ...web, name: 'Shop, renamed', secret: [secretTwo, secretOne] }] }],
      users: [{ ...ada, roles: { shop: ['support'] } }],
    });
    assert.deepEqual(applied, [
      { what: 'application', id: 'shop-web', change: 'changed' },
      { what: 'secret', id: 'shop-web', change: 'changed' },
      { what: 'roles', id: 'usr_ada@shop', change: 'changed' },
    ]);
    assert.deepEqual(
      new Set((await findApplication(fixture.store(), 'shop-web'))?.secretHashes),
      new Set([hashOf(secretOne), hashOf(secretTwo)]),
    );
    assert.deepEqual(await rolesFor(fixture.store().run, 'usr_ada', 'shop'), ['support']);
  });

  it('imports a password that only its hash is known of, unchanged', async () => {
    const hash = '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$7sLz0xTOB5pZ8yC1vlRB/qpPMF1Ku2X0zRlV7rTgk8E';
    const imported = {
      organizations: shop.organizations ?? [],
      users: [{ id: 'usr_imported', organization: 'shop', email: 'i@shop.example', passwordHash: hash }],
    };
    assert.equal((await apply(imported)).length, 2);
    assert.deepEqual(await apply(imported), []);
    const [row] = await fixture
      .store()
      .run({ name: 'hash', text: `select hash from issuer.user_password where user_id = 'usr_imported'` }, []);
    assert.equal(row?.hash, hash);
  });

  it('writes nothing at all when one part of it is refused', async () => {
    const half = {
      organizations: [{ id: 'half', name: 'Half' }],
      users: [{ id: 'usr_half', organization: 'half', email: 'h@shop.example', password: 'short' }],
    };
    await assert.rejects(apply(half), /password of usr_half is refused/);
    assert.equal(await findUser(fixture.store(), 'usr_half'), undefined);
  });

  it('R-031 refuses a person with the id of an application that is in the database already', async () => {
    const users = [{ id: 'shop-web', organization: 'shop', email: 'x@shop.example' }];
    await assert.rejects(apply({ users }), /the id shop-web is taken/);
    const project = { id: 'p2', organization: 'shop', name: 'P', applications: [{ id: 'usr_ada', name: 'A', kind: 'native' as const }] };
    await assert.rejects(apply({ projects: [project] }), /must not begin with usr_/);
    const person = { id: 'shop-job', organization: 'shop', email: 'y@shop.example' };
    await assert.rejects(apply({ users: [person] }), /the id shop-job is taken/);
    const web = { id: 'shop-job', name: 'W', kind: 'web' as const, secret: secretOne };
    await assert.rejects(apply({ projects: [{ ...project, applications: [web] }] }), /the id shop-job is taken/);
    await apply({ users: [{ id: 'plain-person', organization: 'shop' }] });
    const service = { id: 'plain-person', name: 'S', kind: 'service' as const, secret: secretOne };
    await assert.rejects(apply({ projects: [{ ...project, applications: [service] }] }), /the id plain-person is taken/);
  });

  it('R-144 refuses demo secrets in production, and remembers those that development applied', async () => {
    await assert.rejects(applyConfiguration(fixture.store(), shop, { mode: 'production' }), (error: unknown) => {
      assert.ok(error instanceof ConfigurationError);
      assert.deepEqual(
        error.findings.map((finding) => finding.split(' ')[0]),
        ['shop-job', 'usr_ada'],
      );
      assert.doesNotMatch(error.message, /two-secret|passphrase/);
      return true;
    });
    assert.deepEqual(await liveDemoOwners(fixture.store().run), ['shop-job', 'usr_ada']);
    await apply({
      users: [{ id: 'usr_ada', organization: 'shop', email: 'ada@shop.example', name: 'Ada Brandt', password: 'a passphrase of her own' }],
    });
    assert.deepEqual(await liveDemoOwners(fixture.store().run), ['shop-job']);
  });
});
