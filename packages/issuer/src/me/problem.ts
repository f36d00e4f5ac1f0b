/** Answers that say no, as `application/problem+json` (RFC 9457, once RFC 7807) with what was wrong with each field. */
import { KekUnavailable } from '../connections/kek.ts';
import { Refused } from '../store/refused.ts';
import { conflicted, StoreUnavailable } from '../store/unavailable.ts';

/** One thing that is wrong with a request. */
export interface Finding {
  /** A sentence. */
  readonly detail: string;
  /** Name of the member or parameter. */
  readonly field: string;
  /** JSON pointer (RFC 6901) into the body. */
  readonly pointer?: string;
  readonly source: 'body' | 'query' | 'path';
}

type Kind = keyof typeof kinds;

const kinds = {
  invalid: { status: 400, title: 'The request cannot be accepted' },
  unauthorized: { status: 401, title: 'A valid token is needed' },
  forbidden: { status: 403, title: 'Not allowed' },
  unknown: { status: 404, title: 'Not found' },
  method: { status: 405, title: 'Not with this method' },
  conflict: { status: 409, title: 'Something else changed it' },
  large: { status: 413, title: 'Too large' },
  type: { status: 415, title: 'Not in this form' },
  many: { status: 429, title: 'Too many at once' },
  failed: { status: 500, title: 'Something went wrong here' },
  away: { status: 503, title: 'Not available right now' },
} as const;

/** Why a call is not done. Its words go to the caller. */
export class MeProblem extends Error {
  override readonly name = 'MeProblem';
  readonly kind: Kind;
  readonly findings: readonly Finding[];

  constructor(kind: Kind, detail: string, findings: readonly Finding[] = []) {
    super(detail);
    this.kind = kind;
    this.findings = findings;
  }

  get status(): number {
    return kinds[this.kind].status;
  }
}

/** The problem behind whatever a handler threw. What nobody expected is a 500 without a reason. */
export function problemBehind(error: unknown): MeProblem {
  if (error instanceof MeProblem) return error;
  if (error instanceof Refused) return new MeProblem(error.reason === 'invalid' ? 'invalid' : 'unknown', error.message);
  if (error instanceof StoreUnavailable) return new MeProblem('away', 'the issuer cannot reach its database: try again in a moment');
  if (error instanceof KekUnavailable) return new MeProblem('away', 'the vault cannot be opened now: try again in a moment');
  if (conflicted(error)) return new MeProblem('conflict', 'somebody else changed this at the same moment: try again');
  return new MeProblem('failed', 'the log says what, under the x-request-id of this answer');
}

/** The answer on the wire. */
export function answerProblem(problem: MeProblem): Response {
  const { status, findings } = problem;
  const extra = {
    ...(status === 503 && { 'retry-after': '2' }),
    ...(status === 429 && { 'retry-after': '600' }),
    ...(status === 413 && { connection: 'close' }),
  };
  const headers = {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...extra,
  };
  const body = { ...problemOf(status, problem.message), ...(findings.length > 0 && { validation_errors: findings }) };
  return new Response(JSON.stringify(body), { status, headers });
}

/** What every problem says. */
export function problemOf(status: number, detail: string): { type: string; status: number; title: string; detail: string } {
  const [kind, { title }] = Object.entries(kinds).find(([, one]) => one.status === status) ?? ['failed', kinds.failed];
  return { type: `urn:safeconduct:problem:${kind}`, status, title, detail };
}
