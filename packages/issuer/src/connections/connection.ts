/** What a connection is: a third party, who may use it, and how. Data; where it is stored is `registry.ts`. */
import type { Secret } from '../secrets/secret.ts';

export type PresetName = 'oidc' | 'oauth2' | 'google' | 'github' | 'microsoft' | 'slack';

/** A third party that people sign in through, or whose API applications use as them. */
export interface Connection {
  /** The name that programs send, such as `calendar`. */
  readonly id: string;
  /** Who administers it; only people of this organization see it. */
  readonly organizationId: string;
  /** As people read it. */
  readonly name: string;
  readonly preset: PresetName;
  /** People may sign in through it. */
  readonly signIn: boolean;
  /** Somebody who signs in through it and is unknown becomes a new user of the organization. */
  readonly signUp: boolean;
  /** People may connect their account there. */
  readonly accounts: boolean;
  /** OpenID Connect: `iss`, exactly. Undefined for plain OAuth 2.0. */
  readonly issuer: string | undefined;
  /** What is not discovered. The preset's own, unless declared. */
  readonly endpoints: Endpoints;
  readonly clientId: string;
  readonly clientSecret: Secret | undefined;
  readonly authMethod: 'client_secret_basic' | 'client_secret_post' | 'none';
  /** Always asked for. */
  readonly scopes: readonly string[];
  /** Added to every authorization request. */
  readonly authorizationParams: Readonly<Record<string, string>>;
  /** Applications that cannot prove themselves may use what people connect. */
  readonly publicClients: boolean;
  /** `safe`: sending a refresh token again does no harm there, so that a crash costs nobody the account. */
  readonly refreshRetry: 'never' | 'safe';
  readonly proxy: ProxyPolicy | undefined;
  readonly disabled: boolean;
  /** By application id: which applications may use what people connect. */
  readonly applications: ReadonlyMap<string, ConnectionUse>;
}

/** Endpoints of a third party. */
export interface Endpoints {
  readonly authorization?: string;
  readonly token?: string;
  readonly revocation?: string;
  readonly userinfo?: string;
}

/** What one application may do with a connection at most; each person decides within it. */
export interface ConnectionUse {
  /** `all`: whatever the person allows. */
  readonly scopes: readonly string[] | 'all';
  /** False: it never gets the token itself, and goes through the proxy. */
  readonly tokens: boolean;
}

/** What the proxy passes on. Everything else is refused. */
export interface ProxyPolicy {
  /** Origin and base path that proxied paths are below, such as `https://api.calendar.example/v3`. Its host is the only one. */
  readonly baseUrl: string;
  /** Upper case. */
  readonly methods: readonly string[];
  /** Path patterns below `baseUrl`: `*` stands for one segment, `**` at the end for any number. */
  readonly paths: readonly string[];
}
