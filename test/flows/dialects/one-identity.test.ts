/** One person, one set of rows, whichever origin the token came from; and what one origin gave, no other takes. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { PGlite } from '@electric-sql/pglite';
import { createPgConfig } from '@electric-sql/pglite/node-postgres';
import { createDatabase, postgresSkipped } from '@safeconduct/test-support/postgres';
import pg from 'pg';
import type { Identity } from 'safeconduct/identity';
import { protect } from 'safeconduct/protect';
import { asUser, installQuery } from 'safeconduct/query';
import { bearing, loginAt, robotAt, signInAt, trustAt, type Vendor, vendors } from './own-library.fixtures.test.ts';
import { ADA, BEN, GUS, OTHER_ORG, SHOP_ORG, startWorld, Visitor, type World } from './world.fixtures.test.ts';

/** What Ben was called before he moved here. */
const former = { zitadel: '305211467129880577', auth0: 'google-oauth2|1170812345' };

interface Database {
  readonly kind: string;
  readonly pool: pg.Pool;
  close(): Promise<void>;
}

describe('one person at origins of every dialect', () => {
  let world: World;
  const databases: Database[] = [];
  /** Access tokens, by dialect. */
  const tokens = new Map<string, string>();

  before(async () => {
    world = await startWorld({
      dialects: vendors.map(({ dialect }) => dialect).filter((dialect) => dialect !== 'standard'),
      declare: (base) => ({
        ...base,
        users: (base.users ?? []).map((user) => (user.id === BEN.id ? { ...user, roles: { shop: ['support'] }, subjects: former } : user)),
      }),
    });
    for (const vendor of vendors) {
      const { tokens: given } = await signInAt(loginAt(world, vendor), new Visitor(BEN));
      tokens.set(vendor.dialect, given.accessToken.reveal());
    }
    databases.push(await openEmbedded(), ...(postgresSkipped ? [] : [await openServer()]));
  });
  after(async () => {
    await Promise.all(databases.map((one) => one.close()));
    await world?.stop();
  });

  /** The identities that an API sees, by dialect. */
  async function seen(sharedSubject: boolean): Promise<readonly Identity[]> {
    const guard = protect({ issuers: vendors.map((vendor) => trustAt(world, vendor, sharedSubject)) });
    return Promise.all(vendors.map(({ dialect }) => guard(bearing(tokens.get(dialect) ?? ''))));
  }

  it('is the same person of the same organization to one guard, and to a sign-in', async () => {
    for (const { subject, organization, kind, roles } of await seen(true))
      assert.deepEqual([subject, organization, kind, roles], [BEN.id, SHOP_ORG, 'person', ['support']]);
    for (const vendor of vendors) {
      const { identity } = await signInAt(loginAt(world, vendor, true), new Visitor(BEN));
      assert.deepEqual([identity.subject, identity.organization], [BEN.id, SHOP_ORG], vendor.dialect);
    }
  });

  it('has an issuer and a name of each vendor’s own, kept from before where there was one', async () => {
    const found = new Map((await seen(false)).map((identity, index) => [vendors[index]?.dialect, identity]));
    assert.equal(found.get('standard')?.subject, BEN.id);
    assert.equal(found.get('zitadel')?.subject, former.zitadel);
    assert.equal(found.get('auth0')?.subject, former.auth0);
    for (const dialect of ['entra', 'keycloak'])
      assert.match(found.get(dialect)?.subject ?? '', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.equal(new Set([...found.values()].map(({ issuer }) => issuer)).size, vendors.length);
  });

  it('has the same rows whichever origin the token came from, and somebody else’s never', async () => {
    for (const { kind, pool } of databases)
      for (const identity of await seen(true)) assert.deepEqual(await notesOf(identity, pool), ['ben 1', 'ben 2'], kind);
    const { identity } = await signInAt(loginAt(world, vendorOf('auth0'), true), new Visitor(ADA));
    for (const { pool } of databases) assert.deepEqual(await notesOf(identity, pool), ['ada 1']);
  });

  it('has no rows of that name where nobody said that the name is shared', async () => {
    for (const { kind, pool } of databases)
      for (const [index, identity] of (await seen(false)).entries())
        assert.deepEqual(await notesOf(identity, pool), index === 0 ? ['ben 1', 'ben 2'] : [], `${kind} ${vendors[index]?.dialect}`);
  });

  it('R-031 is never mistaken for a program, which is one and the same at every origin as well', async () => {
    const guard = protect({ issuers: vendors.map((vendor) => trustAt(world, vendor, true)) });
    for (const vendor of vendors) {
      const robot = await guard(bearing(await robotAt(world, vendor)));
      assert.deepEqual([robot.subject, robot.kind, robot.organization], ['shop-robot', 'service', SHOP_ORG], vendor.dialect);
    }
  });

  it('is of one organization as a guest, too: their own', async () => {
    for (const dialect of ['standard', 'zitadel', 'auth0', 'keycloak']) {
      const { identity } = await signInAt(loginAt(world, vendorOf(dialect), true), new Visitor(GUS));
      assert.deepEqual([identity.subject, identity.organization], [GUS.id, OTHER_ORG], dialect);
    }
    await assert.rejects(signInAt(loginAt(world, vendorOf('entra'), true), new Visitor(GUS)), { code: 'guest_refused' });
  });
});

function vendorOf(dialect: string): Vendor {
  return vendors.find((vendor) => vendor.dialect === dialect) ?? assert.fail(dialect);
}

async function notesOf(identity: Identity, pool: pg.Pool): Promise<string[]> {
  const { rows } = await asUser(identity, pool).query('select body from notes order by body');
  return rows.map(({ body }) => String(body));
}

const schema = (role: string): string => `
  create table notes (owner text not null, organization text not null, body text not null);
  insert into notes values ('${BEN.id}', '${SHOP_ORG}', 'ben 1'), ('${BEN.id}', '${SHOP_ORG}', 'ben 2'), ('${ADA.id}', '${SHOP_ORG}', 'ada 1');
  alter table notes enable row level security;
  alter table notes force row level security;
  create policy own on notes
    using (owner = (select safeconduct.subject()) and organization = (select safeconduct.organization()));
  grant select on notes to ${role};`;

async function openEmbedded(): Promise<Database> {
  const lite = await PGlite.create();
  const config: object = createPgConfig(lite);
  const pool = new pg.Pool({ ...config, max: 1 });
  await installQuery(pool);
  await pool.query(schema('safeconduct_user'));
  return {
    kind: 'PGlite',
    pool,
    async close() {
      await pool.end();
      await lite.close();
    },
  };
}

async function openServer(): Promise<Database> {
  const database = await createDatabase();
  const url = new URL(database.url);
  const name = url.pathname.slice(1);
  const login = `${name}_login`;
  const root = new pg.Pool({ connectionString: database.url, max: 1 });
  root.on('error', () => undefined);
  await root.query(`create role ${login} login password 'demo'; grant connect on database ${name} to ${login}`);
  await installQuery(root, { login });
  await root.query(schema('safeconduct_user'));
  Object.assign(url, { username: login, password: 'demo' });
  const pool = new pg.Pool({ connectionString: url.href, max: 2 });
  pool.on('error', () => undefined);
  return {
    kind: 'PostgreSQL',
    pool,
    async close() {
      await pool.end();
      await root.query(`drop owned by ${login}; drop role ${login}`);
      await root.end();
      await database.drop();
    },
  };
}
