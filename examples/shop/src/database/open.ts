import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';
import pg from 'pg';
import { checkDatabase } from 'safeconduct/query';
import type { Log } from '../log.ts';
import { errorFields } from '../log.ts';
import { takeLock } from './lock.ts';
import { scramVerifier } from './scram.ts';
import { personRoles, setUp } from './setup.ts';

export interface DatabaseOptions {
  /** URL for set-up; undefined means PGlite in `directory`. */
  readonly databaseUrl?: string;
  readonly directory: string;
  /** Password of the login role, which nobody types. */
  readonly loginPassword: string;
  readonly today: Date;
  readonly log: Log;
}

export interface Database {
  readonly engine: 'postgres' | 'pglite';
  /** Logged in as a role without rights on any table: only `asUser` on it sees rows. */
  readonly pool: pg.Pool;
  close(): Promise<void>;
}

/** The database cannot be used as it is. The message says what to change. */
export class DatabaseUnusable extends Error {
  override readonly name = 'DatabaseUnusable';
}

function wordOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : 'no answer';
}

const loginRole = 'shop_login';
const waits = {
  connectionTimeoutMillis: 3_000,
  statement_timeout: 5_000,
  query_timeout: 6_000,
  idle_in_transaction_session_timeout: 10_000,
};

/** Opens the database, sets it up, and refuses one that would not keep people apart. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { databaseUrl, log } = options;
  const database = databaseUrl === undefined ? await openEmbedded(options) : await openServer(options, databaseUrl);
  database.pool.on('error', (error) => log('database_connection_lost', errorFields(error)));
  try {
    for (const role of personRoles) {
      const { warnings } = await checkDatabase(database.pool, { role, embedded: database.engine === 'pglite' });
      for (const { code, message } of warnings) log('database_warning', { role, code, message });
    }
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}

async function openServer({ loginPassword, today }: DatabaseOptions, databaseUrl: string): Promise<Database> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000, application_name: 'shop set-up' });
  await client.connect().catch((error: unknown) => {
    throw new DatabaseUnusable(
      `the database at ${new URL(databaseUrl).host} cannot be reached (${wordOf(error)}): check SHOP_DATABASE_URL or DATABASE_URL`,
    );
  });
  try {
    await setUp(client, { login: { role: loginRole, verifier: scramVerifier(loginPassword) }, today });
  } catch (error) {
    if (wordOf(error) !== '42501') throw error;
    throw new DatabaseUnusable(
      'the user of SHOP_DATABASE_URL (or DATABASE_URL) may not create roles: name one that may (createrole), or a superuser',
      {
        cause: error,
      },
    );
  } finally {
    await client.end();
  }
  const login = new URL(databaseUrl);
  login.username = loginRole;
  login.password = loginPassword;
  const pool = new pg.Pool({ connectionString: login.href, max: 8, application_name: 'shop', ...waits });
  return { engine: 'postgres', pool, close: () => pool.end() };
}

// A tenth of the memory, at no cost that the demo would notice.
const lowMemory = ['shared_buffers=8MB', 'wal_buffers=1MB', 'min_wal_size=32MB', 'max_wal_size=64MB'];

async function openEmbedded({ directory, today, log }: DatabaseOptions): Promise<Database> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const unlock = takeLock(join(directory, 'shop.lock'));
  try {
    const { PGlite } = await import('@electric-sql/pglite');
    const { createPgConfig } = await import('@electric-sql/pglite/node-postgres');
    const home = freshHome(directory);
    const template = home.fresh ? emptyCluster() : undefined;
    const lite = await PGlite.create(home.path, { postgresqlconf: lowMemory, ...(template && { loadDataDir: template }) });
    home.finished();
    // PGlite has one connection: one pool with one client, and everything goes through it.
    const config = createPgConfig(lite) as object as pg.PoolConfig;
    const pool = new pg.Pool({ ...config, max: 1, idleTimeoutMillis: 0, connectionTimeoutMillis: 10_000 });
    const client = await pool.connect();
    try {
      await setUp(client, { today });
    } finally {
      client.release();
    }
    log('database_embedded', { note: 'single process, not power-loss safe: set SHOP_DATABASE_URL for anything but a demo' });
    return {
      engine: 'pglite',
      pool,
      async close() {
        await pool.end();
        await lite.close();
        unlock();
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** Where PGlite lives. A folder that a process began and did not finish holds nothing of worth and is made anew. */
function freshHome(directory: string): { path: string; fresh: boolean; finished(): void } {
  const path = join(directory, 'shop');
  const unfinished = join(directory, 'shop.creating');
  if (existsSync(unfinished)) rmSync(path, { recursive: true, force: true });
  if (existsSync(join(path, 'PG_VERSION'))) return { path, fresh: false, finished: () => undefined };
  writeFileSync(unfinished, '');
  return { path, fresh: true, finished: () => rmSync(unfinished, { force: true }) };
}

// The issuer's package ships an empty cluster for its PGlite. Without one for this version PGlite makes its own, seconds later.
function emptyCluster(): Blob | undefined {
  const { resolve } = createRequire(import.meta.url);
  const { version } = JSON.parse(readFileSync(join(resolve('@electric-sql/pglite'), '../../package.json'), 'utf8')) as { version: string };
  const path = fileURLToPath(import.meta.resolve(`@safeconduct/issuer/assets/pglite-${version}.tar.br`));
  if (!existsSync(path)) return undefined;
  return new Blob([new Uint8Array(brotliDecompressSync(readFileSync(path)))], { type: 'application/x-tar' });
}
