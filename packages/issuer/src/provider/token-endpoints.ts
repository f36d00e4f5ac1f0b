/** Introspection (RFC 7662) and revocation (RFC 7009) for every kind of token, each in one statement. */
import { type Client, errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { Store } from '../store/database.ts';
import { traitsOf } from './applications.ts';
import { artifactId } from './artifact.ts';
import { endableToken, type LiveToken, liveToken, type VerificationKeys } from './live-token.ts';
import { unit } from './unit.ts';

type Handler = (ctx: KoaContextWithOIDC) => Promise<void>;

/** Tells a token's audience what the token says, and everybody else that it is not active. */
export function introspect(store: Store, keys: VerificationKeys): Handler {
  return async (ctx) => {
    // Anybody can say that it is a public client: it could scan for tokens (RFC 7662, 2.1).
    if (ctx.oidc.client?.clientAuthMethod === 'none')
      throw new errors.InvalidClient('introspection needs client authentication', 'public client');
    const { caller, token } = await asked(ctx, (value) => liveToken(store, keys, value));
    ctx.body = token && mayKnow(caller, token) ? describe(token, keys.issuer) : { active: false };
  };
}

/** Ends a token of the caller's own. Whatever else is sent is answered alike (RFC 7009, 2.2). */
export function revoke(store: Store, keys: VerificationKeys): Handler {
  return async (ctx) => {
    const { caller, token } = await asked(ctx, (value) => endableToken(store, keys, value));
    if (token?.client === caller.clientId) end(token);
    ctx.status = 200;
    ctx.body = '';
  };
}

async function asked(
  ctx: KoaContextWithOIDC,
  find: (value: string) => Promise<LiveToken | undefined>,
): Promise<{ caller: Client; token: LiveToken | undefined }> {
  const { client, params } = ctx.oidc;
  if (!client) throw new TypeError('the token endpoint let an unauthenticated caller through');
  return { caller: client, token: typeof params?.token === 'string' ? await find(params.token) : undefined };
}

/** A refresh token is its client's own business; an access token that of its audience, or of its client where it names none. */
function mayKnow(caller: Client, token: LiveToken): boolean {
  const { audience, issuerAdmin } = traitsOf(caller);
  if (token.kind === 'refresh') return token.client === caller.clientId;
  if (issuerAdmin) return true;
  return token.audience === undefined ? token.client === caller.clientId : token.audience === audience;
}

function describe(token: LiveToken, iss: string): Record<string, unknown> {
  const { gid: _gid, ...extra } = token.extra;
  return {
    ...extra,
    active: true,
    iss,
    sub: token.subject,
    client_id: token.client,
    aud: token.audience,
    scope: token.scope,
    exp: Math.floor(token.expiresAt),
    iat: token.issuedAt,
    jti: token.kind === 'jwt' ? token.id : undefined,
    token_type: token.kind === 'refresh' ? undefined : 'Bearer',
  };
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
