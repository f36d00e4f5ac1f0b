/** Brings the schema up to date: numbered .sql files, forward only, each in one transaction, once, whoever starts it. */
import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Run, Statement, Store } from './database.ts';
import { conflicted, sqlState } from './unavailable.ts';

/** One file of `store/sql`. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly text: string;
  readonly checksum: string;
}

export interface MigrationOptions {
  /** A role that gets what the running issuer needs and no more: it can add to the audit log but not change it. */
  readonly appRole?: string | undefined;
}

const EXISTS: Statement = { name: 'migration table', text: `select to_regclass('issuer.migration') is not null as there` };
const APPLIED: Statement = { name: 'applied migrations', text: 'select number, checksum from issuer.migration order by number' };
const SELF: Statement = { name: 'current user', text: 'select current_user::text as name' };
const LOCK: Statement = {
  name: 'lock migrations',
  text: `select from issuer.lease where name = 'migrations' for update`,
  deadline: 600_000,
};
const NOTE: Statement = { name: 'note migration', text: 'insert into issuer.migration (number, name, checksum) values ($1, $2, $3)' };
const bootstrap = script(
  'create migration table',
  `create schema if not exists issuer;
   create table if not exists issuer.lease (name text primary key, held_by text, held_until timestamptz);
   insert into issuer.lease (name) values ('migrations') on conflict do nothing;
   create table if not exists issuer.migration (
     number int primary key, name text not null, checksum text not null, applied_at timestamptz not null default now())`,
);

/** Applies what is missing and gives the names applied. Throws when an applied file was changed since. */
export async function migrate(store: Store, { appRole }: MigrationOptions = {}): Promise<string[]> {
  const migrations = readMigrations();
  const missing = (await pending(store.run, migrations)).length > 0;
  const applied = missing ? await applyAll(store, migrations).catch(explain) : [];
  if (appRole !== undefined && (await currentUser(store.run)) !== appRole) await store.run(privileges(appRole), []);
  return applied;
}

async function applyAll(store: Store, migrations: readonly Migration[]): Promise<string[]> {
  const applied: string[] = [];
  await again(() => store.transaction((run) => run(bootstrap, [])));
  for (const migration of migrations) {
    if (await again(() => store.transaction((run) => apply(run, migration)))) applied.push(migration.name);
  }
  return applied;
}

function explain(error: unknown): never {
  if (sqlState(error) !== '42501') throw error;
  throw new Error('the schema is out of date and this database role may not change it: run `safeconduct migrate` as its owner', {
    cause: error,
  });
}

async function currentUser(run: Run): Promise<string | undefined> {
  return (await run<{ name: string }>(SELF, []))[0]?.name;
}

/** The migrations that this database does not have yet. Throws when one that it has differs from ours. */
export async function pending(run: Run, migrations: readonly Migration[] = readMigrations()): Promise<Migration[]> {
  const [answer] = await run<{ there: boolean }>(EXISTS, []);
  const rows = answer?.there ? await run<{ number: number; checksum: string }>(APPLIED, []) : [];
  const known = new Map(rows.map(({ number, checksum }) => [number, checksum]));
  for (const { number, name, checksum } of migrations) {
    if ((known.get(number) ?? checksum) === checksum) continue;
    throw new Error(`migration ${name} was changed after this database applied it: restore the file and write the change as a new one`);
  }
  return migrations.filter(({ number }) => !known.has(number));
}

/** Reads `store/sql`, in order. */
export function readMigrations(directory: URL = new URL('sql/', import.meta.url)): Migration[] {
  const files = readdirSync(directory).filter((file) => /^\d{4}-[a-z-]+\.sql$/.test(file));
  return files.sort().map((file) => {
    const text = readFileSync(new URL(file, directory), 'utf8');
    return { number: Number(file.slice(0, 4)), name: file.slice(0, -4), text, checksum: hash('sha256', text, 'hex') };
  });
}

async function apply(run: Run, { number, name, text, checksum }: Migration): Promise<boolean> {
  await run(LOCK, []);
  const rows = await run<{ number: number }>(APPLIED, []);
  if (rows.some((row) => row.number === number)) return false;
  await run(script('no deadline', 'set local statement_timeout = 0'), []);
  await run(script(`migration ${name}`, text), []);
  await run(NOTE, [number, name, checksum]);
  return true;
}

function script(name: string, text: string): Statement {
  return { name, text, script: true, deadline: 600_000 };
}

/** What the running issuer may do when it connects as `role`, which owns nothing. */
function privileges(role: string): Statement {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(role)) throw new TypeError(`"${role}" is no plain role name: use lower-case letters, digits and _`);
  return script(
    'grant to app role',
    `grant usage on schema issuer to "${role}";
     grant select, insert, update, delete on all tables in schema issuer to "${role}";
     revoke insert, update, delete on issuer.migration from "${role}";
     revoke update, delete on issuer.event, issuer.event_chain from "${role}"`,
  );
}

// Two processes may create the same schema, table or row at the same moment: the one that comes second looks again.
async function again<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const raced = conflicted(error) || ['23505', '42P06', '42P07', 'XX000'].includes(sqlState(error) ?? '');
      if (!raced || attempt === 10) throw error;
      await pause(20 * attempt);
    }
  }
}
