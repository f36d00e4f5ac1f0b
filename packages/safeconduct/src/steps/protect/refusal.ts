import { type ChallengeOptions, challengeOf, describe } from '../../core/identity/challenge.ts';
import { type ErrorCode, SafeconductError, type TokenFault } from '../../core/identity/errors.ts';

/** What is logged about a request that was refused. Holds no token. */
export interface RefusalEvent {
  /** `info` for what callers did wrong, `warn` while a provider is down, `error` for what an operator has to mend. */
  readonly level: 'info' | 'warn' | 'error';
  /** Also in the answer's `X-Request-Id`, so that a caller can name it. */
  readonly requestId: string;
  readonly code: ErrorCode | 'unexpected';
  readonly status: number;
  /** The reason in full, which the caller does not get. */
  readonly reason: string;
}

/** What a body may tell the caller. */
export interface RefusalFacts {
  readonly status: number;
  /** For programs that know this library; `unexpected` for an error that is none of ours. */
  readonly code: ErrorCode | 'unexpected';
  /** OAuth error code; `unauthorized` where RFC 6750 wants none in the challenge. */
  readonly error: string;
  /** A sentence that may be shown to anybody. */
  readonly description: string;
  /** Names of scopes or roles that are missing. */
  readonly missing: readonly string[];
  /** With `token_invalid`, where it is known: which part of the token is at fault. */
  readonly fault?: TokenFault;
  readonly requestId: string;
}

/** Gives the JSON body of a refusal. Status and headers stay as they are. */
export type RefusalFormat = (facts: RefusalFacts) => unknown;

/** How refusals are answered. */
export interface RefusalOptions extends ChallengeOptions {
  /** Told of every refusal. Default: events of level `error` go to `console.error`, others nowhere. */
  readonly log?: (event: RefusalEvent) => unknown;
  /** Default: a new random id. */
  readonly requestId?: string;
  /** Default: `{ error, error_description }`. */
  readonly format?: RefusalFormat;
}

/** The answer to a refused request, before it becomes what a framework wants. Header names are in lower case. */
export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const retryAfterSeconds = '5';
// What a script of another origin has to read to act on a refusal; harmless where CORS allows no origin.
const exposed = 'WWW-Authenticate, Retry-After, X-Request-Id';

/**
 * The answer to a refused request: RFC 6750 section 3. JSON with the OAuth error and a generic sentence, the challenge,
 * and `Retry-After` on 503. An error that is none of ours answers 500 and says nothing.
 */
export function refusalOf(error: unknown, options: RefusalOptions = {}): Response {
  const { status, headers, body } = refuse(error, options);
  return new Response(body, { status, headers });
}

/** `refusalOf` as plain data. Internal: no face exports it. Never throws. */
export function refuse(error: unknown, options: RefusalOptions = {}): Refusal {
  const known = error instanceof SafeconductError ? error : undefined;
  const facts = factsOf(known, options.requestId ?? crypto.randomUUID());
  tell(error, facts, options);
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'x-request-id': facts.requestId,
    'access-control-expose-headers': exposed,
  };
  const challenge = known && challengeOf(known, options);
  if (challenge !== undefined) headers['www-authenticate'] = challenge;
  if (facts.status === 503) headers['retry-after'] = retryAfterSeconds;
  return { status: facts.status, headers, body: bodyOf(facts, options) };
}

function factsOf(error: SafeconductError | undefined, requestId: string): RefusalFacts {
  if (error !== undefined)
    return {
      status: error.status,
      code: error.code,
      error: error.oauth ?? 'unauthorized',
      description: describe(error),
      missing: error.missing,
      ...(error.fault !== undefined && { fault: error.fault }),
      requestId,
    };
  const description = 'Something went wrong here.';
  return { status: 500, code: 'unexpected', error: 'server_error', description, missing: [], requestId };
}

function bodyOf(facts: RefusalFacts, { format = standardFormat }: RefusalOptions): string {
  try {
    return JSON.stringify(format(facts)) ?? JSON.stringify(standardFormat(facts));
  } catch {
    // A format that fails must not turn a refusal into something else.
    return JSON.stringify(standardFormat(facts));
  }
}

const standardFormat: RefusalFormat = ({ error, description }) => ({ error, error_description: description });

function tell(error: unknown, { requestId, code, status }: RefusalFacts, { log = tellOperator }: RefusalOptions): void {
  try {
    const told = log({ level: levelOf(status, code), requestId, code, status, reason: reasonOf(error) });
    // A log that fails must not turn a refusal into something else, nor end the program: a rejection that nobody heard would.
    if (told instanceof Promise) told.catch(() => undefined);
  } catch {
    // As above.
  }
}

function levelOf(status: number, code: RefusalEvent['code']): RefusalEvent['level'] {
  if (status < 500) return 'info';
  return code === 'provider_unreachable' ? 'warn' : 'error';
}

function tellOperator(event: RefusalEvent): void {
  if (event.level === 'error') console.error(JSON.stringify({ event: 'request_refused', ...event }));
}

/** Our own messages hold no token. What others wrote may, so whatever looks like a part of one is left out of it. */
function reasonOf(error: unknown): string {
  if (!(error instanceof SafeconductError)) return `an unexpected error: ${withoutTokens(chainOf(error))}`;
  const reason = error.missing.length === 0 ? error.message : `${error.message} Missing: ${error.missing.join(', ')}.`;
  return error.cause instanceof Error ? `${reason} (${withoutTokens(chainOf(error.cause))})` : reason;
}

function chainOf(error: unknown, depth = 0): string {
  if (!(error instanceof Error)) return `a thrown ${error === null ? 'null' : typeof error}`;
  const one = `${error.name}: ${error.message}`.slice(0, 500);
  return error.cause instanceof Error && depth < 3 ? `${one}: ${chainOf(error.cause, depth + 1)}` : one;
}

// Names of errors are all capitals or all small; anything else as long as that may be a secret.
function withoutTokens(text: string): string {
  return text.replace(/[A-Za-z0-9_-]{20,}/g, (word) => (/^(?:[A-Z_]+|[a-z_-]+)$/.test(word) ? word : '[left out]'));
}
