/** The shop's database for tests, on both engines. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase, postgresSkipped } from '@safeconduct/test-support/postgres';
import { type Database, openDatabase } from '../database/open.ts';
import type { Log } from '../log.ts';

export interface TestDatabase extends Database {
  /** Everything that was logged while it was open. */
  readonly logged: { readonly event: string; readonly fields: unknown }[];
  readonly directory: string;
  /** The superuser's URL; undefined on PGlite. */
  readonly adminUrl?: string;
}

/** Engines to run a suite on; a skipped one says why. */
export const engines: readonly { readonly name: string; readonly skip: string | false; open(): Promise<TestDatabase> }[] = [
  { name: 'PGlite', skip: false, open: openEmbedded },
  { name: 'PostgreSQL', skip: postgresSkipped, open: openServer },
];

const loginPassword = 'a-password-that-only-tests-know';
const today = new Date('2026-11-22T12:00:00Z');

function freshDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'shop-test-'));
}

async function openEmbedded(): Promise<TestDatabase> {
  const directory = freshDirectory();
  const { logged, log } = recorder();
  const database = await openDatabase({ directory, loginPassword, today, log });
  return {
    ...database,
    logged,
    directory,
    async close() {
      await database.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function openServer(): Promise<TestDatabase> {
  const directory = freshDirectory();
  const { logged, log } = recorder();
  const server = await createDatabase();
  const database = await openDatabase({ databaseUrl: server.url, directory, loginPassword, today, log }).catch(async (error: unknown) => {
    await server.drop();
    throw error;
  });
  return {
    ...database,
    logged,
    directory,
    adminUrl: server.url,
    async close() {
      await database.close();
      await server.drop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export function recorder(): { logged: { event: string; fields: unknown }[]; log: Log } {
  const logged: { event: string; fields: unknown }[] = [];
  return { logged, log: (event, fields) => void logged.push({ event, fields }) };
}
