/**
 * What is peculiar about third parties, as data. A connection takes what it does not declare from its preset (`registry.ts`), and
 * `upstream.ts` reads the rest here. Each entry names the vendor's page that it follows.
 */
import type { Connection, Endpoints, PresetName } from './connection.ts';

export interface Preset {
  /** OpenID Connect: `iss`. `{tenantid}` stands for the tenant that a person is of. */
  readonly issuer?: string;
  readonly endpoints: Endpoints;
  readonly authMethod: Connection['authMethod'];
  /** Always asked for, unless the connection declares others. */
  readonly scopes: readonly string[];
  /** Added to an authorization request that asks for more than who somebody is: what it takes to get a refresh token. */
  readonly offlineParams: Readonly<Record<string, string>>;
  readonly refreshRetry: Connection['refreshRetry'];
  /** Whether people may sign in through it. */
  readonly signIn: boolean;
  /** The parameter that carries the scopes, and what stands between them, in the request and in the answer. */
  readonly scope: { readonly parameter: 'scope' | 'user_scope'; readonly separator: ' ' | ',' };
  /** Which member of the token answer holds a person's tokens, if not the answer itself, and the type they have there. */
  readonly tokens: { readonly member?: string; readonly type: 'bearer' | 'user' };
  /** Scope as it is asked for -> as the answer spells it. */
  readonly scopeAliases: Readonly<Record<string, string>>;
  /** Errors of its token endpoint -> those of RFC 6749 section 5.2. */
  readonly errors: Readonly<Record<string, string>>;
  /** Members of the token answer or of userinfo that say who somebody is; the first that is there counts. */
  readonly profile: Profile;
  /** Its e-mail addresses count as verified only where it says so, and never where anybody may write one. */
  readonly emailClaims: 'verified' | 'never';
  /** `rfc7009` posts to the revocation endpoint, if it has one. */
  readonly revocation: 'rfc7009' | 'github' | 'slack' | 'none';
}

/** Dots lead into members: `authed_user.id`. */
export interface Profile {
  /** Where they are. `answer`: in the token answer itself. */
  readonly from: 'userinfo' | 'answer';
  /** All parts together are the id; each part is the first of its members that is there. */
  readonly subject: readonly (readonly string[])[];
  readonly name: readonly string[];
  readonly email: readonly string[];
  readonly fullName: readonly string[];
}

const standard = {
  endpoints: {},
  authMethod: 'client_secret_basic',
  scopes: [],
  offlineParams: {},
  refreshRetry: 'never',
  signIn: true,
  scope: { parameter: 'scope', separator: ' ' },
  tokens: { type: 'bearer' },
  scopeAliases: {},
  errors: {},
  profile: {
    from: 'userinfo',
    subject: [['sub', 'id']],
    name: ['email', 'preferred_username', 'name', 'login'],
    email: ['email'],
    fullName: ['name'],
  },
  emailClaims: 'verified',
  revocation: 'rfc7009',
} as const satisfies Preset;

// https://developers.google.com/identity/protocols/oauth2/web-server and .../openid-connect/openid-connect
const google: Preset = {
  ...standard,
  issuer: 'https://accounts.google.com',
  authMethod: 'client_secret_post',
  scopes: ['openid', 'email', 'profile'],
  // Without the second, a refresh token comes with the first consent only.
  offlineParams: { access_type: 'offline', prompt: 'consent' },
  // Its refresh tokens stay the same.
  refreshRetry: 'safe',
  scopeAliases: {
    email: 'https://www.googleapis.com/auth/userinfo.email',
    profile: 'https://www.googleapis.com/auth/userinfo.profile',
  },
};

// https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps, .../rest/apps/oauth-applications
// and https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/refreshing-user-access-tokens
const github: Preset = {
  ...standard,
  endpoints: {
    authorization: 'https://github.com/login/oauth/authorize',
    token: 'https://github.com/login/oauth/access_token',
    userinfo: 'https://api.github.com/user',
    revocation: 'https://api.github.com/applications/{client_id}/token',
  },
  authMethod: 'client_secret_post',
  scope: { parameter: 'scope', separator: ',' },
  errors: {
    bad_refresh_token: 'invalid_grant',
    bad_verification_code: 'invalid_grant',
    incorrect_client_credentials: 'invalid_client',
  },
  // A login can be given to somebody else; the number cannot.
  profile: { from: 'userinfo', subject: [['id']], name: ['login'], email: ['email'], fullName: ['name'] },
  emailClaims: 'never',
  revocation: 'github',
};

// https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow, .../id-token-claims-reference
const microsoft: Preset = {
  ...standard,
  // People of any tenant. A connection for one tenant declares its issuer with that tenant's id.
  issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0',
  authMethod: 'client_secret_post',
  scopes: ['openid', 'profile', 'email'],
  // An earlier refresh token goes on working when a newer one was given.
  refreshRetry: 'safe',
  profile: { ...standard.profile, name: ['preferred_username', 'email', 'name'] },
  // Whoever administers a tenant writes any address there.
  emailClaims: 'never',
  revocation: 'none',
};

// https://docs.slack.dev/authentication/installing-with-oauth, .../using-token-rotation, .../reference/methods/auth.revoke
const slack: Preset = {
  ...standard,
  endpoints: {
    authorization: 'https://slack.com/oauth/v2/authorize',
    token: 'https://slack.com/api/oauth.v2.access',
    revocation: 'https://slack.com/api/auth.revoke',
  },
  authMethod: 'client_secret_post',
  // Its OpenID Connect cannot be asked together with tokens: for sign-in declare preset oidc with issuer https://slack.com.
  signIn: false,
  scope: { parameter: 'user_scope', separator: ',' },
  // Beside them there may be one of a bot, which is nobody's.
  tokens: { member: 'authed_user', type: 'user' },
  errors: {
    invalid_refresh_token: 'invalid_grant',
    token_revoked: 'invalid_grant',
    token_expired: 'invalid_grant',
    account_inactive: 'invalid_grant',
    invalid_code: 'invalid_grant',
    code_already_used: 'invalid_grant',
    bad_client_secret: 'invalid_client',
    invalid_client_id: 'invalid_client',
    ratelimited: 'temporarily_unavailable',
    service_unavailable: 'temporarily_unavailable',
  },
  // A person's id is one only together with the workspace.
  profile: { from: 'answer', subject: [['team.id', 'enterprise.id'], ['authed_user.id']], name: ['team.name'], email: [], fullName: [] },
  emailClaims: 'never',
  revocation: 'slack',
};

export const presets: Readonly<Record<PresetName, Preset>> = Object.freeze({
  oidc: { ...standard, scopes: ['openid'] },
  oauth2: standard,
  google,
  github,
  microsoft,
  slack,
});
