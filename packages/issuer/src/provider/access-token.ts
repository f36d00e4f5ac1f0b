/** What an access token says about its bearer, read when the token is made: roles of now, not of the sign-in. */
import type { AccessToken, ClientCredentials, Configuration, KoaContextWithOIDC } from 'oidc-provider';
import type { Dialect } from '../dialects/dialect.ts';
import type { KnownAccount } from './accounts.ts';
import { type Applications, traitsOf } from './applications.ts';

/** Gives the claims that the dialect adds, with the roles in the project that owns the API. */
export function tokenClaims(applications: Applications, dialect: Dialect): NonNullable<Configuration['extraTokenClaims']> {
  return async (ctx, token) => {
    const api = typeof token.aud === 'string' ? await applications.api(token.aud) : undefined;
    const { account, grant, session } = bearer(ctx, token);
    const roles = api && account ? (account.row.roles[api.projectId] ?? []) : [];
    return { ...dialect.token.claims({ roles, organization: organization(ctx, account), session, grant }) };
  };
}

/** Sets the media type in the header of a JWT access token, where the dialect has one of its own. */
export function tokenHeader(dialect: Dialect) {
  return (_ctx: unknown, _token: unknown, parts: { header?: Record<string, unknown> | undefined }): void => {
    if (dialect.token.headerType !== 'at+jwt') parts.header = { ...parts.header, typ: dialect.token.headerType };
  };
}

function bearer(ctx: KoaContextWithOIDC, token: AccessToken | ClientCredentials) {
  if (!('accountId' in token)) return { account: undefined, grant: undefined, session: undefined };
  return { account: ctx.oidc.account as KnownAccount | undefined, grant: token.grantId, session: token.sid };
}

function organization(ctx: KoaContextWithOIDC, account: KnownAccount | undefined): string | undefined {
  return account?.row.organization ?? (ctx.oidc.client && traitsOf(ctx.oidc.client).organization);
}
