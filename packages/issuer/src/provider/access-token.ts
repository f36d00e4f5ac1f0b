/** What an access token says about its bearer, read when the token is made: roles of now, not of the sign-in. */
import { type AccessToken, type ClientCredentials, type Configuration, errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { Facts, SignInFacts } from '../dialects/facts.ts';
import type { AccountRow } from './account-row.ts';
import { belongs, type KnownAccount } from './accounts.ts';
import { type Applications, ISSUER_SCOPES, traitsOf } from './applications.ts';
import { factsOf, sharedClaims, withSubject } from './facts.ts';
import { actorClaimsOf } from './on-behalf-of.ts';
import { proxyClaimsOf } from './proxy-token.ts';
import { unit } from './unit.ts';
import { wrapped } from './verified-claims.ts';
import { rewrites, type Voice } from './voice.ts';
import { askedBehind } from './wire.ts';

type Made = AccessToken | ClientCredentials;

// From where the facts of a token are read to where it is written.
const facts = new WeakMap<object, Facts>();

/** Gives the claims beyond those of RFC 9068, with the roles in the project that owns the API. */
export function tokenClaims(applications: Applications, voice: Voice): NonNullable<Configuration['extraTokenClaims']> {
  return async (ctx, token) => {
    if (voice.shared !== undefined) throw new errors.InvalidGrant('tokens come from the issuer of one organization');
    const api = typeof token.aud === 'string' ? await applications.api(token.aud) : undefined;
    const row = 'accountId' in token ? (ctx.oidc.account as KnownAccount | undefined)?.row : await serviceUser(ctx);
    if (!('accountId' in token)) checkProgram(ctx, row, voice);
    const roles = (api && row && rolesAt(row, voice)[api.projectId]) ?? [];
    const organization = voice.tenant?.id ?? row?.organization ?? (ctx.oidc.client && traitsOf(ctx.oidc.client).organization);
    const { session, grant, signIn } = behind(ctx, token);
    const asked = askedBehind(ctx);
    const scopes = grantedScopes(ctx, token);
    facts.set(token, factsOf(ctx, voice, { account: row, api, roles, scopes, session, grant, signIn }));
    return {
      roles,
      ...(organization !== undefined && { org_id: organization }),
      ...(session !== undefined && { sid: session }),
      ...(grant !== undefined && { gid: grant }),
      ...signInClaims(signIn),
      ...(isNarrowed(ctx) && { [OWN_SCOPE]: scopes.filter((scope) => ISSUER_SCOPES.includes(scope)).join(' ') }),
      // A grant keeps it; what an application gets for itself has none.
      ...(grant === undefined && asked !== '' && { asked }),
      ...proxyClaimsOf(token),
      ...actorClaimsOf(token),
    };
  };
}

/** Claim of a token that a refresh with fewer scopes gave: the issuer's own scopes that it has, where it is not all of its grant's. */
export const OWN_SCOPE = 'issuer_scope';

/** RFC 6749, 6: what was not named is not in the token, at userinfo neither. */
const isNarrowed = ({ oidc: { entities, params } }: KoaContextWithOIDC): boolean =>
  entities.RefreshToken !== undefined && typeof params?.scope === 'string' && params.scope !== '';

/** The issuer's own scopes that a token has. */
export function ownScopes(extra: Readonly<Record<string, unknown>>, grant: Readonly<Record<string, unknown>> | undefined): string[] {
  const { openid } = (grant ?? {}) as { readonly openid?: { readonly scope?: string } };
  const narrowed = extra[OWN_SCOPE];
  return (typeof narrowed === 'string' ? narrowed : (openid?.scope ?? '')).split(' ').filter(Boolean);
}

/** What was granted: the issuer's own scopes, which no token for an API has, and those of the API. */
function grantedScopes(ctx: KoaContextWithOIDC, token: Made): string[] {
  const { scopes } = token as { readonly scopes?: ReadonlySet<string> };
  const own = 'accountId' in token ? scopesBehind(ctx).filter((scope) => ISSUER_SCOPES.includes(scope)) : [];
  return [...new Set([...own, ...(scopes ?? [])])].filter(Boolean);
}

/** The scopes of the code or refresh token that is redeemed, or of the request itself. */
export function scopesBehind({ oidc: { entities, requestParamScopes, params } }: KoaContextWithOIDC): string[] {
  const source = entities.AuthorizationCode ?? entities.DeviceCode ?? (params?.scope === undefined ? entities.RefreshToken : undefined);
  return [...(source?.scopes ?? requestParamScopes ?? [])];
}

function signInClaims(signIn: SignInFacts | undefined): Record<string, unknown> {
  return {
    ...(signIn?.authTime !== undefined && { auth_time: signIn.authTime }),
    ...(signIn?.acr !== undefined && { acr: signIn.acr }),
    ...(signIn?.amr !== undefined && { amr: signIn.amr }),
  };
}

/** The roles that count at this issuer: at a tenant's own, those that the tenant gave. */
export function rolesAt({ organization, roles, guest_of }: AccountRow, { tenant }: Pick<Voice, 'tenant'>): AccountRow['roles'] {
  return tenant === undefined || tenant.id === organization ? roles : (guest_of[tenant.id] ?? {});
}

/** What was known when the access token of this answer was made. */
export function factsOfMade({ oidc }: KoaContextWithOIDC): Facts | undefined {
  const { AccessToken: own, ClientCredentials: program } = oidc?.entities ?? {};
  const made = own ?? program;
  return made && facts.get(made);
}

interface JwtParts {
  header?: Record<string, unknown> | undefined;
  payload: Record<string, unknown>;
}

/** Writes a JWT access token in the words of its dialect, where those are others than RFC 9068. Ours stay beside them. */
export function rendering(voice: Voice, keyId: string) {
  const { shapes } = voice.dialect;
  return (_ctx: unknown, token: object, parts: object): void => {
    if (!rewrites(voice.dialect)) return;
    const known = facts.get(token);
    if (!known) throw new TypeError('an access token is written before its facts are read');
    const jwt = parts as JwtParts;
    const { roles: _roles, ...own } = jwt.payload;
    jwt.header = { ...jwt.header, typ: shapes.headerType, ...shapes.header?.(keyId, known) };
    jwt.payload = wrapped({ ...shapes.accessToken(withSubject(jwt.payload, voice, known), known), ...sharedClaims(known) }, own);
  };
}

/** The service user that an application is. Its registration may have been read some seconds ago: now it must not be disabled. */
async function serviceUser(ctx: KoaContextWithOIDC): Promise<AccountRow | undefined> {
  const { client } = ctx.oidc;
  if (!client || traitsOf(client).kind !== 'service') return undefined;
  const row = await unit().account(client.clientId);
  if (!row) throw new errors.InvalidClientAuth('service user disabled');
  return row;
}

/** At a tenant's issuer its own programs act, and those that it gave a role: an API may take the issuer for the customer. */
function checkProgram({ oidc: { client } }: KoaContextWithOIDC, row: AccountRow | undefined, { tenant }: Voice): void {
  if (tenant === undefined || (row ? belongs(row, tenant.id) : client && traitsOf(client).organization === tenant.id)) return;
  throw new errors.UnauthorizedClient('this application is of another organization than the one whose issuer this is');
}

function behind(ctx: KoaContextWithOIDC, token: Made): Pick<Facts, 'session' | 'grant' | 'signIn'> {
  if (!('accountId' in token)) return { grant: undefined, session: undefined, signIn: undefined };
  return { grant: token.grantId, session: token.sid, signIn: signInOf(ctx) };
}

/** The sign-in that a code, a device code or a refresh token remembers. */
export function signInOf({ oidc: { entities, session } }: KoaContextWithOIDC): SignInFacts | undefined {
  const source: Partial<SignInFacts> | undefined =
    entities.AuthorizationCode ??
    entities.RefreshToken ??
    entities.DeviceCode ??
    (session && { authTime: session.authTime(), amr: session.amr });
  return source && { authTime: source.authTime, acr: source.acr, amr: source.amr };
}
