import { type ChallengeOptions, challengeOf, describe } from '../../core/identity/challenge.ts';
import { SafeconductError } from '../../core/identity/errors.ts';

/** What is logged about a request that was refused. Holds no token. */
export interface RefusalEvent {
  /** Also in the answer's `X-Request-Id`, so that a caller can name it. */
  readonly requestId: string;
  readonly code: string;
  readonly status: number;
  /** The reason in full, which the caller does not get. */
  readonly reason: string;
}

/** How refusals are answered. */
export interface RefusalOptions extends ChallengeOptions {
  readonly log?: (event: RefusalEvent) => void;
  /** Default: a new random id. */
  readonly requestId?: string;
}

const retryAfterSeconds = '5';

/**
 * The answer to a refused request: RFC 6750 section 3. JSON with the OAuth error and a generic sentence, the challenge,
 * and `Retry-After` on 503. An error that is none of ours answers 500 and says nothing.
 */
export function refusalOf(error: unknown, options: RefusalOptions = {}): Response {
  const { log, requestId = crypto.randomUUID() } = options;
  const known = error instanceof SafeconductError ? error : undefined;
  const status = known?.status ?? 500;
  log?.({ requestId, code: known?.code ?? 'unexpected', status, reason: known?.message ?? 'an unexpected error' });
  const headers = new Headers({ 'cache-control': 'no-store', 'x-request-id': requestId });
  const challenge = known && challengeOf(known, options);
  if (challenge !== undefined) headers.set('www-authenticate', challenge);
  if (status === 503) headers.set('retry-after', retryAfterSeconds);
  return Response.json(bodyOf(known), { status, headers });
}

function bodyOf(error: SafeconductError | undefined): Record<string, string> {
  if (error === undefined) return { error: 'server_error', error_description: 'Something went wrong here.' };
  return { error: error.oauth ?? 'unauthorized', error_description: describe(error) };
}
