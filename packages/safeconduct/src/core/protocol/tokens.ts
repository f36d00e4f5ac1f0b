import { type ErrorCode, SafeconductError } from '../identity/errors.ts';
import { splitScopes } from '../identity/scopes.ts';
import { isOutage } from './fetch.ts';
import { Secret } from './secret.ts';
import { isTime } from './verified-jwt.ts';

/** What a sign-in was given. Nothing of it prints itself: `reveal()` where it is sent. */
export interface Tokens {
  readonly accessToken: Secret;
  /** When the access token ends. */
  readonly expiresAt: Date;
  readonly refreshToken?: Secret;
  readonly idToken?: Secret;
  /** The scopes that were granted. */
  readonly scopes: readonly string[];
  readonly tokenType: 'Bearer';
}

/** Tokens in the clear, as plain JSON, for a store that is as secret as they are. */
export interface StoredTokens {
  readonly accessToken: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  readonly refreshToken?: string;
  readonly idToken?: string;
  readonly scopes: readonly string[];
}

/** Gives tokens in the clear, to be stored: in a file of mode 0600, a keyring, or sealed. */
export function revealTokens({ accessToken, expiresAt, refreshToken, idToken, scopes }: Tokens): StoredTokens {
  return {
    accessToken: accessToken.reveal(),
    expiresAt: expiresAt.getTime(),
    ...(refreshToken && { refreshToken: refreshToken.reveal() }),
    ...(idToken && { idToken: idToken.reveal() }),
    scopes: [...scopes],
  };
}

/** Wraps stored tokens again. Throws a `TypeError` for anything else. */
export function wrapTokens(stored: StoredTokens): Tokens {
  const { accessToken, expiresAt, refreshToken, idToken, scopes } = stored;
  const sound =
    isText(accessToken) &&
    Number.isFinite(expiresAt) &&
    (refreshToken === undefined || isText(refreshToken)) &&
    (idToken === undefined || isText(idToken)) &&
    Array.isArray(scopes) &&
    scopes.every(isText);
  if (!sound) throw new TypeError('these are no stored tokens: pass what revealTokens gave');
  return Object.freeze({
    accessToken: new Secret(accessToken),
    expiresAt: new Date(expiresAt),
    ...(refreshToken !== undefined && { refreshToken: new Secret(refreshToken) }),
    ...(idToken !== undefined && { idToken: new Secret(idToken) }),
    scopes: Object.freeze([...scopes]),
    tokenType: 'Bearer',
  });
}

/** What to do with an answer of the token endpoint. */
export interface TokenAnswerOptions {
  /** The code of a refusal by the provider. */
  readonly refusal: ErrorCode;
  /** How the message of a refusal begins. */
  readonly label: string;
  /** The scopes that were asked for, which an answer without `scope` grants: RFC 6749 section 5.1. */
  readonly scopes: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

// An answer without expires_in gives us no lifetime; the shortest usual one is the safe guess.
const unspokenLifetimeSeconds = 300;

/**
 * Reads an answer of the token endpoint: RFC 6749 sections 5.1 and 5.2.
 * Throws `provider_unreachable` (5xx), the given refusal (an OAuth error), or `provider_invalid`.
 */
export async function readTokenAnswer(response: Response, { refusal, label, scopes, now }: TokenAnswerOptions): Promise<Tokens> {
  const body = await readJson(response);
  if (response.status !== 200) throw refusalOf(response.status, body, refusal, label);
  const { access_token: accessToken, token_type: type, expires_in: seconds, refresh_token, id_token, scope } = body ?? {};
  if (!isText(accessToken) || typeof type !== 'string') throw invalid(label, 'without access_token or token_type');
  if (type.toLowerCase() !== 'bearer') throw invalid(label, 'with a token_type other than Bearer');
  if (refresh_token !== undefined && !isText(refresh_token)) throw invalid(label, 'with a refresh_token that is no text');
  if (id_token !== undefined && !isText(id_token)) throw invalid(label, 'with an id_token that is no text');
  return wrapTokens({
    accessToken,
    expiresAt: now + lifetimeOf(seconds, label) * 1000,
    ...(refresh_token !== undefined && { refreshToken: refresh_token }),
    ...(id_token !== undefined && { idToken: id_token }),
    scopes: typeof scope === 'string' ? splitScopes(scope) : scopes,
  });
}

/** The OAuth error code of an answer, kept to the characters that RFC 6749 section 5.2 allows, so that it may be logged. */
export function errorCodeOf(body: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const code = body?.error;
  return typeof code === 'string' && /^[\x20-\x21\x23-\x5b\x5d-\x7e]{1,64}$/.test(code) ? code : undefined;
}

/** A JSON object, or undefined for anything else. */
export async function readJson(response: Response): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const body: unknown = await response.json();
    return typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

// RFC 6749 section 5.2: said of the application or of the moment. A session must not end for them.
const ofTheApplication = ['invalid_client', 'unauthorized_client', 'unsupported_grant_type'];
const ofTheMoment = ['temporarily_unavailable', 'server_error', 'slow_down'];

// The body of a refusal may hold anything, tokens included: only its error code is repeated.
function refusalOf(status: number, body: Readonly<Record<string, unknown>> | undefined, code: ErrorCode, label: string): SafeconductError {
  const error = errorCodeOf(body);
  if (isOutage({ status })) return new SafeconductError('provider_unreachable', { message: `${label}: the provider answered ${status}` });
  if (error === undefined) return invalid(label, `with status ${status} and no OAuth error`);
  if (code === 'refresh_refused' && ofTheMoment.includes(error))
    return new SafeconductError('provider_unreachable', { message: `${label}: the provider answered ${error}` });
  if (code === 'refresh_refused' && ofTheApplication.includes(error)) return invalid(label, `${error}: it refuses this application`);
  return new SafeconductError(code, { message: `${label}: ${error}`, cause: { error, status } });
}

function invalid(label: string, what: string): SafeconductError {
  return new SafeconductError('provider_invalid', { message: `${label}: the provider answered ${what}` });
}

function lifetimeOf(seconds: unknown, label: string): number {
  if (seconds === undefined || seconds === null) return unspokenLifetimeSeconds;
  const value = typeof seconds === 'string' ? Number(seconds) : seconds;
  if (!isTime(value)) throw invalid(label, 'with an expires_in that is no time');
  return Math.min(value, 366 * 24 * 60 * 60);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
