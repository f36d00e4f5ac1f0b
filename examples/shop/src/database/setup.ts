import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import { postgresSessions } from 'safeconduct/login';
import { installQuery } from 'safeconduct/query';
import { loadDemoData } from './load.ts';

const folder = new URL('../../sql/', import.meta.url);

/** The database roles that a person's statements run as. */
export const personRoles = ['shop_customer', 'shop_support'] as const;

export interface SetUpOptions {
  /** Role that the program logs in as, and what PostgreSQL stores of its password; none on PGlite, which has no log-ins. */
  readonly login?: { readonly role: string; readonly verifier: string };
  /** The demo orders end on the day before. */
  readonly today: Date;
}

/** Makes roles, tables, demo data and row-level security, each once. Two processes may do it at the same time. */
export async function setUp(client: ClientBase, { login, today }: SetUpOptions): Promise<void> {
  await inTurn(client, async () => {
    await client.query(readFileSync(new URL('roles.sql', folder), 'utf8'));
    await client.query('grant shop_owner to current_user');
    await client.query('create schema if not exists shop authorization shop_owner');
    if (login !== undefined) await client.query(`alter role ${login.role} login password '${login.verifier}'`);
  });
  for (const role of personRoles) await installQuery(client, { role, ...(login === undefined ? {} : { login: login.role }) });
  await inTurn(client, async () => {
    // Policies name the functions of that schema, and the owner of the tables writes the policies.
    await client.query('grant usage on schema safeconduct to shop_owner');
    await migrate(client, today);
  });
  await inTurn(client, () => makeSessions(client, login?.role));
}

/** The tables that web sessions are kept in. They belong to the program, not to a person: only its login role may use them. */
async function makeSessions(client: ClientBase, login: string | undefined): Promise<void> {
  await postgresSessions(client).migrate();
  if (login === undefined) return;
  await client.query(`grant usage on schema safeconduct_login to ${login}`);
  await client.query(`grant select, insert, update, delete on all tables in schema safeconduct_login to ${login}`);
}

interface Migration {
  readonly name: string;
  readonly text: string;
  readonly checksum: string;
}

async function migrate(client: ClientBase, today: Date): Promise<void> {
  await client.query('set local role shop_owner');
  await client.query(
    'create table if not exists shop.migrations (name text primary key, checksum text not null, applied_at timestamptz not null default now())',
  );
  const { rows } = await client.query<{ name: string; checksum: string }>('select name, checksum from shop.migrations');
  const applied = new Map(rows.map(({ name, checksum }) => [name, checksum]));
  for (const { name, text, checksum } of migrations()) {
    const known = applied.get(name);
    if (known !== undefined && known !== checksum)
      throw new Error(`${name} was changed after it was applied: put it back and write a new file instead`);
    if (known !== undefined) continue;
    await client.query(text);
    // Between the tables and their policies: afterwards even the owner of the tables sees and writes nothing.
    if (name === '0001-tables.sql') await loadDemoData(client, today);
    await client.query('insert into shop.migrations (name, checksum) values ($1, $2)', [name, checksum]);
  }
}

function migrations(): Migration[] {
  const names = readdirSync(folder).filter((name) => /^\d{4}-.+\.sql$/.test(name));
  return names.sort().map((name) => {
    const text = readFileSync(new URL(name, folder), 'utf8');
    return { name, text, checksum: createHash('sha256').update(text).digest('hex') };
  });
}

// Roles belong to the whole server, so that databases beside this one may set up the same ones at the same moment:
// unique_violation, duplicate_object, deadlock, "tuple concurrently updated".
const concurrent = ['23505', '42710', '40P01', 'XX000'];

/** Runs the work in one transaction, after whoever else is setting up the same database, and again if roles were in the way. */
async function inTurn(client: ClientBase, work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    await client.query('begin');
    try {
      await client.query("select pg_advisory_xact_lock(hashtextextended('safeconduct shop set-up', 0))");
      await work();
      await client.query('commit');
      return;
    } catch (error) {
      await client.query('rollback').catch(() => undefined);
      if (attempt === 10 || !concurrent.includes(String((error as { code?: unknown }).code))) throw error;
      await pause(Math.random() * 50 * attempt);
    }
  }
}
