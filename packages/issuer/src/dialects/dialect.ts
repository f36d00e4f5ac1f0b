/** How an origin speaks. A dialect is data and pure functions over the wire: it knows no storage and no engine. */

/** Paths below the origin. */
export interface Routes {
  readonly authorization: string;
  readonly token: string;
  readonly userinfo: string;
  readonly introspection: string;
  readonly revocation: string;
  readonly jwks: string;
  readonly deviceAuthorization: string;
  /** Where people type the code that a device shows. */
  readonly deviceVerification: string;
  readonly endSession: string;
}

/** A request as it is translated before the engine sees it. */
export interface WireRequest {
  readonly method: string;
  /** Path without query. */
  readonly path: string;
  readonly query: string;
  readonly contentType: string | undefined;
  /** Text of a bounded body; undefined when the request has none. */
  readonly body: string | undefined;
}

/** What the engine is to see instead. Members that are absent stay as they were. */
export interface TranslatedRequest {
  readonly query?: string;
  readonly contentType?: string;
  readonly body?: string;
}

/** An answer of the engine in JSON, as it is translated before it is sent. */
export interface WireAnswer {
  readonly route: string;
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What is known about the bearer when an access token is made. */
export interface TokenSubject {
  /** Roles in the project that owns the API. */
  readonly roles: readonly string[];
  readonly organization: string | undefined;
  readonly session: string | undefined;
  readonly grant: string | undefined;
  /** When and how the person signed in; undefined for programs. */
  readonly signIn: SignInFacts | undefined;
}

/** What a token can say about the sign-in behind it (RFC 9068, 2.2.1). */
export interface SignInFacts {
  /** Seconds since the epoch. */
  readonly authTime: number | undefined;
  readonly acr: string | undefined;
  readonly amr: readonly string[] | undefined;
}

/** The shape of an access token beyond RFC 9068. */
export interface TokenShape {
  /** Signing algorithm of access tokens and ID tokens. */
  readonly signingAlgorithm: 'ES256' | 'RS256';
  /** Media type in the header of a JWT access token. */
  readonly headerType: string;
  /** Claims added to every access token. */
  claims(subject: TokenSubject): Readonly<Record<string, unknown>>;
}

export interface Dialect {
  readonly name: string;
  readonly routes: Routes;
  readonly token: TokenShape;
  /** Translates a request before the engine; absent when this dialect speaks as the engine does. */
  readonly request?: (request: WireRequest) => TranslatedRequest;
  /** Completes both metadata documents. `endpoint` makes an absolute URL of a path. */
  discovery(document: Readonly<Record<string, unknown>>, endpoint: (path: string) => string): Readonly<Record<string, unknown>>;
  /** Translates an answer or an error; absent when this dialect speaks as the engine does. */
  readonly answer?: (answer: WireAnswer) => Pick<WireAnswer, 'status' | 'body'>;
}
