/** The engine, configured. Each setting is a rule of ours; what a rule does is in the file it comes from. */
import type { Configuration, JWK, KoaContextWithOIDC } from 'oidc-provider';
import type { OutboundFetch } from '../connections/outbound-fetch.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { tokenClaims, tokenHeader } from './access-token.ts';
import { claimsByScope, findAccount } from './accounts.ts';
import { type Applications, ISSUER_SCOPES, TRAITS, traitsOf } from './applications.ts';
import type { Attempts } from './attempts.ts';
import { checkAssertion } from './client-authentication.ts';
import { askAgain, deviceOrigin } from './device.ts';
import { loadGrant, promptPolicy } from './grants.ts';
import type { Lifetimes } from './limits.ts';
import { signOutOrAsk } from './logout.ts';
import { checkRequest, pkceRequired, RULES } from './request-rules.ts';
import { defaultResource, describeResource } from './resources.ts';
import type { Screens } from './screens.ts';
import { unit } from './unit.ts';

export interface EngineOptions {
  readonly issuer: string;
  readonly signingKeys: readonly JWK[];
  readonly cookieKeys: readonly string[];
  readonly dialect: Dialect;
  readonly screens: Screens;
  readonly lifetimes: Lifetimes;
  readonly applications: Applications;
  readonly attempts: Attempts;
  readonly fetch: OutboundFetch;
}

export function engineConfiguration(options: EngineOptions, adapter: NonNullable<Configuration['adapter']>): Configuration {
  const { issuer, signingKeys, dialect, applications, lifetimes, fetch } = options;
  const algorithm = dialect.token.signingAlgorithm;
  const configuration = {
    adapter,
    jwks: { keys: signingKeys },
    routes: engineRoutes(dialect),
    cookies: cookies(issuer, options.cookieKeys),
    scopes: ISSUER_SCOPES,
    claims: claimsByScope,
    responseTypes: ['code'],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    clientDefaults: { id_token_signed_response_alg: algorithm },
    enabledJWA: { idTokenSigningAlgValues: [algorithm], clientAuthSigningAlgValues: ['ES256', 'RS256', 'PS256', 'Ed25519'] },
    extraClientMetadata: { properties: [TRAITS] },
    extraParams: { [RULES]: checkRequest },
    extraTokenClaims: tokenClaims(applications, dialect),
    formats: { customizers: { jwt: tokenHeader(dialect) } },
    findAccount,
    loadExistingGrant: loadGrant,
    interactions: { url: (_ctx: unknown, { uid }: { uid: string }) => `/interaction/${uid}`, policy: promptPolicy() },
    // A session's end is kept beside the session (logout.ts), so that a second sign-in in the same browser ends nothing.
    expiresWithSession: async () => false,
    issueRefreshToken: mayRefresh,
    rotateRefreshToken: () => !unit().replaying,
    revokeGrantPolicy: () => true,
    pkce: { required: pkceRequired },
    assertJwtClientAuthClaimsAndHeader: checkAssertion,
    allowOmittingSingleRegisteredRedirectUri: false,
    conformIdTokenClaims: false,
    clientBasedCORS: mayCallFromBrowser,
    fetch,
    fetchResponseBodyLimits: { jwks_uri: 65_536, sector_identifier_uri: 65_536 },
    features: features(options),
    ttl: ttl(lifetimes),
    renderError: (ctx: KoaContextWithOIDC, out: object, error: Error) => options.screens.error(ctx, out as never, error),
  };
  // The published types lack `fetchResponseBodyLimits` and are narrower than the engine in a few callbacks.
  return configuration as unknown as Configuration;
}

function engineRoutes({ routes }: Dialect): NonNullable<Configuration['routes']> {
  return {
    authorization: routes.authorization,
    token: routes.token,
    userinfo: routes.userinfo,
    jwks: routes.jwks,
    device_authorization: routes.deviceAuthorization,
    code_verification: routes.deviceVerification,
    end_session: routes.endSession,
  };
}

/** With https the browser itself keeps other hosts and plain http away from the session. */
function cookies(issuer: string, keys: readonly string[]): Configuration['cookies'] {
  const secure = issuer.startsWith('https:');
  const shared = { httpOnly: true, sameSite: 'lax', signed: true, overwrite: true, secure } as const;
  return {
    keys: [...keys],
    names: {
      session: secure ? '__Host-sc_session' : 'sc_session',
      interaction: secure ? '__Secure-sc_interaction' : 'sc_interaction',
      resume: secure ? '__Secure-sc_resume' : 'sc_resume',
    },
    long: { ...shared, path: '/' },
    short: shared,
  };
}

function features({ dialect, applications, attempts, screens }: EngineOptions): Configuration['features'] {
  return {
    devInteractions: { enabled: false },
    dPoP: { enabled: false },
    pushedAuthorizationRequests: { enabled: false },
    claimsParameter: { enabled: true },
    clientCredentials: { enabled: true },
    backchannelLogout: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: defaultResource as never,
      useGrantedResource: () => true,
      getResourceServerInfo: describeResource(applications, dialect),
    },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (ctx, form) => signOutOrAsk(ctx, { form, screens }),
      postLogoutSuccessSource: (ctx) => screens.signedOut(ctx),
    },
    deviceFlow: {
      enabled: true,
      charset: 'base-20',
      mask: '****-****',
      deviceInfo: deviceOrigin,
      userCodeInputSource: (ctx, form, out, error) =>
        out && error ? askAgain(ctx, { screens, attempts }, { form, out, error }) : screens.deviceCode(ctx, form),
      userCodeConfirmSource: (ctx, form, client, device, userCode) => screens.deviceConfirm(ctx, form, client, device, userCode),
      successSource: (ctx) => screens.deviceDone(ctx),
    },
  };
}

/** Who may stay signed in: whoever asked for it; and those who cannot ask, because they use no OpenID Connect. */
function mayRefresh(
  _ctx: unknown,
  client: { grantTypeAllowed(type: string): boolean },
  { scopes }: { scopes: ReadonlySet<string> },
): boolean {
  return client.grantTypeAllowed('refresh_token') && (scopes.has('offline_access') || !scopes.has('openid'));
}

/** Only pages that the application is served from may read its answers. Opaque origins are nobody's. */
function mayCallFromBrowser(_ctx: unknown, origin: string, client: { redirectUris?: readonly string[] }): boolean {
  return origin !== 'null' && (client.redirectUris ?? []).some((uri) => URL.parse(uri)?.origin === origin);
}

function ttl(lifetimes: Lifetimes): Configuration['ttl'] {
  return {
    AccessToken: apiLifetime,
    AuthorizationCode: lifetimes.code,
    ClientCredentials: apiLifetime,
    DeviceCode: lifetimes.deviceCode,
    Grant: lifetimes.refreshAbsolute,
    IdToken: lifetimes.idToken,
    Interaction: lifetimes.interaction,
    RefreshToken: (_ctx, token, client) => refreshLifetime(lifetimes, token, traitsOf(client).kind === 'spa'),
    Session: lifetimes.session,
  };
}

/** What the API asks for; ten minutes for a token that is for the issuer alone. */
function apiLifetime(
  _ctx: unknown,
  token: { readonly resourceServer?: { readonly accessTokenTTL?: number | undefined } | undefined },
): number {
  return token.resourceServer?.accessTokenTTL ?? 600;
}

/** Idle lifetime, cut at the end of the family. In a browser rotation never moves the end. */
function refreshLifetime({ refreshIdle, refreshAbsolute }: Lifetimes, token: { iiat?: number | undefined }, inBrowser: boolean): number {
  const now = Math.floor(Date.now() / 1000);
  const end = (token.iiat ?? now) + (inBrowser ? refreshIdle : refreshAbsolute);
  return Math.max(1, Math.min(refreshIdle, end - now));
}
