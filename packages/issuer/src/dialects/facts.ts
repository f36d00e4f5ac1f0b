/** What a dialect is told: where an issuer is, who asks, and whom it is about. */

/** The endpoints that an issuer may have. What a dialect leaves out, it does not serve. */
export interface Routes {
  readonly authorization: string;
  readonly token: string;
  readonly userinfo: string;
  readonly introspection?: string;
  readonly revocation?: string;
  readonly jwks: string;
  readonly deviceAuthorization: string;
  /** Where people type the code that a device shows. */
  readonly deviceVerification: string;
  readonly endSession: string;
  /** RFC 9126. */
  readonly pushedAuthorization?: string;
  /** OpenID Connect Discovery and, where the dialect has it, RFC 8414. The first is where the engine's own is served. */
  readonly discovery: readonly string[];
}

/**
 * How an origin speaks. A dialect is a table of paths and pure functions over the wire: it knows no storage and no engine.
 * What stands around a request on its way in is `request`; on the way out come the shapes of tokens, then `answer`.
 */

export type RouteName = keyof Routes;

/** One issuer of a dialect: its name to the letter, and where its endpoints are below the origin. */
export interface Place {
  /** `iss`. */
  readonly issuer: string;
  /** More values of `iss` that its ID tokens may have. */
  readonly otherIssuers?: readonly string[];
  readonly routes: Routes;
  /** More paths that are served, each with the endpoint that answers it. */
  readonly aliases?: Readonly<Record<string, RouteName>>;
}

/** An organization as an issuer of its own. */
export interface Tenant {
  /** Id of the organization. */
  readonly id: string;
  /** The same as a UUID. */
  readonly uuid: string;
  readonly name: string;
  /** Its primary domain, where it has one. */
  readonly domain: string | undefined;
}

/** The organization that has this id, UUID or domain: whoever chooses a domain takes no other organization's id by it. */
export function tenantNamed(all: readonly Tenant[], name: string): Tenant | undefined {
  const wanted = name.toLowerCase();
  return all.find(({ id }) => id === name) ?? all.find(({ uuid }) => uuid === wanted) ?? all.find(({ domain }) => domain === wanted);
}

/** Something that a vendor does, that a client may depend on, and that is not safe. Each can be refused by an application (`refuse`). */
export type Leniency =
  /** A client secret in an authorization request: it is in histories and logs now (RFC 6749, 2.3.1). */
  | 'secret_in_address'
  /** A confidential application that uses no PKCE (RFC 9700, 2.1.1). */
  | 'missing_pkce'
  /** A refresh token that is good for more than one use (RFC 9700, 4.14.2). */
  | 'refresh_token_reuse'
  /** Any port of `http://localhost`, a name that may lead elsewhere (RFC 8252, 8.3). */
  | 'localhost_redirect'
  /** A sign-out without a hint who asks for it: any page can send a browser there. */
  | 'unasked_logout'
  /** A client assertion that is good for more than one request (RFC 7523, 3). */
  | 'assertion_reuse'
  /** An access token in an authorization response: it is in histories (RFC 9700, 2.1.2). */
  | 'token_in_address';

export interface KnownApplication {
  readonly id: string;
  readonly kind: 'web' | 'native' | 'spa' | 'service' | 'api';
  /** It belongs to the organization itself: nobody is asked what it may do. */
  readonly firstParty: boolean;
  /** It proves itself with a secret or a key. */
  readonly confidential: boolean;
  readonly project: string | undefined;
  readonly organization: string;
  /** Resource indicators of the APIs it may call. */
  readonly resources: readonly string[];
  readonly defaultResource: string | undefined;
  /** Every scope it may ask for. */
  readonly scopes: readonly string[];
  readonly refuses: readonly Leniency[];
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
}

export interface KnownApi {
  /** Its client_id. */
  readonly id: string;
  /** Its resource indicator (RFC 8707). */
  readonly resource: string;
  readonly project: string;
  readonly scopes: readonly string[];
  /** Which form of token it wants, where a dialect has several. */
  readonly tokenVersion: 1 | 2;
}

/** A person or service user, as tokens may tell of it. */
export interface AccountFacts {
  readonly id: string;
  /** The same as a UUID. */
  readonly uuid: string;
  readonly kind: 'person' | 'service';
  readonly organization: Tenant;
  readonly email: string | undefined;
  readonly emailVerified: boolean;
  readonly name: string | undefined;
  readonly givenName: string | undefined;
  readonly familyName: string | undefined;
  readonly locale: string | undefined;
  /** Seconds since the epoch. */
  readonly updatedAt: number;
  /** Role keys by project, in the person's own organization. */
  readonly roles: Readonly<Record<string, readonly string[]>>;
  /** Role keys by project, by the organization that invited the person. */
  readonly guestOf: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  /** Further standard claims (OpenID Connect Core, 5.1). */
  readonly claims: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, string>>;
  /** What a dialect calls this person instead of its own rule, by the dialect's name: people who moved here keep their `sub`. */
  readonly subjects: Readonly<Record<string, string>>;
  /** The account elsewhere that the person first came with. */
  readonly cameWith: { readonly connection: string; readonly subject: string } | undefined;
}

/** What is known where something is made for the wire. */
export interface Facts {
  readonly origin: string;
  readonly place: Place;
  /** The tenant whose issuer answers; undefined where the dialect has none. */
  readonly tenant: Tenant | undefined;
  /** Undefined for an application that acts for itself and is no service user. */
  readonly account: AccountFacts | undefined;
  readonly client: KnownApplication | undefined;
  /** Ids of all applications and APIs in the client's project. */
  readonly projectClients: readonly string[];
  /** The API that an access token is for. */
  readonly api: KnownApi | undefined;
  /** Roles in the project that owns the API; those of the caller's project where an API asks about a token. */
  readonly roles: readonly string[];
  /** Scopes that were granted, without what is in `asked`. */
  readonly scopes: readonly string[];
  /** What the request's translation noted, '' where nothing was. */
  readonly asked: string;
  readonly session: string | undefined;
  readonly grant: string | undefined;
  /** When and how the person signed in; undefined for programs. */
  readonly signIn: SignInFacts | undefined;
  /** Scopes as this very request named them, before its translation; undefined where it named none. */
  readonly wanted?: readonly string[] | undefined;
  /** How the token was asked for, `personal` for a personal access token; undefined where none is made. */
  readonly grantType: string | undefined;
}

/** What a token can say about the sign-in behind it (RFC 9068, 2.2.1). */
export interface SignInFacts {
  /** Seconds since the epoch. */
  readonly authTime: number | undefined;
  readonly acr: string | undefined;
  readonly amr: readonly string[] | undefined;
}
