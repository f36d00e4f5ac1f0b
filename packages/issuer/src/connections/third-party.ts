/** How the issuer speaks with a third party, as the vault and the flows see it. `upstream.ts` does it. */
import type { Connection } from './connection.ts';

/** Tokens of a third party. They are secrets: they go into the vault and to whoever may have them, never into a log. */
export interface UpstreamTokens {
  readonly accessToken: string;
  /** Undefined: the earlier one goes on, if there was one. */
  readonly refreshToken: string | undefined;
  /** Undefined when the third party did not say. */
  readonly expiresAt: Date | undefined;
  /** As granted. Undefined when the third party did not say: as asked for. */
  readonly scopes: readonly string[] | undefined;
}

/** Who somebody is at a third party. */
export interface UpstreamAccount {
  /** `iss`, or for plain OAuth 2.0 a name that is no issuer's: `oauth2:` and the origin of its authorization endpoint. */
  readonly issuer: string;
  /** Never changes and is never given to somebody else. */
  readonly subject: string;
  /** For people: an e-mail or a name. */
  readonly name: string | undefined;
  readonly email: string | undefined;
  readonly emailVerified: boolean;
  readonly fullName: string | undefined;
  /** When they last proved who they are there. Undefined when the third party did not say. */
  readonly authenticatedAt: Date | undefined;
}

/** An authorization request that is about to be sent. */
export interface UpstreamRequest {
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  readonly scopes: readonly string[];
  readonly loginHint?: string | undefined;
  readonly prompt?: string | undefined;
  /** Refused where it would replace a parameter of the protocol. */
  readonly params?: Readonly<Record<string, string>> | undefined;
}

export interface Upstream {
  /** Address to send the browser to. */
  begin(connection: Connection, request: UpstreamRequest): Promise<URL>;
  /** Checks the answer (state, iss, nonce, ID token) and exchanges the code. `callback` is the whole address that the browser came back to. */
  finish(connection: Connection, callback: URL, request: UpstreamRequest): Promise<{ tokens: UpstreamTokens; account: UpstreamAccount }>;
  /** With `account`, an answer that names somebody else is refused. Takes 5 seconds at most. */
  refresh(connection: Connection, refreshToken: string, expected?: { readonly account: string }): Promise<UpstreamTokens>;
  /** Ends what the third party gave. `unsupported`: it has no way to. Throws when it failed. */
  revoke(connection: Connection, tokens: Pick<UpstreamTokens, 'accessToken' | 'refreshToken'>): Promise<'revoked' | 'unsupported'>;
}

/** The third party gave an answer, and it is no. `code` is its OAuth error, such as `invalid_grant` or `access_denied`. */
export class UpstreamRefused extends Error {
  override readonly name = 'UpstreamRefused';
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** `away`: it does not answer now, and may later. `untrusted`: an answer came, and it is not one to a question that we asked there. */
type UpstreamFailure = 'away' | 'untrusted';

/** The third party gave no answer that can be trusted: away, slow, wrong, or another one. Nothing is known to have happened. */
export class UpstreamFailed extends Error {
  override readonly name = 'UpstreamFailed';
  /** Whether the request may have been carried out by the third party, so that a refresh token may have been used. */
  readonly sent: boolean;
  readonly reason: UpstreamFailure;
  constructor(message: string, { sent, reason = 'away', ...options }: FailureDetails) {
    super(message, options);
    this.sent = sent;
    this.reason = reason;
  }
}

interface FailureDetails extends ErrorOptions {
  readonly sent: boolean;
  /** Default `away`. */
  readonly reason?: UpstreamFailure;
}
