/**
 * A real PostgreSQL for tests: a throw-away cluster on 127.0.0.1 that this process starts and stops,
 * or the server that SAFECONDUCT_TEST_DATABASE_URL (a superuser's URL) names.
 */
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from './ports.ts';

const run = promisify(execFile);

/** Says why a test on real PostgreSQL is skipped, or false when it can run. */
export const postgresSkipped: string | false =
  process.env.SAFECONDUCT_TEST_DATABASE_URL || binaries()
    ? false
    : 'no PostgreSQL here: install it (Debian: apt-get install postgresql) or set SAFECONDUCT_TEST_DATABASE_URL to a superuser URL';

export interface Cluster {
  /** URL of the superuser, database `postgres`. */
  readonly url: string;
  /** Stops the server and removes its files. */
  stop(): Promise<void>;
  /** Ends the server at once, as a crash would, and starts it again on the same files and port. */
  crash(): Promise<void>;
}

/** Starts a cluster of its own. Fast and not durable: fsync is off. */
export async function startCluster(): Promise<Cluster> {
  const bin = binaries();
  if (bin === undefined) throw new Error(String(postgresSkipped));
  const directory = mkdtempSync(join(tmpdir(), 'safeconduct-pg-'));
  const owner = await unprivileged();
  if (owner) chownSync(directory, owner.uid, owner.gid);
  const port = await freePort();
  await run(
    join(bin, 'initdb'),
    ['-D', join(directory, 'data'), '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync', '--locale=C'],
    { ...owner },
  );
  const start = () => boot(join(bin, 'postgres'), join(directory, 'data'), port, owner);
  let server = await start();
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    async crash() {
      await ended(server, 'SIGQUIT');
      server = await start();
    },
    async stop() {
      await ended(server, 'SIGINT');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export interface TestDatabase {
  /** URL of the superuser in a new, empty database. */
  readonly url: string;
  /** Drops the database. */
  drop(): Promise<void>;
}

/** Creates an empty database on the run's server, or on a cluster of its own when no run set one. */
export async function createDatabase(): Promise<TestDatabase> {
  const shared = process.env.SAFECONDUCT_TEST_DATABASE_URL;
  const own = shared === undefined ? await startCluster() : undefined;
  const server = shared ?? (own as Cluster).url;
  const name = `test_${randomBytes(6).toString('hex')}`;
  await statement(server, `create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    async drop() {
      if (own) return own.stop();
      await statement(server, `drop database ${name} with (force)`);
    },
  };
}

/** What an issuer of a test keeps its data in. */
export interface TestStorage {
  /** For `createIssuer`. Empty: it uses the embedded database. */
  readonly settings: { readonly databaseUrl?: string };
  /** For a process of its own. */
  readonly env: { readonly DATABASE_URL?: string };
  drop(): Promise<void>;
}

/** For tests that any database will do for: PostgreSQL where there is one, because the embedded one takes seconds to begin. */
export async function quickStorage(): Promise<TestStorage> {
  if (postgresSkipped) return { settings: {}, env: {}, drop: async () => undefined };
  const { url, drop } = await createDatabase();
  return { settings: { databaseUrl: url }, env: { DATABASE_URL: url }, drop };
}

async function statement(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

function binaries(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const places = [
    process.env.PGBIN ?? '',
    ...versions.map((version) => join(debian, version, 'bin')),
    '/usr/local/bin',
    '/opt/homebrew/bin',
    '/usr/bin',
  ];
  return places.find((place) => place !== '' && existsSync(join(place, 'initdb')) && existsSync(join(place, 'postgres')));
}

// PostgreSQL refuses to run as root: borrow the account that its package made.
async function unprivileged(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = await Promise.all([run('id', ['-u', 'postgres']), run('id', ['-g', 'postgres'])]);
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}

type Server = ReturnType<typeof spawn>;

async function boot(binary: string, data: string, port: number, owner: { uid: number; gid: number } | undefined): Promise<Server> {
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'off',
    full_page_writes: 'off',
    max_connections: 300,
    shared_buffers: '64MB',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = spawn(binary, ['-D', data, ...flags], { ...owner, stdio: 'ignore' });
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  for (let attempt = 0; ; attempt++) {
    try {
      await statement(url, 'select 1');
      return server;
    } catch (error) {
      if (attempt > 200 || server.exitCode !== null) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function ended(server: Server, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    server.once('exit', () => resolve());
    server.kill(signal);
  });
}
