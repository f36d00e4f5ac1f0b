/**
 * Budget P4: a query as the person against the same query with a WHERE, on real PostgreSQL with 1,000,000 rows.
 * `npm run bench -- query [ROUNDS] [MILLISECONDS] [FILTER]`. DATABASE_URL: a superuser's, in place of a cluster of its own.
 */
import { createSecretKey, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { type Cluster, startCluster } from '@safeconduct/test-support/postgres';
import pg from 'pg';
import postgres from 'postgres';
import { installQuery } from 'safeconduct/query';
import { median } from './figures.ts';
import { EACH, PEOPLE, USERS, type Variant, variantsOf } from './query-variants.ts';

const AT_ONCE = 8;
const POOL = 4;

interface Stage {
  readonly variants: Readonly<Record<string, Variant>>;
  /** CPU of the server's backends in microseconds, or nothing where they cannot be seen. */
  readonly serverCpu: () => Promise<ReadonlyMap<number, number>>;
  readonly close: () => Promise<void>;
}

/** Prints CPU per query, ours and the peers', interleaved in one run, as ratios of medians. */
export async function run([rounds = '9', milliseconds = '300', filter = '']: readonly string[]): Promise<void> {
  const cluster = process.env.DATABASE_URL === undefined ? await startCluster() : undefined;
  try {
    const stage = await prepare(process.env.DATABASE_URL ?? (cluster as Cluster).url);
    const names = Object.keys(stage.variants).filter((name) => name.includes(filter) || stage.variants[name]?.against === undefined);
    const results = new Map<string, number[]>(names.map((name) => [name, []]));
    for (const name of names) await measure(stage, name, 500);
    for (let round = 0; round < Number(rounds); round++) {
      for (const name of names) results.get(name)?.push(await measure(stage, name, Number(milliseconds)));
    }
    print(stage, results);
    await stage.close();
  } finally {
    await cluster?.stop();
  }
}

function print({ variants }: Stage, results: ReadonlyMap<string, readonly number[]>): void {
  const load = loadavg()[0]?.toFixed(1);
  console.log(
    `# node ${process.version}, 1,000,000 rows, pool of ${POOL}, ${AT_ONCE} at once, load ${load}: CPU of app and PostgreSQL, µs a query`,
  );
  console.log(`${'variant'.padEnd(52)} median (min to max)      ratio (min to max)      budget`);
  for (const [name, values] of results) {
    const variant = variants[name];
    const base = variant?.against === undefined ? undefined : results.get(variant.against);
    const figures = `${micros(median(values))} (${micros(Math.min(...values))} to ${micros(Math.max(...values))})`;
    console.log(
      `${name.padEnd(52)} ${figures.padEnd(24)} ${base === undefined ? '1' : ratioOf(values, base).padEnd(23)} ${budgetOf(variant, values, base)}`,
    );
  }
}

const micros = (value: number): string => value.toFixed(0);

// Each round measured both sides one after the other: their ratio is what the load of the machine disturbs least.
function ratioOf(values: readonly number[], base: readonly number[]): string {
  const each = values.map((value, round) => value / (base[round] ?? Number.NaN));
  return `${(median(values) / median(base)).toFixed(2)} (${Math.min(...each).toFixed(2)} to ${Math.max(...each).toFixed(2)})`;
}

function budgetOf(variant: Variant | undefined, values: readonly number[], base: readonly number[] | undefined): string {
  if (variant?.budget === undefined || base === undefined) return '';
  const over = median(values) / median(base) - variant.budget;
  return `<= ${variant.budget.toFixed(2)} ${over <= 0 ? 'held' : `missed by ${over.toFixed(2)}`}`;
}

async function measure({ variants, serverCpu }: Stage, name: string, milliseconds: number): Promise<number> {
  const work = variants[name]?.run;
  if (work === undefined) throw new TypeError(name);
  const server = await serverCpu();
  const cpu = process.cpuUsage();
  const until = performance.now() + milliseconds;
  let done = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() < until) {
      const { length } = await work(Math.floor(Math.random() * PEOPLE));
      if (length !== EACH) throw new Error(`${name} gave ${length} rows`);
      done++;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const app = process.cpuUsage(cpu);
  const after = await serverCpu();
  const backends = [...after].reduce((sum, [pid, now]) => sum + now - (server.get(pid) ?? now), 0);
  return (app.user + app.system + backends) / done;
}

async function prepare(url: string): Promise<Stage> {
  const key = createSecretKey(randomBytes(32));
  const root = new pg.Client({ connectionString: url });
  await root.connect();
  const open = async (database: string): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: at(url, database) });
    await client.connect();
    return client;
  };
  for (const text of ['drop database if exists bench_signed', 'drop database if exists bench_query', 'create database bench_query'])
    await root.query(text);
  await root.query(
    'drop role if exists bench_login; drop role if exists bench_direct; create role bench_login login; create role bench_direct login',
  );
  const first = await open('bench_query');
  await installQuery(first, { login: 'bench_login' });
  await first.query(TABLES);
  await first.query('vacuum analyze');
  await first.end();
  await root.query('create database bench_signed template bench_query');
  const second = await open('bench_signed');
  await installQuery(second, { login: 'bench_login', key });
  await second.end();
  const pool = (user: string, database: string): pg.Pool =>
    new pg.Pool({ connectionString: at(url, database, user), max: POOL, idleTimeoutMillis: 0 });
  const pools = {
    plain: pool('bench_login', 'bench_query'),
    direct: pool('bench_direct', 'bench_query'),
    signed: pool('bench_login', 'bench_signed'),
  };
  const sql = postgres(at(url, 'bench_query', 'bench_login'), { max: POOL, onnotice() {} });
  const close = async (): Promise<void> => {
    await Promise.all([...Object.values(pools).map((each) => each.end()), sql.end(), root.end()]);
  };
  return { variants: await variantsOf({ pools, sql, key }), serverCpu: () => backendCpu(root), close };
}

const TABLES = `
  create table plain (id bigint not null, user_id text not null, status text not null, total int not null);
  insert into plain select u * ${EACH} + i, 'user-' || u, 's' || i, i from generate_series(0, ${USERS - 1}) u, generate_series(1, ${EACH}) i;
  create table orders as select * from plain;
  create index on plain (user_id);
  create index on orders (user_id);
  alter table orders enable row level security, force row level security;
  create policy own on orders using (user_id = (select safeconduct.subject()));
  grant select on plain to bench_login;
  grant select on orders to safeconduct_user, bench_direct;
  grant usage on schema safeconduct to bench_direct;
  grant execute on function pg_catalog.set_config(text, text, boolean) to bench_direct;`;

function at(url: string, database: string, user?: string): string {
  const place = new URL(url);
  place.pathname = `/${database}`;
  if (user !== undefined) place.username = user;
  return place.href;
}

async function backendCpu(root: pg.Client): Promise<ReadonlyMap<number, number>> {
  const { rows } = await root.query("select pid from pg_stat_activity where usename in ('bench_login', 'bench_direct')");
  return new Map(rows.map(({ pid }) => [pid, Number(schedstat(pid)) / 1000]));
}

function schedstat(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0] ?? '0';
  } catch {
    return '0';
  }
}
