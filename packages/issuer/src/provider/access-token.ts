/** What an access token says about its bearer, read when the token is made: roles of now, not of the sign-in. */
import { type AccessToken, type ClientCredentials, type Configuration, errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { Dialect, SignInFacts, TokenSubject } from '../dialects/dialect.ts';
import type { AccountRow } from './account-row.ts';
import type { KnownAccount } from './accounts.ts';
import { type Applications, traitsOf } from './applications.ts';
import { proxyClaimsOf } from './proxy-token.ts';
import { unit } from './unit.ts';

/** Gives the claims that the dialect adds, with the roles in the project that owns the API. */
export function tokenClaims(applications: Applications, dialect: Dialect): NonNullable<Configuration['extraTokenClaims']> {
  return async (ctx, token) => {
    const api = typeof token.aud === 'string' ? await applications.api(token.aud) : undefined;
    const row = 'accountId' in token ? (ctx.oidc.account as KnownAccount | undefined)?.row : await serviceUser(ctx);
    const roles = (api && row?.roles[api.projectId]) ?? [];
    const organization = row?.organization ?? (ctx.oidc.client && traitsOf(ctx.oidc.client).organization);
    return { ...dialect.token.claims({ roles, organization, ...behind(ctx, token) }), ...proxyClaimsOf(token) };
  };
}

/** Sets the media type in the header of a JWT access token, where the dialect has one of its own. */
export function tokenHeader(dialect: Dialect) {
  return (_ctx: unknown, _token: unknown, parts: { header?: Record<string, unknown> | undefined }): void => {
    if (dialect.token.headerType !== 'at+jwt') parts.header = { ...parts.header, typ: dialect.token.headerType };
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

function behind(ctx: KoaContextWithOIDC, token: AccessToken | ClientCredentials): Pick<TokenSubject, 'session' | 'grant' | 'signIn'> {
  if (!('accountId' in token)) return { grant: undefined, session: undefined, signIn: undefined };
  return { grant: token.grantId, session: token.sid, signIn: signInOf(ctx) };
}

/** The sign-in that a code, a device code or a refresh token remembers. */
function signInOf({ oidc: { entities } }: KoaContextWithOIDC): SignInFacts | undefined {
  const source: Partial<SignInFacts> | undefined = entities.AuthorizationCode ?? entities.RefreshToken ?? entities.DeviceCode;
  return source && { authTime: source.authTime, acr: source.acr, amr: source.amr };
}
