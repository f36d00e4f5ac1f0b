/** Runs the same tests on both engines: PGlite in a directory of its own, and an empty database on real PostgreSQL. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { createDatabase, postgresSkipped, type TestDatabase } from '@safeconduct/test-support/postgres';
import { openStore, type Store } from './database.ts';
import type { StoreOptions } from './engine.ts';
import { migrate } from './migrate.ts';

export interface Fixture {
  readonly engine: 'pglite' | 'postgres';
  readonly dataDirectory: string;
  readonly databaseUrl: string | undefined;
  /** Migrated, open while the tests run. */
  store(): Store;
  /** Another process's view of the same database; PostgreSQL only. */
  open(options?: Partial<StoreOptions>): Promise<Store>;
}

export interface FixtureOptions {
  /** Default true. */
  readonly migrated?: boolean;
}

/** Declares `tests` twice. The fixture is usable inside tests and hooks. */
export function onBothEngines(title: string, tests: (fixture: Fixture) => void, options: FixtureOptions = {}): void {
  describe(`${title} on PGlite`, () => tests(declare('pglite', options)));
  describe(`${title} on PostgreSQL`, { skip: postgresSkipped }, () => tests(declare('postgres', options)));
}

/** Declares a fixture on one engine, inside a describe. */
export function declare(engine: 'pglite' | 'postgres', { migrated = true }: FixtureOptions = {}): Fixture {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'safeconduct-store-'));
  let database: TestDatabase | undefined;
  let store: Store | undefined;
  const open = (options: Partial<StoreOptions> = {}) => openStore({ dataDirectory, databaseUrl: database?.url, ...options });
  before(async () => {
    if (engine === 'postgres') database = await createDatabase();
    store = await open();
    if (migrated) await migrate(store);
  });
  after(async () => {
    await store?.close();
    await database?.drop();
    rmSync(dataDirectory, { recursive: true, force: true });
  });
  return {
    engine,
    dataDirectory,
    get databaseUrl() {
      return database?.url;
    },
    store() {
      if (store === undefined) throw new Error('the store opens before the first test');
      return store;
    },
    open,
  };
}
