/** The one door to the database: PGlite in a directory of ours, or a PostgreSQL server. The same statements run on both. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type pg from 'pg';
import type { Engine, StoreOptions } from './engine.ts';
import { openPglite } from './pglite.ts';
import { openPostgres } from './postgres.ts';
import { brokenConnection, StoreUnavailable, unavailable } from './unavailable.ts';

/** A statement that the program knows when it starts. Its name is its prepared name and its line in the counters. */
export interface Statement {
  /** Unique per text: PostgreSQL prepares it once per connection under this name. */
  readonly name: string;
  /** SQL with `$1` parameters and schema-qualified tables. */
  readonly text: string;
  /** Milliseconds that this statement may take instead of the store's deadline. */
  readonly deadline?: number;
  /** Sends the text as it is, so that it may hold several statements. It takes no values. Migrations only. */
  readonly script?: boolean;
}

export type Row = Record<string, unknown>;

/** Runs one statement. Values are always parameters. */
export type Run = <R extends Row = Row>(statement: Statement, values: readonly unknown[]) => Promise<R[]>;

/** Storage of the issuer. Every method throws `StoreUnavailable` when the database does not answer in time. */
export interface Store {
  readonly engine: 'pglite' | 'postgres';
  /** Runs one statement in a transaction of its own. */
  readonly run: Run;
  /**
   * Runs `work` in one transaction and commits it when `work` resolves. Inside it only the `run` that it is given may be
   * used: PGlite has one connection, so asking the store for another would wait for ever. It throws a `TypeError` instead.
   */
  transaction<T>(work: (run: Run) => Promise<T>): Promise<T>;
  /** Whose protocol artefacts are read and written: those of any other realm are unknown. Default '', the issuer's own. */
  readonly realm?: string;
  /** Another realm that is read too: that of sessions and of sign-ins under way. Default: the same. */
  readonly realmAround?: string;
  /** How often each statement was sent, by its name. */
  readonly statements: Map<string, number>;
  /** Whether the database answers now. Never throws. */
  ready(): Promise<boolean>;
  /** Waits for running statements, then closes every connection. */
  close(): Promise<void>;
}

const PING: Statement = { name: 'ping', text: 'select 1' };
const inTransaction = new AsyncLocalStorage<true>();

/** Opens the store that the options name. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const engine = options.databaseUrl === undefined ? await openPglite(options) : openPostgres(options.databaseUrl, options);
  // One that dies between two statements of a transaction says so here, and the next statement fails; the pool drops it.
  engine.pool.on('connect', (client) => client.on('error', () => {}));
  const statements = new Map<string, number>();
  const count = (name: string) => statements.set(name, (statements.get(name) ?? 0) + 1);
  const run: Run = (statement, values) => withClient(engine, (client) => send(engine, client, statement, values, count));
  return Object.freeze({
    engine: engine.kind,
    run,
    statements,
    transaction: <T>(work: (run: Run) => Promise<T>) => inOneTransaction(engine, count, work),
    ready: () => answers(run),
    close: () => engine.close(),
  });
}

type Count = (name: string) => void;

async function inOneTransaction<T>(engine: Engine, count: Count, work: (run: Run) => Promise<T>): Promise<T> {
  return withClient(engine, async (client) => {
    const command = async (text: string) => {
      count(text);
      await client.query(text);
    };
    await command('begin');
    try {
      const result = await inTransaction.run(true, () => work((statement, values) => send(engine, client, statement, values, count)));
      await command('commit');
      return result;
    } catch (error) {
      await client.query('rollback').catch(() => {});
      throw error;
    }
  });
}

// Not pool.query(): that one throws a connection away after any SQL error, and PGlite has only one.
async function withClient<T>(engine: Engine, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  if (inTransaction.getStore()) throw new TypeError('the store was used inside one of its transactions: use the run that it passes');
  const client = await connected(engine);
  let broken = false;
  try {
    return await work(client);
  } catch (error) {
    broken = brokenConnection(error);
    throw unavailable(error) ? new StoreUnavailable(error) : error;
  } finally {
    client.release(broken);
  }
}

// The driver is asked with callbacks here and below: its promises are four for each one of these.
function connected({ pool }: Engine): Promise<pg.PoolClient> {
  return new Promise((resolve, reject) => {
    pool.connect((cause, client) => (client ? resolve(client) : reject(new StoreUnavailable(cause))));
  });
}

function send<R extends Row>(
  engine: Engine,
  client: pg.PoolClient,
  { name, text, deadline, script = false }: Statement,
  values: readonly unknown[],
  count: Count,
): Promise<R[]> {
  count(name);
  const query = {
    text,
    ...(!script && { values: [...values] }),
    ...(engine.prepare && !script && { name }),
    ...(deadline && { query_timeout: deadline }),
  };
  return new Promise((resolve, reject) => {
    client.query<R>(query, (error: Error | null, result) => (error ? reject(error) : resolve(result.rows)));
  });
}

async function answers(run: Run): Promise<boolean> {
  try {
    await run(PING, []);
    return true;
  } catch {
    return false;
  }
}
