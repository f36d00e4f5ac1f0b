/** Which failures mean "the database cannot answer now" (503, try again) and which mean "this statement is wrong". */

/** The database did not answer, or not in time. Answer 503 with Retry-After. `cause` is for the log. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
  constructor(cause: unknown) {
    super('the database does not answer', { cause });
  }
}

/** The SQLSTATE of a database error, or undefined when it is no such error. */
export function sqlState(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** Whether a transaction met another one and may simply be run again (serialization failure, deadlock). */
export function conflicted(error: unknown): boolean {
  return ['40001', '40P01'].includes(sqlState(error) ?? '');
}

// Connection failure, resources exhausted, shutdown or cancelled by a deadline, and a primary that became read-only.
const unavailableStates = /^(08|53|57)...$|^25006$/;

/** Whether nothing is wrong with the statement: the database is away, full, stopping or too slow. */
export function unavailable(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined) return unavailableStates.test(state);
  return error instanceof Error && (networkCode(error) || driverSentences.some((start) => error.message.startsWith(start)));
}

/** Whether the connection must not be used again. */
export function brokenConnection(error: unknown): boolean {
  const state = sqlState(error);
  return state === undefined ? unavailable(error) : /^(08|57P)/.test(state) || state === '25006';
}

// The driver has no codes for these.
const driverSentences = [
  'Connection terminated',
  'Query read timeout',
  'timeout exceeded when trying to connect',
  'Client has encountered a connection error',
  'Client was closed',
];

function networkCode(error: Error): boolean {
  const code = 'code' in error ? error.code : undefined;
  return ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'].includes(
    String(code),
  );
}
