/** PostgreSQL inside this process, for development: one directory, one process, one connection. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import type { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import type { Engine, StoreOptions } from './engine.ts';
import { takeLock } from './lock.ts';

// A tenth of the memory, at no cost that a developer would notice.
const lowMemory = ['shared_buffers=8MB', 'wal_buffers=1MB', 'min_wal_size=32MB', 'max_wal_size=64MB'];

// PGlite's own user is a superuser, whom no privilege stops: the issuer works as a role of its own.
const becomeIssuer = `
do $$ begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'safeconduct_issuer') then
    create role safeconduct_issuer;
    grant create on database postgres to safeconduct_issuer;
  end if;
end $$;
set role safeconduct_issuer`;

/** Opens PGlite in `<dataDirectory>/pg` and holds its lock until `close`. Refuses when another process holds it. */
export async function openPglite({ dataDirectory, deadline = 3_000 }: StoreOptions): Promise<Engine> {
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
  const unlock = await takeLock(join(dataDirectory, 'pg.lock'));
  try {
    const database = await start(dataDirectory);
    await database.exec(becomeIssuer);
    const { createPgConfig } = await import('@electric-sql/pglite/node-postgres');
    // The adapter stands in for a network connection; the driver's types do not know that option.
    const config = createPgConfig(database) as object as pg.PoolConfig;
    const pool = new pg.Pool({ ...config, max: 1, idleTimeoutMillis: 0, connectionTimeoutMillis: deadline });
    return {
      kind: 'pglite',
      pool,
      prepare: true,
      async close() {
        await pool.end();
        await database.close();
        unlock();
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

async function start(dataDirectory: string): Promise<PGlite> {
  const { PGlite } = await import('@electric-sql/pglite');
  const directory = join(dataDirectory, 'pg');
  const unfinished = join(dataDirectory, 'pg.creating');
  // Left behind by a process that died while it created the directory: nothing in it was ever used.
  if (existsSync(unfinished)) rmSync(directory, { recursive: true, force: true });
  if (existsSync(join(directory, 'PG_VERSION'))) return PGlite.create(directory);
  writeFileSync(unfinished, '');
  const template = readTemplate();
  const database = await PGlite.create(directory, { postgresqlconf: lowMemory, ...(template && { loadDataDir: template }) });
  rmSync(unfinished);
  return database;
}

/** Where the prebuilt empty cluster of the installed PGlite version lies. `scripts/build-template.ts` makes it. */
export function templatePath(): URL {
  const entry = createRequire(import.meta.url).resolve('@electric-sql/pglite');
  const { version } = JSON.parse(readFileSync(join(entry, '../../package.json'), 'utf8')) as { version: string };
  return new URL(`../../assets/pglite-${version}.tar.br`, import.meta.url);
}

// Without a template for this version PGlite runs its own initdb, which is slower by seconds.
function readTemplate(): Blob | undefined {
  const path = templatePath();
  if (!existsSync(path)) return undefined;
  return new Blob([new Uint8Array(brotliDecompressSync(readFileSync(path)))], { type: 'application/x-tar' });
}
