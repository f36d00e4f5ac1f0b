/** How a code is answered: HTTP status, OAuth error for the wire (null where RFC 6750 wants none), generic sentence. */
interface ErrorEntry {
  readonly status: number;
  readonly oauth: string | null;
  readonly message: string;
}

const table = {
  // protect (RFC 6750)
  token_missing: { status: 401, oauth: null, message: 'This request needs an access token.' },
  request_malformed: { status: 400, oauth: 'invalid_request', message: 'The Authorization header is malformed or was sent twice.' },
  token_malformed: { status: 401, oauth: 'invalid_token', message: 'The access token is malformed.' },
  token_invalid: { status: 401, oauth: 'invalid_token', message: 'The access token is not valid here.' },
  token_expired: { status: 401, oauth: 'invalid_token', message: 'The access token has expired.' },
  scope_missing: { status: 403, oauth: 'insufficient_scope', message: 'The access token lacks a required scope.' },
  role_missing: { status: 403, oauth: 'insufficient_scope', message: 'The caller lacks a required role.' },
  organization_refused: { status: 403, oauth: 'insufficient_scope', message: 'This is not for members of this organization.' },
  kind_refused: { status: 403, oauth: 'insufficient_scope', message: 'This is not for callers of this kind.' },
  guest_refused: { status: 403, oauth: 'insufficient_scope', message: 'Guests of this organization may not use this.' },
  authentication_stale: { status: 401, oauth: 'insufficient_user_authentication', message: 'This needs a fresh or stronger sign-in.' },
  session_unknown: { status: 503, oauth: 'temporarily_unavailable', message: 'Whether the session goes on cannot be told now.' },
  introspection_refused: { status: 503, oauth: 'temporarily_unavailable', message: 'This API cannot check access tokens now.' },
  provider_unreachable: { status: 503, oauth: 'temporarily_unavailable', message: 'The identity provider cannot be reached.' },
  provider_invalid: { status: 502, oauth: 'server_error', message: 'The identity provider sent an answer that cannot be trusted.' },
  // login (OpenID Connect Core, RFC 6749, RFC 9207)
  login_transaction_missing: {
    status: 400,
    oauth: 'invalid_request',
    message: 'This sign-in was not begun here, has expired, or was used before.',
  },
  login_state_mismatch: { status: 400, oauth: 'invalid_request', message: 'This answer belongs to another sign-in.' },
  login_issuer_mismatch: { status: 400, oauth: 'invalid_request', message: 'This answer comes from another identity provider.' },
  login_denied: { status: 401, oauth: 'access_denied', message: 'The sign-in was refused or cancelled.' },
  login_timeout: { status: 408, oauth: 'access_denied', message: 'Nobody finished the sign-in in time.' },
  code_exchange_failed: { status: 401, oauth: 'invalid_grant', message: 'The provider refused the authorization code.' },
  id_token_invalid: { status: 401, oauth: 'invalid_token', message: 'The ID token does not prove this sign-in.' },
  refresh_refused: { status: 401, oauth: 'invalid_grant', message: 'The session at the provider has ended: sign in again.' },
  cross_site_request: { status: 403, oauth: 'access_denied', message: 'This request came from another site.' },
  session_missing: { status: 401, oauth: null, message: 'Nobody is signed in.' },
  callback_unavailable: { status: 503, oauth: 'temporarily_unavailable', message: 'The address that the browser comes back to is in use.' },
  credentials_unsafe: { status: 500, oauth: 'server_error', message: 'The stored sign-in could be read or written by others.' },
  credentials_busy: { status: 503, oauth: 'temporarily_unavailable', message: 'Another program is using the stored sign-in.' },
  // query
  statement_refused: { status: 400, oauth: 'invalid_request', message: 'This statement may not run as a person.' },
  database_unsafe: { status: 500, oauth: 'server_error', message: 'The database does not separate people.' },
  connection_unavailable: { status: 503, oauth: 'temporarily_unavailable', message: 'No database connection was free in time.' },
  // reach (RFC 8693)
  connection_needed: { status: 409, oauth: 'interaction_required', message: 'An account has to be connected first.' },
  connection_refused: { status: 403, oauth: 'access_denied', message: 'This application may not use this connection.' },
  identity_ended: { status: 401, oauth: 'invalid_token', message: 'The sign-in behind this identity has ended.' },
  vault_unavailable: { status: 503, oauth: 'temporarily_unavailable', message: 'The connected account cannot be used now.' },
  destination_refused: { status: 400, oauth: 'invalid_request', message: 'The connected account is not for this address.' },
  link_invalid: { status: 400, oauth: 'invalid_request', message: 'This answer does not finish a connecting that was begun here.' },
  link_denied: { status: 403, oauth: 'access_denied', message: 'Connecting the account was refused or cancelled.' },
} as const satisfies Record<string, ErrorEntry>;

/** The codes that a program can act on. `docs/errors.md` has a heading for each. */
export type ErrorCode = keyof typeof table;

/** Every code, in the order of the table. */
export const errorCodes: readonly ErrorCode[] = Object.keys(table) as ErrorCode[];

/**
 * Which part of a token is at fault: no `key` of the provider fits it, its `signature` (or how it was made) does not hold, its `claims`
 * are not those of a token for here, or the provider calls it `inactive`.
 */
export type TokenFault = 'key' | 'signature' | 'claims' | 'inactive';

/** What may be said about an error besides its code. */
export interface ErrorDetails {
  /** For the operator's log. Never a token, code or secret. Default: the table's sentence. */
  readonly message?: string;
  readonly cause?: unknown;
  /** Names that the answer may show, such as the scopes that are missing. */
  readonly missing?: readonly string[];
  /** What a new sign-in must bring. */
  readonly authentication?: RequiredAuthentication;
  /** With `token_invalid`, where it is known. */
  readonly fault?: TokenFault | undefined;
  /** With `connection_needed`. */
  readonly link?: string | undefined;
}

/** What a new sign-in must bring, for the challenge of RFC 9470 section 3. */
export interface RequiredAuthentication {
  /** Seconds that may have passed since the person proved who they are. */
  readonly maxAge?: number | undefined;
  /** Ways of signing in that will do. */
  readonly acrValues?: readonly string[] | undefined;
}

/** The one error class. Programs read `code`, operators `message` and `cause`; the wire gets `oauth` and `publicMessage`. */
export class SafeconductError extends Error {
  override readonly name = 'SafeconductError';
  readonly code: ErrorCode;
  /** HTTP status that answers it. */
  readonly status: number;
  /** OAuth error code for the wire; null where RFC 6750 section 3.1 wants none. */
  readonly oauth: string | null;
  /** A generic sentence that may be shown to anybody. */
  readonly publicMessage: string;
  readonly missing: readonly string[];
  /** With `authentication_stale`: what a new sign-in must bring. */
  readonly authentication?: RequiredAuthentication;
  /** With `token_invalid`, where it is known: which part of the token is at fault. */
  readonly fault?: TokenFault;
  /** With `connection_needed`: where the person connects the account. */
  readonly link?: string;

  constructor(code: ErrorCode, { message, cause, missing = [], authentication, fault, link }: ErrorDetails = {}) {
    super(message ?? table[code].message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.status = table[code].status;
    this.oauth = table[code].oauth;
    this.publicMessage = table[code].message;
    this.missing = missing;
    if (authentication !== undefined) this.authentication = authentication;
    if (fault !== undefined) this.fault = fault;
    if (link !== undefined) this.link = link;
  }
}
