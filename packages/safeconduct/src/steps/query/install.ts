import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SafeconductError } from '../../core/identity/errors.ts';
import { DEFAULT_ROLE } from './as-user.ts';
import { padsOf } from './seal.ts';

/** A connection or a pool that runs several statements in one text: `pg.Client` and `pg.Pool` do. */
export interface SqlRunner {
  query(text: string): Promise<{ readonly rows: readonly object[] }>;
}

export interface InstallQueryOptions {
  /** Role that statements run as; made when it is not there. Default: `safeconduct_user`. */
  readonly role?: string;
  /** Role that the program logs in as. It must exist. None for PGlite, whose one session is a superuser. */
  readonly login?: string;
  /**
   * Signs identities with this secret key of 32 bytes: from then on every `asUser` on this database needs the same one.
   * An earlier key is accepted for one more day.
   */
  readonly key?: KeyObject;
  /** Schemas that the login role searches, in this order. Default: `public`. */
  readonly searchPath?: readonly string[];
}

/** What `installQuery` found or did. */
export interface QueryInstallation {
  readonly version: number;
  /** Identities are signed here. */
  readonly signed: boolean;
}

const VERSION = 1;
const TRIES = 5;
// Two processes at once: unique_violation, duplicate_object, serialization_failure, deadlock, "tuple concurrently updated".
const CONCURRENT = ['23505', '42710', '40001', '40P01', 'XX000'];

/**
 * Puts schema `safeconduct` into a database: the functions that policies use, the role that statements run as, and the
 * revokes that keep an identity from being forged. Needs a superuser, or as much as the database allows: what a managed
 * database's administrator may not revoke stays open, and `checkDatabase` says so. Runs as one transaction, may run
 * again, and may run in two processes at once. A newer installation is left as it is.
 *
 * Throws `database_unsafe` when identities are signed there and no key was given.
 */
export async function installQuery(database: SqlRunner, options: InstallQueryOptions = {}): Promise<QueryInstallation> {
  const script = scriptOf(options);
  for (let tries = 1; ; tries++) {
    try {
      const found = await installed(database);
      if (found !== undefined && found.version > VERSION) return found;
      if (found?.signed && options.key === undefined) throw new SafeconductError('database_unsafe', { message: KEY_MISSING });
      await database.query(script);
      return { version: VERSION, signed: options.key !== undefined };
    } catch (error) {
      if (tries === TRIES || !CONCURRENT.includes(String((error as { code?: unknown }).code))) throw error;
    }
  }
}

const KEY_MISSING =
  'identities are signed in this database: pass the key. Without it, every query would go back to identities that anybody can write.';

async function installed(database: SqlRunner): Promise<QueryInstallation | undefined> {
  const { rows } = await database.query("select pg_catalog.to_regclass('safeconduct.installed') is not null as there");
  if (!(rows[0] as { there: boolean } | undefined)?.there) return undefined;
  const newest = await database.query('select version, signed from safeconduct.installed order by version desc limit 1');
  return newest.rows[0] as QueryInstallation | undefined;
}

function scriptOf({ role = DEFAULT_ROLE, login, key, searchPath = ['public'] }: InstallQueryOptions): string {
  const path = [...searchPath, 'pg_temp'].map(identifier).join(', ');
  const names: Record<string, string> = { role, path, ...(login === undefined ? {} : { login }), ...(key === undefined ? {} : hexOf(key)) };
  const files = [
    '0001-schema',
    key === undefined ? '0002-plain' : '0002-signed',
    '0003-rights',
    ...(login === undefined ? [] : ['0004-login']),
    '0005-installed',
  ];
  return files
    .map((file) => readFileSync(new URL(`../../../sql/${file}.sql`, import.meta.url), 'utf8'))
    .join('\n')
    .replaceAll(/:"(\w+)"/g, (_, name: string) => identifier(names[name] ?? ''))
    .replaceAll(/:'(\w+)'/g, (_, name: string) => literal(names[name] ?? ''))
    .replace(':version', String(VERSION))
    .replace(':signed', String(key !== undefined));
}

function hexOf(key: KeyObject): Record<string, string> {
  const { inner, outer } = padsOf(key);
  return { inner: `\\x${inner}`, outer: `\\x${outer}` };
}

function identifier(name: string): string {
  if (name === '' || name.includes('\0')) throw new TypeError('a role and a schema need a name');
  return `"${name.replaceAll('"', '""')}"`;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
