/** Introspection (RFC 7662) and revocation (RFC 7009) for every kind of token, each in one statement. */
import { type Client, errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { Dialect } from '../dialects/dialect.ts';
import { kindOf } from '../secrets/token-format.ts';
import { traitsOf } from './applications.ts';
import { artifactId } from './artifact.ts';
import { endableToken, liveToken, type TokenSource } from './find-token.ts';
import type { LiveToken } from './live-token.ts';
import { unit } from './unit.ts';

type Handler = (ctx: KoaContextWithOIDC) => Promise<void>;

export interface IntrospectionOptions extends TokenSource {
  readonly dialect: Dialect;
}

/** Tells a token's audience what the token says and what its bearer may do now, and everybody else that it is not active. */
export function introspect(options: IntrospectionOptions): Handler {
  return async (ctx) => {
    // Anybody can say that it is a public client: it could scan for tokens (RFC 7662, 2.1).
    if (ctx.oidc.client?.clientAuthMethod === 'none')
      throw new errors.InvalidClient('introspection needs client authentication', 'public client');
    const { caller, value } = asked(ctx);
    const token = await liveToken(options, value, { audience: traitsOf(caller).audience });
    ctx.body = token && mayKnow(caller, token) ? describe(token, caller, options) : { active: false };
  };
}

/**
 * Ends a token of the caller's own. Whatever else is sent is answered alike (RFC 7009, 2.2), except a personal access token:
 * its form says that no application can have it, and its owner must hear that it was not ended.
 */
export function revoke(source: TokenSource): Handler {
  return async (ctx) => {
    const { caller, value } = asked(ctx);
    if (kindOf(value) === 'pat') throw new errors.UnsupportedTokenType('personal access tokens are revoked by their id, in the admin API');
    const token = await endableToken(source, value);
    if (token?.client === caller.clientId) end(token);
    ctx.status = 200;
    ctx.body = '';
  };
}

function asked({ oidc: { client, params } }: KoaContextWithOIDC): { caller: Client; value: string } {
  if (!client) throw new TypeError('the token endpoint let an unauthenticated caller through');
  return { caller: client, value: typeof params?.token === 'string' ? params.token : '' };
}

/** A refresh token is its client's own business; an access token that of its audience, or of its client where it names none. */
function mayKnow(caller: Client, token: LiveToken): boolean {
  const { audience, issuerAdmin } = traitsOf(caller);
  if (token.kind === 'refresh') return token.client === caller.clientId;
  if (issuerAdmin) return true;
  return token.audience.length === 0 ? token.client === caller.clientId : audience !== undefined && token.audience.includes(audience);
}

function describe(token: LiveToken, caller: Client, { keys, dialect }: IntrospectionOptions): Record<string, unknown> {
  const { gid: _gid, ...extra } = { ...token.extra, ...nowOf(token, caller, dialect) };
  const { bearer } = token;
  return {
    ...extra,
    active: true,
    iss: keys.issuer,
    sub: token.subject,
    client_id: token.client,
    username: bearer?.kind === 'service' && bearer.name !== null ? bearer.name : undefined,
    aud: token.audience.length > 1 ? token.audience : token.audience[0],
    scope: scopesFor(token, caller).join(' ') || undefined,
    exp: Math.floor(token.expiresAt),
    iat: token.issuedAt,
    jti: token.kind === 'jwt' || token.kind === 'personal' ? token.id : undefined,
    token_type: token.kind === 'refresh' ? undefined : 'Bearer',
  };
}

/** Roles and organization as they are now, not as they were when the token was made; roles in the caller's project only. */
function nowOf({ bearer }: LiveToken, caller: Client, dialect: Dialect): Readonly<Record<string, unknown>> {
  if (!bearer) return {};
  const { project } = traitsOf(caller);
  const roles = (project === undefined ? undefined : bearer.roles[project]) ?? [];
  return dialect.token.claims({ roles, organization: bearer.organization, session: undefined, grant: undefined, signIn: undefined });
}

/** One personal access token may be for several APIs: each is told of the scopes that it knows. */
function scopesFor({ kind, audience, scopes }: LiveToken, caller: Client): readonly string[] {
  const { audience: own, knownScopes } = traitsOf(caller);
  const oneOfSeveral = kind === 'personal' && own !== undefined && audience.includes(own);
  return oneOfSeveral ? scopes.filter((scope) => knownScopes.has(scope)) : scopes;
}

function end(token: LiveToken): void {
  if (token.kind === 'refresh' && token.grantId) unit().end(token.grantId);
  else if (token.kind === 'opaque') for (const model of ['AccessToken', 'ClientCredentials']) unit().revoke(artifactId(model, token.id));
  else if (token.kind === 'jwt') {
    const ttl = Math.max(1, token.expiresAt - Date.now() / 1000);
    unit().write({ id: artifactId('Revocation', token.id), kind: 'Revocation', payload: {}, ttl });
  }
  unit().record({ type: 'token.revoked', outcome: 'ok', actor: token.subject, client: token.client, details: { kind: token.kind } });
}
