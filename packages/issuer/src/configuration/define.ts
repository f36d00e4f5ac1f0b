/** Configuration in code: what a `safeconduct.config.ts` may declare. */
import type { Endpoints, PresetName } from '../connections/connection.ts';
import type { Leniency } from '../dialects/facts.ts';
import { Secret } from '../secrets/secret.ts';
import type { OriginDeclaration } from './origins.ts';

/** A secret as configuration may hold it. Wrap it in `demo()` when it is meant to be known to everybody. */
export type SecretValue = string | Secret;

/** Everything that a configuration file declares. Applying it twice changes nothing; what it does not name is left alone. */
export interface IssuerConfiguration {
  readonly organizations?: readonly OrganizationDeclaration[];
  readonly projects?: readonly ProjectDeclaration[];
  readonly users?: readonly UserDeclaration[];
  readonly connections?: readonly ConnectionDeclaration[];
  /**
   * Where else `safeconduct dev` serves the issuer, and how it speaks there. `safeconduct start` reads `SAFECONDUCT_ORIGINS`
   * instead, and `createIssuer` its own option.
   */
  readonly origins?: readonly OriginDeclaration[];
}

/** A company or team that people belong to. */
export interface OrganizationDeclaration {
  /** Letters, digits, `_`, `-` and `.`; at most 100. It becomes `org_id` in tokens. */
  readonly id: string;
  readonly name: string;
  /** Its primary domain, in lower case: it names the organization where a dialect wants a domain. */
  readonly domain?: string;
}

/** What belongs together: the roles people can have, the APIs, and the applications that call them. */
export interface ProjectDeclaration {
  readonly id: string;
  /** Id of the organization that owns it. */
  readonly organization: string;
  readonly name: string;
  /** The roles that people may have here, by key, with the name that people read. */
  readonly roles?: Readonly<Record<string, string>>;
  readonly apis?: readonly ApiDeclaration[];
  readonly applications?: readonly ApplicationDeclaration[];
}

/** An API that access tokens are for. */
export interface ApiDeclaration {
  /** Its client_id, with which it may introspect tokens. */
  readonly id: string;
  readonly name: string;
  /** Its resource indicator (RFC 8707): an absolute URL without fragment. It is the `aud` of its tokens. */
  readonly resource: string;
  /** The scopes it knows, each with the sentence that people read when they consent. */
  readonly scopes: Readonly<Record<string, string>>;
  /** `jwt` is verified by the API itself; `opaque` by asking the issuer. Default `jwt`. */
  readonly tokenFormat?: 'jwt' | 'opaque';
  /** Seconds that a token lives, at most 3600. Default 600. */
  readonly tokenLifetime?: number;
  /** Which form of token it wants, where a dialect has several. Default 2. */
  readonly tokenVersion?: 1 | 2;
  /** How origins must speak where it may ask about tokens. Default `['standard']`. */
  readonly dialects?: readonly string[];
  /**
   * Resource indicators of other APIs that it calls as the person who called it (on behalf of), in dialects that have this, with
   * any of their scopes. It must prove itself.
   */
  readonly resources?: readonly string[];
  /** The one that is meant when it names none. */
  readonly defaultResource?: string;
  /** How it proves itself when it introspects. Default: `client_secret_basic` with a secret, else not at all. */
  readonly authMethod?: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt';
  /** Needed only to introspect tokens and to call other APIs. At least 32 characters, or two of them while one is being replaced. */
  readonly secret?: SecretValue | readonly SecretValue[];
  /** Public keys, for `private_key_jwt`: one, or two while one is being replaced. */
  readonly jwks?: { readonly keys: readonly Readonly<Record<string, unknown>>[] };
}

/** A program that people sign in to, or that acts for itself. */
export interface ApplicationDeclaration {
  /** Its client_id. It never begins with `usr_`. */
  readonly id: string;
  readonly name: string;
  /** `web` has a server that keeps a secret, `spa` runs in the browser, `native` on a device, `service` acts for itself. */
  readonly kind: 'web' | 'spa' | 'native' | 'service';
  /** Whether it is the organization's own, so that nobody is asked for consent. Default false. */
  readonly firstParty?: boolean;
  /** Where people are sent back to: compared as exact strings. Native applications on 127.0.0.1 or [::1] may use any port. */
  readonly redirectUris?: readonly string[];
  readonly postLogoutRedirectUris?: readonly string[];
  /** Told when a person signs out (OpenID Connect Back-Channel Logout). https, or http on loopback. */
  readonly backchannelLogoutUri?: string;
  /** Default: what its kind needs. Add `urn:ietf:params:oauth:grant-type:device_code` to a native application for the device flow. */
  readonly grantTypes?: readonly GrantType[];
  /** How it proves itself. Default: `client_secret_basic` for web and service, `none` for spa and native. */
  readonly authMethod?: 'none' | 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt';
  /** At least 32 characters, or two of them while one is being replaced. */
  readonly secret?: SecretValue | readonly SecretValue[];
  /** Public keys, for `private_key_jwt`: one, or two while one is being replaced. */
  readonly jwks?: { readonly keys: readonly Readonly<Record<string, unknown>>[] };
  /** The scopes it may ask for. Default: `openid profile email`, `offline_access` if it may refresh, and those of its resources. */
  readonly scopes?: readonly string[];
  /** Resource indicators of the APIs it may call. */
  readonly resources?: readonly string[];
  /** The resource that is meant when it names none. Default: its only one, except in dialects where none is meant. */
  readonly defaultResource?: string;
  /** Turning PKCE off needs a confidential application, which must then send a nonce. Default true. */
  readonly pkceRequired?: boolean;
  /** How origins must speak for this application to be served there. Elsewhere nobody knows it. Default `['standard']`. */
  readonly dialects?: readonly string[];
  /** What its dialects let through, because a vendor does, and it does without. Default: nothing. */
  readonly refuses?: readonly Leniency[];
  /**
   * For kind `service`, which is a service user under the same id: its role keys by project id, exactly these and no others in
   * those projects.
   */
  readonly roles?: Readonly<Record<string, readonly string[]>>;
  /** For kind `service`: texts by key, for applications that know what they mean. */
  readonly metadata?: Readonly<Record<string, string>>;
}

export type GrantType =
  | 'authorization_code'
  | 'refresh_token'
  | 'client_credentials'
  | 'urn:ietf:params:oauth:grant-type:device_code'
  | 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** A person. A service user is an application of kind `service`. */
export interface UserDeclaration {
  /** It becomes `sub`. */
  readonly id: string;
  readonly organization: string;
  readonly email?: string;
  readonly emailVerified?: boolean;
  readonly name?: string;
  readonly givenName?: string;
  readonly familyName?: string;
  readonly locale?: string;
  readonly state?: 'active' | 'disabled';
  /** At least 15 characters. */
  readonly password?: SecretValue;
  /** A PHC string, to import a password that only its hash is known of. */
  readonly passwordHash?: SecretValue;
  /** Role keys by project id: exactly these, no others in those projects. */
  readonly roles?: Readonly<Record<string, readonly string[]>>;
  /** Role keys by project id, by the id of another organization that invited the person: exactly these, as for `roles`. */
  readonly guestOf?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  /** Further standard claims (OpenID Connect Core 5.1), in the spelling of the wire. */
  readonly claims?: ClaimsDeclaration;
  /** Texts by key, for applications that know what they mean. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** `sub` by the name of a dialect, for people who moved here and keep theirs. Default: what the dialect makes of the id. */
  readonly subjects?: Readonly<Record<string, string>>;
}

/** Standard claims that have no member of their own (OpenID Connect Core 5.1). */
export interface ClaimsDeclaration {
  readonly nickname?: string;
  readonly preferred_username?: string;
  readonly middle_name?: string;
  readonly profile?: string;
  readonly picture?: string;
  readonly website?: string;
  readonly gender?: string;
  /** `1990-05-31`, `0000-05-31` without the year, or a year. */
  readonly birthdate?: string;
  /** A time zone such as `Europe/Paris`. */
  readonly zoneinfo?: string;
  readonly phone_number?: string;
  readonly phone_number_verified?: boolean;
  readonly address?: AddressDeclaration;
}

/** A postal address (OpenID Connect Core 5.1.1). */
export interface AddressDeclaration {
  readonly formatted?: string;
  readonly street_address?: string;
  readonly locality?: string;
  readonly region?: string;
  readonly postal_code?: string;
  readonly country?: string;
}

/** A third party: people sign in through it, or connect their account there for applications to use. */
export interface ConnectionDeclaration {
  /** The name that programs send, such as `calendar`. Its redirect URI over there is `<issuer>/connections/<id>/callback`. */
  readonly id: string;
  /** Id of the organization that it is of. People of other organizations do not see it. */
  readonly organization: string;
  /** As people read it. */
  readonly name: string;
  /** `oidc` for any OpenID Connect provider, `oauth2` for any OAuth 2.0 server; the others know their third party. */
  readonly preset: PresetName;
  /** client_id that the third party gave. */
  readonly clientId: string;
  /** The secret that the third party gave. Left out: the one that is stored stays. */
  readonly secret?: SecretValue;
  /** For `oidc`: `iss`, exactly. For `microsoft`: `https://login.microsoftonline.com/<tenant id>/v2.0`, to let in one tenant only. */
  readonly issuer?: string;
  /** For `oauth2`: all but `revocation`. For `oidc`: what is not discovered. */
  readonly endpoints?: Endpoints;
  /** How this issuer proves itself there. Default: what the preset says. */
  readonly authMethod?: 'client_secret_basic' | 'client_secret_post' | 'none';
  /** Always asked for. Default: what the preset says. */
  readonly scopes?: readonly string[];
  /** People may sign in through it. Default false. */
  readonly signIn?: boolean;
  /** Somebody unknown who signs in through it becomes a new user of the organization. Default false. */
  readonly signUp?: boolean;
  /** People may connect their account there. Default: true, unless people sign in through it. */
  readonly accounts?: boolean;
  /** Added to every authorization request. */
  readonly authorizationParams?: Readonly<Record<string, string>>;
  /** Whether applications that cannot prove themselves may use what people connect. Default false. */
  readonly publicClients?: boolean;
  /**
   * `safe` only where the third party takes the same refresh token twice: then a crash in the middle of a refresh costs nobody
   * their account. Default: what the preset says.
   */
  readonly refreshRetry?: 'never' | 'safe';
  /** By client_id: the applications and APIs that may use what people connect, exactly these. Left out: as they are. */
  readonly applications?: Readonly<Record<string, true | ConnectionUseDeclaration>>;
  /** What the proxy passes on. Left out: nothing. */
  readonly proxy?: ProxyDeclaration;
}

/** How far an application may use a connection; each person decides within it. */
export interface ConnectionUseDeclaration {
  /** The most it may ask for. Default: whatever the person allows. */
  readonly scopes?: readonly string[];
  /** False: it goes through the proxy and never gets the token itself. Default true. */
  readonly tokens?: boolean;
}

/** The requests that the proxy passes on to a third party. It refuses all others. */
export interface ProxyDeclaration {
  /** What every path is below, such as `https://api.calendar.example/v3`. */
  readonly baseUrl: string;
  readonly methods: readonly ('GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS')[];
  /** Such as `/events/*`: a star stands for one segment, two at the end for any number. */
  readonly paths: readonly string[];
}

/** Gives the configuration back as it is: it is there for the types. Checking happens when it is applied. */
export function defineConfig(configuration: IssuerConfiguration): IssuerConfiguration {
  return configuration;
}

/** Marks a secret as a demo value that everybody may know. Production refuses a configuration that holds one. */
export function demo(value: string): Secret {
  return new Secret(value, { isDemo: true });
}
