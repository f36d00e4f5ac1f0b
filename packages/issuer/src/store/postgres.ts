/** A pool on a PostgreSQL server. It heals by itself when the server comes back. */
import pg from 'pg';
import type { Engine, StoreOptions } from './engine.ts';

export function openPostgres(
  databaseUrl: string,
  { poolSize = 10, prepare = true, deadline = 3_000, warn = () => {} }: StoreOptions,
): Engine {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    application_name: 'safeconduct-issuer',
    max: poolSize,
    connectionTimeoutMillis: deadline,
    query_timeout: deadline,
    keepAlive: true,
    // Poolers such as PgBouncer refuse start-up parameters they do not know: there the driver's own deadline must do.
    ...(prepare && { statement_timeout: deadline, idle_in_transaction_session_timeout: 2 * deadline }),
  });
  pool.on('error', (error) => warn(`an idle database connection was lost: ${error.message}`));
  return { kind: 'postgres', pool, prepare, close: () => pool.end() };
}
