import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { apiByResource, findApplication } from '../orgs/applications.ts';
import { rolesFor } from '../orgs/grants.ts';
import { findUser, findUserByEmail } from '../people/users.ts';
import { hashOf } from '../secrets/token-format.ts';
import type { Statement } from '../store/database.ts';
import { onBothEngines } from '../store/stores.fixtures.test.ts';
import { applyConfiguration } from './apply.ts';
import { defineConfig, demo, type IssuerConfiguration } from './define.ts';
import { liveDemoOwners } from './demo.ts';
import { ConfigurationError, checkConfiguration } from './schema.ts';

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
        { id: 'shop-job', name: 'Job', kind: 'service', secret: demo(secretTwo), resources: [resource] },
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
    assert.equal(web?.defaultResource, resource);
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

describe('a configuration', () => {
  const app = { id: 'a', name: 'A', kind: 'web', secret: secretOne };
  const withApp = (more: object) => ({ projects: [{ id: 'p', organization: 'o', name: 'P', applications: [{ ...app, ...more }] }] });
  const signs = { authMethod: 'private_key_jwt', secret: undefined };
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const refused: readonly (readonly [what: string, value: unknown, finding: RegExp])[] = [
    ['an unknown setting', { organisations: [] }, /does not know organisations: check the spelling/],
    ['a missing name', { organizations: [{ id: 'o' }] }, /organizations\[0\]\.name/],
    ['an id with spaces', { organizations: [{ id: 'the shop', name: 'x' }] }, /organizations\[0\]\.id must be 1 to 100 letters/],
    [
      'an organization declared twice',
      {
        organizations: [
          { id: 'o', name: 'x' },
          { id: 'o', name: 'y' },
        ],
      },
      /the id o is used twice/,
    ],
    [
      'R-003 a wildcard redirect',
      withApp({ redirectUris: ['https://*.example/'] }),
      /projects\[0\]\.applications\[0\]\.redirectUris\[0\] must not have a wildcard/,
    ],
    ['R-003 an http redirect', withApp({ redirectUris: ['http://shop.example/'] }), /must begin with https/],
    ['R-031 an application whose id looks like a person', withApp({ id: 'usr_1' }), /must not begin with usr_/],
    [
      'R-031 an application and a person of one id',
      { ...withApp({}), users: [{ id: 'a', organization: 'o' }] },
      /the id a is also an application's/,
    ],
    ['a short secret', withApp({ secret: 'short' }), /openssl rand/],
    ['a secret of a public application', withApp({ kind: 'spa' }), /must be left out/],
    ['a confidential application without a secret', withApp({ secret: undefined }), /secret is missing/],
    [
      'a public application without PKCE',
      withApp({ kind: 'native', secret: undefined, pkceRequired: false }),
      /pkceRequired must not be false/,
    ],
    [
      'a private key',
      withApp({ ...signs, jwks: { keys: [privateKey.export({ format: 'jwk' })] } }),
      /jwks\.keys\[0\] must be a public key/,
    ],
    ['a shared key', withApp({ ...signs, jwks: { keys: [{ kty: 'oct', k: 'AAAA' }] } }), /must be a public key/],
    ['a key that is none', withApp({ ...signs, jwks: { keys: [{ kty: 'EC', crv: 'P-256' }] } }), /must be a JSON Web Key/],
    ['a resource that no API has', withApp({ resources: ['https://none.example'] }), /no API has the resource/],
    [
      'a role that nobody declared',
      { ...withApp({}), users: [{ id: 'u', organization: 'o', roles: { p: ['boss'] } }] },
      /project p has no role boss/,
    ],
    [
      'a token that lives for a day',
      {
        projects: [{ id: 'p', organization: 'o', name: 'P', apis: [{ id: 'x', name: 'X', resource, scopes: {}, tokenLifetime: 86_400 }] }],
      },
      /at most 3600/,
    ],
    ['a password and a hash', { users: [{ id: 'u', organization: 'o', password: 'x', passwordHash: 'y' }] }, /not both/],
  ];
  for (const [what, value, finding] of refused) {
    it(`refuses ${what}, and says where and what to write`, () => {
      assert.throws(
        () => checkConfiguration(value),
        (error: unknown) => error instanceof ConfigurationError && finding.test(error.message),
      );
    });
  }

  it('lists every finding at once, and shows no secret', () => {
    const value = {
      organizations: [{ id: '!', name: '' }],
      users: [{ id: 'u', organization: 'o', password: demo('hunter2-hunter2'), email: 'x' }],
    };
    assert.throws(
      () => checkConfiguration(value),
      (error: unknown) => {
        assert.ok(error instanceof ConfigurationError);
        assert.equal(error.findings.length, 3);
        assert.doesNotMatch(error.message, /hunter2/);
        return true;
      },
    );
  });
});
