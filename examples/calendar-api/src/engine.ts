/** The OAuth 2.0 and OpenID Connect server of the calendar: strict about refresh tokens, and asks before each connection. */
import { type Configuration, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { CalendarPerson } from './people.ts';
import type { Records } from './records.ts';
import type { State } from './state.ts';

/** An application that people may connect their calendar to. */
export interface CalendarClient {
  readonly id: string;
  readonly secret: string;
  readonly redirectUris: readonly string[];
  /** As people read it. Default: the id. */
  readonly name?: string;
  /** Default: `client_secret_basic`. */
  readonly authMethod?: 'client_secret_basic' | 'client_secret_post';
}

export interface EngineOptions {
  readonly url: string;
  readonly clients: readonly CalendarClient[];
  readonly people: readonly CalendarPerson[];
  readonly accessTokenSeconds: number;
  readonly state: State;
  readonly records: Records;
  /** The page for a person whom a wrong request brought here. */
  readonly errorPage: (sentence: string) => string;
}

export const scopes = ['openid', 'profile', 'email', 'offline_access', 'calendar.read', 'calendar.write'];

const day = 24 * 3600;

export function createEngine(options: EngineOptions): Provider {
  const provider = new Provider(options.url, configuration(options));
  // The front tells it the one address that it has, whatever a request says.
  provider.proxy = true;
  return provider;
}

function configuration({ url, clients, people, accessTokenSeconds, state, records, errorPage }: EngineOptions): Configuration {
  const cookie = { httpOnly: true, sameSite: 'lax', signed: true, overwrite: true, secure: url.startsWith('https:') } as const;
  return {
    adapter: records.adapter,
    clients: clients.map(registered),
    jwks: { keys: [...state.keys] },
    scopes,
    claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'] },
    conformIdTokenClaims: false,
    responseTypes: ['code'],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post'],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    pkce: { required: () => true },
    routes: { authorization: '/authorize', token: '/token', revocation: '/revoke', userinfo: '/userinfo', jwks: '/jwks.json' },
    // Cookies know no ports: on localhost these share a jar with everybody else's.
    cookies: {
      keys: [state.secret],
      names: { session: 'almanac_session', interaction: 'almanac_interaction', resume: 'almanac_resume' },
      long: { ...cookie, path: '/' },
      short: cookie,
    },
    findAccount: (_ctx, id) => accountOf(people.find((person) => person.id === id)),
    // No grant is remembered: each connection is asked for, and has a grant of its own that can end alone.
    loadExistingGrant: async ({ oidc }) => {
      const allowed = oidc.result?.consent?.grantId;
      return allowed === undefined ? undefined : oidc.provider.Grant.find(allowed);
    },
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    rotateRefreshToken: true,
    expiresWithSession: async () => false,
    revokeGrantPolicy: () => true,
    features: {
      devInteractions: { enabled: false },
      revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
      rpInitiatedLogout: { enabled: false },
      resourceIndicators: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      dPoP: { enabled: false },
    },
    ttl: {
      AccessToken: () => accessTokenSeconds,
      AuthorizationCode: 60,
      Grant: 90 * day,
      IdToken: 300,
      Interaction: 600,
      RefreshToken: 90 * day,
      Session: 14 * day,
    },
    renderError(ctx: KoaContextWithOIDC, { error, error_description: description }) {
      ctx.type = 'html';
      ctx.body = errorPage(`${error}${description === undefined ? '' : `: ${description}`}`);
    },
  };
}

function registered({ id, secret, redirectUris, name = id, authMethod = 'client_secret_basic' }: CalendarClient) {
  return {
    client_id: id,
    client_secret: secret,
    client_name: name,
    redirect_uris: [...redirectUris],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code' as const],
    token_endpoint_auth_method: authMethod,
  };
}

function accountOf(person: CalendarPerson | undefined) {
  if (person === undefined) return undefined;
  const { id, name, email } = person;
  return { accountId: id, claims: async () => ({ sub: id, name, email, email_verified: true }) };
}
