/** The parts of node-postgres that this step relies on, as shapes: the library depends neither on `pg` nor on its types. */
export interface PgError extends Error {
  code?: string | undefined;
  severity?: string | undefined;
  /** The function of the server that raised it. */
  routine?: string | undefined;
}

export type Callback = (error?: Error | null, result?: unknown) => void;

export interface PgConnection {
  readonly stream: {
    cork?(): void;
    uncork?(): void;
    write?(bytes: Uint8Array): unknown;
    on?(event: 'data', listener: (bytes: Uint8Array) => void): unknown;
    removeListener?(event: 'data', listener: (bytes: Uint8Array) => void): unknown;
  };
  readonly parsedStatements: Record<string, string>;
  readonly submittedNamedStatements: Record<string, string>;
  parse(message: object): void;
  bind(message: object): void;
  execute(message: object): void;
  sync(): void;
  query(text: string): void;
}

/** Everything that pg can run by `submit()`: a query, a cursor, a stream. */
export interface Submittable {
  text?: string;
  submit(connection: PgConnection): Error | null | undefined;
  handleRowDescription(message: object): void;
  handleDataRow(message: object): void;
  handlePortalSuspended(connection: PgConnection): void;
  handleEmptyQuery(connection: PgConnection): void;
  handleCommandComplete(message: { text: string }, connection: PgConnection): void;
  handleReadyForQuery(connection: PgConnection): void;
  handleError(error: PgError, connection: PgConnection): void;
}

export interface PgQuery extends Submittable {
  text: string;
  name?: string | undefined;
  types?: unknown;
  rows?: number;
  portal: string;
  callback?: Callback;
  _canceledDueToError: Error | false;
  requiresPreparation(): boolean;
  prepare(connection: PgConnection): void;
  _getRows(connection: PgConnection, rows: number | undefined): void;
}
export type PgQueryClass = new (config: unknown, values?: unknown, callback?: Callback) => PgQuery;

export interface PgClient {
  readonly connection: PgConnection;
  readonly _activeQuery?: object | null;
  readonly _queryQueue: Submittable[];
  query(query: unknown, values?: unknown, callback?: Callback): unknown;
  release(destroy?: boolean | Error): void;
  getTransactionStatus(): 'I' | 'T' | 'E' | null;
  on(event: string, listener: (...args: never[]) => void): unknown;
  removeListener(event: string, listener: (...args: never[]) => void): unknown;
}

export interface PgPool {
  readonly Client: { readonly Query: PgQueryClass; readonly prototype: object };
  readonly options: { readonly max: number; readonly pipeline?: boolean; readonly connection?: { readonly stream?: object } };
  readonly totalCount: number;
  readonly idleCount: number;
  readonly ending: boolean;
  connect(callback: (error: Error | undefined, client: PgClient | undefined) => void): void;
}

/** Takes what the caller passed for a `pg.Pool`. Throws a `TypeError` for anything that could not keep the binding. */
export function asPgPool(pool: unknown): PgPool {
  const candidate = pool as Partial<PgPool> | null | undefined;
  if (typeof candidate?.connect !== 'function' || typeof candidate.Client?.Query !== 'function') {
    throw new TypeError('asUser needs a pg.Pool of node-postgres 8.16 or later (pg-native cannot share one Sync)');
  }
  if (candidate.options?.pipeline) throw new TypeError('asUser needs a pg.Pool without `pipeline`');
  return candidate as PgPool;
}

/** Tells PGlite, which takes no bytes but calls, from a server. */
export function isEmbedded(pool: PgPool): boolean {
  const { connection } = pool.options;
  return connection !== undefined && !(connection.stream !== undefined && 'write' in connection.stream);
}
