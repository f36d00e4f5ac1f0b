import type { Binding } from './binding.ts';
import type { PgClient, PgConnection } from './pg-shapes.ts';
import { opensTransaction, setsMode } from './statements.ts';

/** One checked-out connection, bound to one person. */
export interface Session {
  readonly client: PgClient;
  readonly binding: Binding;
  /** The binding has run in the transaction that is open now. */
  bound: boolean;
  /** The first thing that may have left something on the connection. */
  stain: string | undefined;
}

export function createSession(client: PgClient, binding: Binding): Session {
  return { client, binding, bound: false, stain: undefined };
}

// The second look, by the server's own word for what ran: anything else than these costs the connection.
const CLEAN =
  /^(SELECT|INSERT|UPDATE|DELETE|MERGE|FETCH|MOVE|COPY|EXPLAIN|SHOW|BEGIN|START TRANSACTION|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|DECLARE CURSOR|CLOSE CURSOR|LOCK TABLE|SET|SET CONSTRAINTS)$/;

/** Tells whether the connection is inside a transaction that somebody opened. */
export function inTransaction(client: PgClient): boolean {
  const status = client.getTransactionStatus(); // null: PGlite before its first answer
  return status === 'T' || status === 'E';
}

/** Tells whether the binding must go in front of this statement. */
export function needsBinding(session: Session, text: string): boolean {
  if (!inTransaction(session.client)) session.bound = false;
  if (session.bound || session.client.getTransactionStatus() === 'E') return false;
  // BEGIN ISOLATION LEVEL and SET TRANSACTION must come before the first query, and the binding is one.
  return !(opensTransaction(text) || (inTransaction(session.client) && setsMode(text)));
}

/** Sends the binding without a Sync: what follows shares its transaction and its round trip. */
export function writeBinding(connection: PgConnection, { name, text, values, packet }: Binding): void {
  if (name === undefined || connection.parsedStatements[name] !== text) connection.parse({ name, text, types: [] });
  if (connection.stream.write !== undefined) {
    connection.stream.write(packet());
    return;
  }
  connection.bind({ portal: '', statement: name, values: values() });
  connection.execute({ portal: '', rows: 0 });
}

/** Looks at the command that ran: the server's word for it, not a guess from the text. */
export function noteCommand(session: Session, tag: string, text: string): void {
  if (!CLEAN.test(tag.replace(/(?: \d+)+$/, ''))) session.stain ??= tag;
  if (/^(COMMIT|ROLLBACK)/.test(tag) && /\bchain\b/i.test(text)) session.bound = false;
}

/** Returns a connection to its pool, or ends it when something may be left on it. */
export function giveBack({ client, stain, binding }: Session, destroy?: boolean | Error): void {
  const open = client._activeQuery != null || inTransaction(client);
  const soiled = destroy || open || stain !== undefined;
  if (!soiled && binding.limits !== undefined) unlock(client, binding);
  else if (client.connection.stream.write !== undefined) client.release(soiled);
  else if (soiled) cleanEmbedded(client, stain !== undefined);
  else client.release();
}

const ignore = (): void => {};
const UNLOCK = { name: 'safeconduct_unlock', text: 'select pg_catalog.pg_advisory_unlock_all()' };

// A lock of the session outlives its transaction, and SQL that nobody trusts could keep others waiting with it for ever.
function unlock(client: PgClient, { prepares }: Binding): void {
  client.on('error', ignore); // the query fails as well
  client.query(prepares ? UNLOCK : UNLOCK.text, undefined, (error) => {
    client.removeListener('error', ignore);
    client.release(error ?? undefined);
  });
}

// PGlite has one session for ever: ending its client cleans nothing, and late answers would reach the next client.
function cleanEmbedded(client: PgClient, stained: boolean): void {
  client.query('ROLLBACK', undefined, () => {
    if (!stained) {
      client.release();
      return;
    }
    client.query('DISCARD ALL', undefined, (error) => {
      for (const name of Object.keys(client.connection.parsedStatements)) delete client.connection.parsedStatements[name];
      client.release(error ?? undefined);
    });
  });
}
