/** The engine, configured. Each setting is a rule of ours; what a rule does is in the file it comes from. */
import { hash } from 'node:crypto';
import type { Configuration, JWK, KoaContextWithOIDC } from 'oidc-provider';
import type { OutboundFetch } from '../connections/outbound-fetch.ts';
import type { Routes } from '../dialects/facts.ts';
import { rendering, tokenClaims } from './access-token.ts';
import { claimsByScope, findAccount } from './accounts.ts';
import { type Applications, ISSUER_SCOPES, responseTypesOf, TRAITS, traitsOf } from './applications.ts';
import type { Attempts } from './attempts.ts';
import { checkAssertion } from './client-authentication.ts';
import { askAgain, deviceOrigin } from './device.ts';
import { loadGrant, promptPolicy } from './grants.ts';
import type { Lifetimes } from './limits.ts';
import { signOutOrAsk } from './logout.ts';
import { isOwnOrigin } from './redirects.ts';
import { rotates } from './refresh.ts';
import { checkRequest, pkceRequired, RULES } from './request-rules.ts';
import { defaultResource, describeResource } from './resources.ts';
import type { Screens } from './screens.ts';
import { unit } from './unit.ts';
import { realmAround, rewrites, translates, type Voice } from './voice.ts';
import { ASKED, CONNECTION, TENANT, wireOf } from './wire.ts';

export interface EngineOptions {
  readonly voice: Voice;
  readonly signingKeys: readonly JWK[];
  readonly cookieKeys: readonly string[];
  readonly screens: Screens;
  readonly lifetimes: Lifetimes;
  readonly applications: Applications;
  readonly attempts: Attempts;
  readonly fetch: OutboundFetch;
}

export function engineConfiguration(options: EngineOptions, adapter: NonNullable<Configuration['adapter']>): Configuration {
  const { voice, signingKeys, applications, lifetimes, fetch } = options;
  const { policy, shapes } = voice.dialect;
  const algorithm = shapes.signingAlgorithm;
  const configuration = {
    adapter,
    jwks: { keys: signingKeys },
    routes: engineRoutes(voice.place.routes),
    cookies: cookies(voice, options.cookieKeys),
    scopes: ISSUER_SCOPES,
    claims: claimsByScope,
    responseTypes: responseTypesOf(voice),
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    clientDefaults: { id_token_signed_response_alg: algorithm },
    enabledJWA: { idTokenSigningAlgValues: [algorithm], clientAuthSigningAlgValues: ['ES256', 'RS256', 'PS256', 'Ed25519'] },
    extraClientMetadata: { properties: [TRAITS] },
    // The second are written where a request is translated, and are nothing that a caller could say.
    extraParams: { [RULES]: checkRequest(voice), ...(translates(voice.dialect) && { [ASKED]: null, [TENANT]: null, [CONNECTION]: null }) },
    extraTokenClaims: tokenClaims(applications, voice),
    formats: { customizers: { jwt: rendering(voice, signingKeyOf(signingKeys, algorithm)) } },
    findAccount: findAccount(voice),
    loadExistingGrant: loadGrant,
    interactions: { url: (_ctx: unknown, { uid }: { uid: string }) => `/interaction/${uid}`, policy: promptPolicy(voice) },
    // A session's end is kept beside the session (logout.ts), so that a second sign-in in the same browser ends nothing.
    expiresWithSession: async () => false,
    issueRefreshToken: mayRefresh(voice),
    rotateRefreshToken: (ctx: KoaContextWithOIDC) => !unit().replaying && rotates(ctx, voice),
    revokeGrantPolicy: () => true,
    pkce: { required: pkceRequired(voice) },
    assertJwtClientAuthClaimsAndHeader: checkAssertion(voice),
    allowOmittingSingleRegisteredRedirectUri: false,
    conformIdTokenClaims: false,
    clientBasedCORS: (_ctx: unknown, origin: string, { redirectUris }: { redirectUris?: readonly string[] }) =>
      isOwnOrigin(origin, redirectUris),
    fetch,
    fetchResponseBodyLimits: { jwks_uri: 65_536, sector_identifier_uri: 65_536 },
    features: features(options),
    ttl: ttl(lifetimes, policy.idTokenLifetime),
    renderError: (ctx: KoaContextWithOIDC, out: object, error: Error) => options.screens.error(ctx, out as never, error),
  };
  // The published types lack `fetchResponseBodyLimits` and are narrower than the engine in a few callbacks.
  return configuration as unknown as Configuration;
}

/** The key that signs: the first of the algorithm. */
function signingKeyOf(keys: readonly JWK[], algorithm: string): string {
  return String(keys.find(({ alg }) => alg === algorithm)?.kid);
}

function engineRoutes(routes: Routes): NonNullable<Configuration['routes']> {
  return {
    authorization: routes.authorization,
    token: routes.token,
    userinfo: routes.userinfo,
    jwks: routes.jwks,
    device_authorization: routes.deviceAuthorization,
    code_verification: routes.deviceVerification,
    end_session: routes.endSession,
    ...(routes.pushedAuthorization && { pushed_authorization_request: routes.pushedAuthorization }),
  };
}

/** With https the browser itself keeps other hosts and plain http away from the session. */
function cookies(voice: Voice, keys: readonly string[]): Configuration['cookies'] {
  const secure = voice.origin.startsWith('https:');
  const shared = { httpOnly: true, sameSite: 'lax', signed: true, overwrite: true, secure } as const;
  return {
    keys: [...keys],
    names: {
      session: `${secure ? '__Host-' : ''}sc_session${cookieSuffix(voice)}`,
      interaction: interactionCookie(voice),
      resume: `${secure ? '__Secure-' : ''}sc_resume${cookieSuffix(voice)}`,
    },
    // A page of an application that renews its sign-in in a frame is another site (a name or a scheme of its own).
    long: { ...shared, path: '/', ...(secure && voice.dialect.policy.framed && { sameSite: 'none' as const }) },
    short: shared,
  };
}

function features({ voice, applications, attempts, screens }: EngineOptions): Configuration['features'] {
  return {
    devInteractions: { enabled: false },
    dPoP: { enabled: false },
    pushedAuthorizationRequests: { enabled: voice.place.routes.pushedAuthorization !== undefined },
    ...(voice.dialect.policy.responseModes.includes('web_message') && {
      webMessageResponseMode: { enabled: true, ack: 'individual-draft-01' },
    }),
    claimsParameter: { enabled: true },
    clientCredentials: { enabled: true },
    backchannelLogout: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: defaultResource(voice) as never,
      useGrantedResource: (ctx) => !wireOf(ctx.req)?.withoutApi,
      getResourceServerInfo: describeResource(applications, voice),
    },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (ctx, form) => signOutOrAsk(ctx, { form, screens, voice }),
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

/** Who may stay signed in: whoever asked for it; and, where no vendor has it otherwise, those who cannot ask: they use no OpenID Connect. */
function mayRefresh({ dialect }: Voice) {
  return (_ctx: unknown, client: { grantTypeAllowed(type: string): boolean }, { scopes }: { scopes: ReadonlySet<string> }): boolean =>
    client.grantTypeAllowed('refresh_token') && (scopes.has('offline_access') || (!rewrites(dialect) && !scopes.has('openid')));
}

/** Name of the cookie that a browser has while a sign-in is under way. */
export const interactionCookie = (voice: Voice): string =>
  `${voice.origin.startsWith('https:') ? '__Secure-' : ''}sc_interaction${cookieSuffix(voice)}`;

/** Of two origins on one host each has its own: cookies know no ports. */
export function cookieSuffix(voice: Voice): string {
  const realm = realmAround(voice);
  return realm === '' ? '' : `_${hash('sha256', realm, 'hex').slice(0, 8)}`;
}

function ttl(lifetimes: Lifetimes, idToken = lifetimes.idToken): Configuration['ttl'] {
  return {
    AccessToken: apiLifetime,
    AuthorizationCode: lifetimes.code,
    ClientCredentials: apiLifetime,
    DeviceCode: lifetimes.deviceCode,
    Grant: lifetimes.refreshAbsolute,
    IdToken: idToken,
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
