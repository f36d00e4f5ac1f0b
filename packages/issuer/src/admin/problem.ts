/** Answers to what cannot be done: one shape for all of them, in words that help. */
import { ConfigurationError } from '../configuration/schema.ts';
import { WeakPassword } from '../people/password-policy.ts';
import { Refused } from '../store/refused.ts';
import { conflicted, StoreUnavailable, sqlState } from '../store/unavailable.ts';

/** A call that is refused. `message` and `problems` are sent to the caller and hold no secret. */
export class CallRefused extends Error {
  override readonly name = 'CallRefused';
  readonly status: 400 | 403 | 404 | 405 | 409 | 413 | 415 | 500 | 503;
  readonly error: string;
  readonly problems: readonly string[];
  constructor(refusal: keyof typeof refusals, message: string, problems: readonly string[] = []) {
    super(message);
    const { status, error } = refusals[refusal];
    this.status = status;
    this.error = error;
    this.problems = problems;
  }
}

const refusals = {
  invalid: { status: 400, error: 'invalid_request' },
  forbidden: { status: 403, error: 'access_denied' },
  unknown: { status: 404, error: 'not_found' },
  method: { status: 405, error: 'method_not_allowed' },
  conflict: { status: 409, error: 'conflict' },
  large: { status: 413, error: 'invalid_request' },
  type: { status: 415, error: 'invalid_request' },
  failed: { status: 500, error: 'server_error' },
  away: { status: 503, error: 'temporarily_unavailable' },
} as const;

/** There is no such thing, or it is not the caller's to know of: both are answered alike. */
export function unknown(what: string, id: string): CallRefused {
  return new CallRefused('unknown', `there is no ${what} ${id} here`);
}

/** What was sent cannot be accepted; one sentence per finding. */
export function invalid(problems: readonly string[]): CallRefused {
  return new CallRefused('invalid', `the request cannot be accepted: ${problems.join('; ')}`, problems);
}

/** The refusal behind whatever a handler threw. What nobody expected is a 500 without a reason. */
export function refusalBehind(error: unknown): CallRefused {
  if (error instanceof CallRefused) return error;
  if (error instanceof Refused) return error.reason === 'invalid' ? invalid([error.message]) : new CallRefused(error.reason, error.message);
  if (error instanceof ConfigurationError) return invalid(error.findings);
  if (error instanceof WeakPassword) return invalid([`password: ${error.message}`]);
  if (error instanceof StoreUnavailable) return new CallRefused('away', 'the issuer cannot reach its database: try again in a moment');
  if (conflicted(error)) return new CallRefused('conflict', 'somebody else changed this at the same moment: try again');
  return refusalOfState(stateBehind(error));
}

function stateBehind(error: unknown): string | undefined {
  return sqlState(error) ?? (error instanceof Error && error.cause !== undefined ? sqlState(error.cause) : undefined);
}

function refusalOfState(state: string | undefined): CallRefused {
  if (state === '23505') return new CallRefused('conflict', 'something else has this id or name already: choose another one');
  if (state === '23503') return new CallRefused('conflict', 'something that this depends on is not there, or something depends on this');
  // A value that the database cannot hold, such as a time before its calendar.
  if (state?.startsWith('22')) return invalid(['a text or time in the request cannot be stored']);
  return new CallRefused(
    'failed',
    'something went wrong here, not with your request: the log says what, under the x-request-id of this answer',
  );
}

/** The answer on the wire. */
export function answerOf({ status, error, message, problems }: CallRefused): Response {
  const body = { error, error_description: message, ...(problems.length > 0 && { problems }) };
  // A body that was not read to its end leaves the connection of no use.
  const extra = { ...(status === 503 && { 'retry-after': '2' }), ...(status === 413 && { connection: 'close' }) };
  return Response.json(body, { status, headers: { 'cache-control': 'no-store', ...extra } });
}
