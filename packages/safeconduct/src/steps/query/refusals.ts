import { SafeconductError } from '../../core/identity/errors.ts';
import type { PgError } from './pg-shapes.ts';

/** A statement that never reached the server: the connection is as it was. */
export function refused(message: string): SafeconductError {
  return new SafeconductError('statement_refused', { message });
}

/** What to tell when the server refused to make the connection the person's. A cancel or a shutdown stays what it is. */
export function bindingFailed(error: PgError): Error {
  if (error.code === undefined || /^(57|08|53)/.test(error.code)) return error;
  const message = `the identity could not be set: ${error.message}. Grant the role that statements run as to the login role, and let the login role call set_config: run installQuery, then checkDatabase.`;
  return new SafeconductError('database_unsafe', { message, cause: error });
}

/** Tells whether the connection can go on after this error. */
export function orderly(error: Error): boolean {
  if (error instanceof SafeconductError) return error.code === 'statement_refused';
  return (error as PgError).severity === 'ERROR';
}

/** Points the stack at the caller instead of the socket. */
export function traced<E extends Error>(error: E): E {
  Error.captureStackTrace(error);
  return error;
}
