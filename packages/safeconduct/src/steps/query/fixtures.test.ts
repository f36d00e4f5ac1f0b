/** What the tests of this step share: a database of each kind with the same tables, and people. */
import { PGlite } from '@electric-sql/pglite';
import { createPgConfig } from '@electric-sql/pglite/node-postgres';
import { createDatabase, postgresSkipped } from '@safeconduct/test-support/postgres';
import pg from 'pg';
import { type Identity, mintIdentity } from '../../core/identity/identity.ts';
import { type InstallQueryOptions, installQuery } from './install.ts';

export interface Person {
  readonly roles?: readonly string[];
  readonly organization?: string;
}

export function person(subject: string, { roles = [], organization = 'org-1' }: Person = {}): Identity {
  return mintIdentity({
    issuer: 'https://issuer.example',
    subject,
    kind: 'person',
    organization,
    roles,
    scopes: ['orders:read'],
    client: 'shop-web',
    expiresAt: new Date('2100-01-01'),
    claims: {},
  });
}

export interface TestDatabase {
  readonly kind: 'PGlite' | 'PostgreSQL';
  /** What a program uses: the login role on PostgreSQL, the one session of PGlite. */
  readonly pool: pg.Pool;
  /** Runs as superuser. */
  admin(text: string, values?: unknown[]): Promise<pg.QueryResult>;
  /** URL of the login role; empty on PGlite. */
  readonly url: string;
  close(): Promise<void>;
}

export interface OpenOptions extends InstallQueryOptions {
  readonly max?: number;
  readonly users?: number;
}

const SCHEMA = (users: number, role: string): string => `
  create table orders (
    id bigint generated always as identity primary key,
    user_id text not null default safeconduct.subject(),
    status text not null default 'new',
    total int not null default 0
  );
  insert into orders (user_id, status, total)
    select 'user-' || u, 's' || i, i from generate_series(0, ${users - 1}) u, generate_series(1, 10) i;
  create index on orders (user_id);
  alter table orders enable row level security;
  alter table orders force row level security;
  create policy own on orders
    using (user_id = (select safeconduct.subject())) with check (user_id = (select safeconduct.subject()));
  grant select, insert, update, delete on orders to ${role};
  create table tickets (id int primary key, body text not null);
  insert into tickets values (1, 'for support only');
  alter table tickets enable row level security;
  alter table tickets force row level security;
  create policy support on tickets using ((select safeconduct.has_role('support')));
  grant select on tickets to ${role};
  analyze orders;`;

/** Kinds of database that a test runs on, and why one is skipped. */
export const kinds = [
  { kind: 'PGlite', skip: false, open: openEmbedded },
  { kind: 'PostgreSQL', skip: postgresSkipped, open: openServer },
] as const;

export async function openServer({ max = 4, users = 64, ...options }: OpenOptions = {}): Promise<TestDatabase> {
  const database = await createDatabase();
  const name = new URL(database.url).pathname.slice(1);
  // Roles belong to the whole server, and test files run side by side.
  const [login, role] = [`${name}_login`, options.role ?? 'safeconduct_user'];
  const root = new pg.Pool({ connectionString: database.url, max: 2 });
  root.on('error', () => {});
  await root.query(`create role ${login} login password 'demo'; grant connect on database ${name} to ${login}`);
  await installQuery(root, { login, ...options });
  await root.query(SCHEMA(users, role));
  const url = new URL(database.url);
  url.username = login;
  url.password = 'demo';
  const pool = new pg.Pool({ connectionString: url.href, max });
  pool.on('error', () => {});
  return {
    kind: 'PostgreSQL',
    pool,
    url: url.href,
    admin: (text, values) => root.query(text, values),
    async close() {
      await pool.end();
      await root.query(`drop owned by ${login}; drop role ${login}`);
      await root.end();
      await database.drop();
    },
  };
}

export async function openEmbedded({ users = 64, ...options }: OpenOptions = {}): Promise<TestDatabase> {
  const lite = await PGlite.create();
  const config: object = createPgConfig(lite);
  const pool = new pg.Pool({ ...config, max: 1 });
  await installQuery(pool, options);
  await pool.query(SCHEMA(users, options.role ?? 'safeconduct_user'));
  return {
    kind: 'PGlite',
    pool,
    url: '',
    admin: (text, values) => pool.query(text, values),
    async close() {
      await pool.end();
      await lite.close();
    },
  };
}

/** What is left on every connection of a pool, seen from outside of any person. */
export async function leftovers(pool: pg.Pool): Promise<unknown[]> {
  const clients = await Promise.all(Array.from({ length: Math.max(1, pool.totalCount) }, () => pool.connect()));
  const question = `select current_user <> session_user as other_role,
    coalesce(current_setting('safeconduct.identity', true), '') as identity,
    (select count(*)::int from pg_cursors) as cursors`;
  const seen = await Promise.all(clients.map(async (client) => (await client.query(question)).rows[0]));
  for (const client of clients) client.release();
  return seen.filter((row) => row.other_role || row.identity !== '' || row.cursors > 0);
}

/** The code of the error that a promise rejects with, or 'none'. */
export async function failure(work: Promise<unknown>): Promise<{ readonly code: string; readonly message: string }> {
  try {
    await work;
    return { code: 'none', message: 'there was no error' };
  } catch (error) {
    const { code = '', message } = error as { code?: string; message: string };
    return { code, message };
  }
}
