/** For dialects where each organization is an issuer, named in the path. */
import type { AccountFacts, Facts, KnownApi, KnownApplication, Leniency, Place, RouteName, Tenant } from './facts.ts';
export interface Tenancy {
  /** The name that stands in a path in the tenant's place: an id, a UUID, a domain or one of `shared`. Undefined: the path is none of this dialect's. */
  readonly nameIn: (path: string) => string | undefined;
  /** The path with the tenant as `place` writes it. */
  readonly withTenant: (path: string, tenant: Tenant) => string;
  /** Names of places where people of every tenant sign in; their tokens are those of their own tenant. */
  readonly shared: readonly string[];
  /** Answers where no organization of this name has an issuer. Default: 404 in JSON. */
  readonly nobody?: (name: string) => StaticDocument;
}

/** A request to an endpoint, as it came. */
export interface WireRequest {
  readonly route: RouteName;
  readonly method: string;
  /** Path without query, as it came. */
  readonly path: string;
  /** Of the query (GET) or the body (POST). Names may repeat. JSON bodies are read where the dialect takes them; null is absent. */
  readonly parameters: URLSearchParams;
  /** Query of a POST. */
  readonly query: URLSearchParams;
  readonly header: (name: string) => string | undefined;
  readonly place: Place;
  /** Who says to ask, by parameter, header or assertion. Nothing is proved by it. */
  readonly clientId: string | undefined;
}

/** What the engine is to see instead. Members that are absent stay as they were. */
export interface TranslatedRequest {
  readonly parameters?: URLSearchParams;
  /** Text that comes back as `Facts.asked` wherever something is made because of this request, at most 2,000 characters. */
  readonly asked?: string;
  /** The endpoint that is to answer. */
  readonly route?: RouteName;
  /** What was let through all the same. Whoever asks is known as soon as the engine has found the application. */
  readonly lenient?: readonly Leniency[];
  /** Id of the organization whose people alone may sign in. One that nobody has, such as '', is refused at the redirect URI. */
  readonly organization?: string;
  /** A refresh names scopes, and no API: its token is for none. */
  readonly withoutApi?: true;
  /** Id of the connection that people are sent to at once, where it is one of their ways to sign in. */
  readonly connection?: string;
  /** The request goes no further. */
  readonly refused?: { readonly error: string; readonly description: string; readonly status?: number };
}

/** What a request's translation may look up. Everything is as it was some seconds ago. */
export interface Known {
  application(id: string): Promise<KnownApplication | undefined>;
  /** By resource indicator or client_id. */
  api(name: string): Promise<KnownApi | undefined>;
  /** The APIs of a project. */
  apis(project: string): Promise<readonly KnownApi[]>;
  /** Every organization. */
  organizations(): Promise<readonly Tenant[]>;
  /** client_id of an application of this dialect that registered this post_logout_redirect_uri. */
  leavingTo(uri: string): Promise<string | undefined>;
}

type Claims = Readonly<Record<string, unknown>>;

/** The shapes of tokens and of what is told about them. */
export interface Shapes {
  /** Signing algorithm of access tokens and ID tokens. */
  readonly signingAlgorithm: 'ES256' | 'RS256';
  /** Media type in the header of a JWT access token. */
  readonly headerType: string;
  /** More members of that header. `kid` names the key. */
  readonly header?: (kid: string, facts: Facts) => Claims;
  /** `sub` of an account for an application. Default: its id. */
  readonly subject?: (account: AccountFacts, client: string) => string;
  /** Claims of an access token out of those of RFC 9068 (`iss`, `sub`, `aud`, `client_id`, `scope`, `jti`, `iat`, `exp`): all that is given back is in it. */
  accessToken(claims: Claims, facts: Facts): Claims;
  /** Claims of an ID token out of the engine's. Default: as they are. */
  readonly idToken?: (claims: Claims, facts: Facts) => Claims;
  /** Answer of the userinfo endpoint out of the standard claims that the scopes cover. Default: as it is. */
  readonly userinfo?: (claims: Claims, facts: Facts) => Claims;
  /** Projects beyond its own whose APIs may be told of a token, with `policy.audience` `project`. */
  readonly projects?: (asked: string) => readonly string[];
  /**
   * Answer about an active token out of ours (RFC 7662). Default: as it is. `client` and `api` of the facts are who asks;
   * `issuedTo` is whom the token was made for, undefined where a person made it.
   */
  readonly introspection?: (answer: Claims, facts: Facts, issuedTo: KnownApplication | undefined) => Claims;
  /** A published key out of ours (`kid`, `x5c`, …). Default: as it is. */
  readonly key?: (jwk: Claims, place: Place) => Claims;
}

/** What the engine allows in this dialect. */
export interface Policy {
  /** Values of response_type beyond `code`, as the engine writes them (sorted). */
  readonly responseTypes: readonly string[];
  readonly responseModes: readonly ('query' | 'form_post' | 'fragment' | 'web_message')[];
  /** Whether a refresh token is replaced at each use. Where it is not, that is the leniency `refresh_token_reuse`. */
  readonly rotates: (client: Pick<KnownApplication, 'kind' | 'confidential'>) => boolean;
  readonly lenient: readonly Leniency[];
  /** The token endpoint and its neighbours take JSON as well as forms. */
  readonly jsonBodies: boolean;
  /** An API that is asked for without any of its scopes is given with all that the application may have. */
  readonly wholeApi: boolean;
  /** An application that may call one API means it when it names none. Default true. */
  readonly soleApi?: boolean;
  /** What becomes of scopes that nobody knows or that the application may not ask for. */
  readonly unknownScopes: 'refuse' | 'drop';
  /** What a client assertion may be addressed to. */
  readonly assertionAudience: (place: Place, origin: string) => readonly string[];
  /** Client assertions as they are: how many seconds they may live, and whether one may be sent again. Default: 600, once. */
  readonly assertion?: { readonly seconds: number; readonly reusable: boolean };
  /** Who may ask about a token: its API, or every API of the project that its client may call. Default: `api`. */
  readonly audience?: 'api' | 'project';
  /** `aud` of a JWT for no API in particular. Default: such a token is opaque. */
  readonly ownAudience?: string;
  /** Whether people whom an organization gave a role may sign in where that organization is asked for. Default true. */
  readonly guests?: boolean;
  /** An id_token_hint that cannot be used is passed over. Default: the sign-in is refused. */
  readonly ignoresHints?: boolean;
  /** A refresh token of a first-party application is good for every API that it may call. */
  readonly manyResources?: boolean;
  /** An API may exchange the token it was called with for one to call another API with (RFC 7523, 2.1). */
  readonly onBehalfOf?: boolean;
  /** Seconds. Default: the issuer's. */
  readonly idTokenLifetime?: number;
  /** The API by which applications connect accounts (`/me/v1/connected-accounts`) is served at the origin too. */
  readonly connectedAccounts: boolean;
  /** Pages of applications may show the issuer in a frame, to renew a sign-in without a page (prompt=none). */
  readonly framed: boolean;
}

/** An answer of the engine in JSON, as it is translated before it is sent. */
export interface WireAnswer {
  readonly route: RouteName | 'unknown';
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
}

/** What is known when an answer is translated. */
export interface AnswerFacts extends Facts {
  /** Parameters of the request as they came, before translation. Those of a GET are in its query. */
  readonly parameters: URLSearchParams;
  /** The query, also that of a POST. */
  readonly query: URLSearchParams;
  readonly header: (name: string) => string | undefined;
  /** Name of this request in logs, a UUID. */
  readonly requestId: string;
}

/** A document that never changes with whoever asks. */
export interface StaticDocument {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** How a dialect is tried out on a developer's machine. */
export interface LocalUse {
  /** Where `safeconduct dev` puts it: https where the vendor's clients take nothing else. */
  readonly url: string;
  /** How clients are pointed at an issuer there, by the name of the setting. */
  readonly settings: (place: Place, origin: string, tenant: Tenant | undefined) => Readonly<Record<string, string>>;
  /** What a client writes to get a token for an API, for people to read: parameters of the request. */
  readonly asking: (api: Pick<KnownApi, 'id' | 'resource' | 'project' | 'scopes'>) => string;
}

export interface Dialect {
  readonly name: string;
  /** Absent: the origin is one issuer. */
  readonly tenancy?: Tenancy;
  /** Where an issuer of this dialect is. `shared` is one of `tenancy.shared`, in place of a tenant. */
  place(origin: string, tenant?: Tenant, shared?: string): Place;
  readonly shapes: Shapes;
  readonly policy: Policy;
  /** Absent: nobody asks for it by name. */
  readonly local?: LocalUse;
  /** Translates a request before the engine; absent when this dialect speaks as the engine does. */
  readonly request?: (request: WireRequest, known: Known) => TranslatedRequest | Promise<TranslatedRequest>;
  /** The metadata document. `endpoint` makes an absolute URL of a path. */
  discovery(document: Claims, endpoint: (path: string) => string, place: Place): Claims;
  /** Adds to the parameters of a successful authorization response. */
  readonly authorizationResponse?: (facts: AnswerFacts) => Readonly<Record<string, string>>;
  /** Translates an answer or an error; absent when this dialect speaks as the engine does. */
  readonly answer?: (answer: WireAnswer, facts: AnswerFacts) => Pick<WireAnswer, 'status' | 'body'> & Partial<WireAnswer>;
  /** Fixed documents of the dialect's own, by path below the origin. Asked first, for every request. */
  readonly document?: (
    path: string,
    place: Place,
    query: URLSearchParams,
    more: { readonly method: string; readonly keys: () => Promise<readonly Claims[]> },
  ) => StaticDocument | undefined | Promise<StaticDocument | undefined>;
}
