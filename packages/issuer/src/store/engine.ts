/** What the two engines are opened with, and what each gives. */
import type pg from 'pg';

export interface StoreOptions {
  /** `postgres://…`. Without it PGlite runs in `dataDirectory`. */
  readonly databaseUrl?: string | undefined;
  /** Where PGlite, its lock and the development master key live. */
  readonly dataDirectory: string;
  /** Connections at most (PostgreSQL only). Default 10. */
  readonly poolSize?: number;
  /** Whether statements are prepared under their names. Turn it off behind PgBouncer in transaction mode. Default true. */
  readonly prepare?: boolean;
  /** Milliseconds that one statement, or the wait for a connection, may take. Default 3000. */
  readonly deadline?: number;
  /** Told about things an operator should know, such as lost idle connections. Default: nothing. */
  readonly warn?: (message: string) => void;
}

/** What an engine gives: a pool, and how to end what stands behind it. */
export interface Engine {
  readonly kind: 'pglite' | 'postgres';
  readonly pool: pg.Pool;
  readonly prepare: boolean;
  close(): Promise<void>;
}
