import { SafeconductError } from '../../core/identity/errors.ts';

/** Why a query failed, in a word that a program, a user or a model may act on. */
export type DatabaseErrorCode =
  | 'not_allowed'
  | 'statement_refused'
  | 'invalid_statement'
  | 'invalid_value'
  | 'missing_reference'
  | 'conflict'
  | 'too_slow'
  | 'try_again'
  | 'unavailable'
  | 'failed';

/** What may be said about a failed query to anybody. */
export interface DatabaseErrorDescription {
  readonly code: DatabaseErrorCode;
  /** A whole sentence without a name of a table, column, role or value in it. */
  readonly message: string;
  /** Whether the same query may succeed when it is sent again. */
  readonly retry: boolean;
}

const SENTENCES: Record<DatabaseErrorCode, string> = {
  not_allowed: 'You may not do that.',
  statement_refused: 'That statement may not run here.',
  invalid_statement: 'The database does not understand that statement.',
  invalid_value: 'A value does not fit.',
  missing_reference: 'Something that this refers to is not there.',
  conflict: 'That is already there.',
  too_slow: 'That took too long and was stopped.',
  try_again: 'Somebody else changed the same thing: try again.',
  unavailable: 'The database cannot be reached: try again later.',
  failed: 'The database could not do that.',
};

// PostgreSQL documentation, appendix A. The longest prefix that fits decides.
const BY_STATE: readonly (readonly [string, DatabaseErrorCode])[] = [
  ['42501', 'not_allowed'],
  ['25006', 'not_allowed'],
  ['28', 'not_allowed'],
  ['42', 'invalid_statement'],
  ['26', 'invalid_statement'],
  ['0A', 'invalid_statement'],
  ['23505', 'conflict'],
  ['23P01', 'conflict'],
  ['23503', 'missing_reference'],
  ['23', 'invalid_value'],
  ['22', 'invalid_value'],
  ['44', 'invalid_value'],
  ['40', 'try_again'],
  ['55P03', 'try_again'],
  ['57014', 'too_slow'],
  ['57', 'unavailable'],
  ['53', 'unavailable'],
  ['08', 'unavailable'],
];
const DEPTH = 8;

/**
 * Tells a user or a model why a query failed, without telling what the database said: that text names tables, columns
 * and values of other people, and belongs in the log. Takes any error, also one that a query builder has wrapped.
 */
export function describeDatabaseError(error: unknown): DatabaseErrorDescription {
  const code = codeOf(error);
  return { code, message: SENTENCES[code], retry: code === 'try_again' || code === 'unavailable' };
}

function codeOf(error: unknown): DatabaseErrorCode {
  let current = error;
  for (let depth = 0; depth < DEPTH && typeof current === 'object' && current !== null; depth++) {
    const known = ofOurs(current) ?? ofState(current);
    if (known !== undefined) return known;
    current = (current as { cause?: unknown }).cause;
  }
  return 'failed';
}

function ofOurs(error: object): DatabaseErrorCode | undefined {
  if (!(error instanceof SafeconductError)) return undefined;
  if (error.code === 'statement_refused') return 'statement_refused';
  return error.code === 'connection_unavailable' ? 'unavailable' : 'failed';
}

// `originalCode` is where Prisma's adapters keep the server's word; the names are those of a socket that fails.
function ofState(error: object): DatabaseErrorCode | undefined {
  const { code, originalCode, message } = error as { code?: unknown; originalCode?: unknown; message?: unknown };
  const state = [originalCode, code].find((value) => typeof value === 'string');
  if (/^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH)/.test(String(state))) return 'unavailable';
  if (/timeout exceeded when trying to connect|Connection terminated/.test(String(message))) return 'unavailable';
  if (String(message) === 'Query read timeout') return 'too_slow';
  if (typeof state !== 'string' || !/^[0-9A-Z]{5}$/.test(state)) return undefined;
  return BY_STATE.find(([prefix]) => state.startsWith(prefix))?.[1] ?? 'failed';
}
