/** Introspection (RFC 7662) and revocation (RFC 7009) for every kind of token, each in one statement. */
import { hash } from 'node:crypto';
import { type Client, errors, type KoaContextWithOIDC } from 'oidc-provider';
import { kindOf } from '../secrets/token-format.ts';
import { OWN_SCOPE, ownScopes, rolesAt } from './access-token.ts';
import { type Applications, traitsOf } from './applications.ts';
import { artifactId } from './artifact.ts';
import { factsOfToken, sharedClaims, subjectOf } from './facts.ts';
import { endableToken, liveToken, type TokenSource } from './find-token.ts';
import type { LiveToken } from './live-token.ts';
import { unit } from './unit.ts';
import type { Voice } from './voice.ts';

type Handler = (ctx: KoaContextWithOIDC) => Promise<void>;

export interface IntrospectionOptions extends TokenSource {
  readonly applications: Pick<Applications, 'known'>;
  readonly voice: Voice;
}

/** Tells a token's audience what the token says and what its bearer may do now, and everybody else that it is not active. */
export function introspect(options: IntrospectionOptions): Handler {
  return async (ctx) => {
    // Anybody can say that it is a public client: it could scan for tokens (RFC 7662, 2.1).
    if (ctx.oidc.client?.clientAuthMethod === 'none') throw new errors.InvalidClientAuth('introspection needs client authentication');
    const { caller, value } = asked(ctx);
    const token = await liveToken(options, value, { audience: traitsOf(caller).audience });
    ctx.body = token && (await mayKnow(caller, token, options)) ? await describe(token, caller, options) : { active: false };
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
async function mayKnow(caller: Client, token: LiveToken, options: IntrospectionOptions): Promise<boolean> {
  const { audience, issuerAdmin } = traitsOf(caller);
  if (token.kind === 'refresh') return token.client === caller.clientId;
  if (issuerAdmin) return true;
  if (audience !== undefined && token.audience.includes(audience)) return true;
  if (token.audience.length === 0 && token.client === caller.clientId) return true;
  return options.voice.dialect.policy.audience === 'project' && isOfItsProject(caller, token, options);
}

/** In some dialects a token is for a project: for each of its APIs that the token's application may call. */
async function isOfItsProject(caller: Client, token: LiveToken, { applications, voice }: IntrospectionOptions): Promise<boolean> {
  const { audience, project } = traitsOf(caller);
  const client = token.client === undefined ? undefined : await applications.known.application(token.client);
  if (audience === undefined || project === undefined || !client?.resources.includes(audience)) return false;
  const apis = await Promise.all(token.audience.map((one) => applications.known.api(one)));
  const asked = token.grant?.asked ?? token.extra.asked;
  const named = typeof asked === 'string' ? voice.dialect.shapes.projects?.(asked) : undefined;
  const own = apis.length > 0 ? apis.map((api) => api?.project) : [client.project];
  return [...own, ...(named ?? [])].includes(project);
}

async function describe(
  token: LiveToken,
  caller: Client,
  { keys, voice, applications }: IntrospectionOptions,
): Promise<Record<string, unknown>> {
  const { gid: _gid, asked: _asked, [OWN_SCOPE]: _own, ...extra } = token.extra;
  const { bearer } = token;
  const roles = rolesOf(token, caller, voice);
  const scopes = scopesFor(token, caller);
  const answer = {
    ...extra,
    ...(bearer && { roles, org_id: voice.tenant?.id ?? bearer.organization }),
    active: true,
    iss: keys.issuer,
    sub: bearer ? subjectOf(voice, bearer, token.client ?? caller.clientId) : token.subject,
    client_id: token.client,
    username: bearer?.kind === 'service' && bearer.name !== null ? bearer.name : undefined,
    aud: token.audience.length > 1 ? token.audience : token.audience[0],
    scope: scopes.join(' ') || undefined,
    exp: Math.floor(token.expiresAt),
    iat: token.issuedAt,
    // The value of any other is a secret.
    jti: token.kind === 'jwt' || token.kind === 'personal' ? token.id : hash('sha256', token.id, 'base64url').slice(0, 22),
    token_type: token.kind === 'refresh' ? undefined : 'Bearer',
  };
  const { introspection } = voice.dialect.shapes;
  if (!introspection) return answer;
  const { audience } = traitsOf(caller);
  const api = audience === undefined ? undefined : await applications.known.api(audience);
  const facts = factsOfToken(voice, caller, token, {
    api,
    roles,
    scopes: [...new Set([...ownScopes(token.extra, token.grant), ...scopes])],
  });
  const issuedTo = token.client === undefined ? undefined : await applications.known.application(token.client);
  const client = facts.account ? undefined : issuedTo;
  return { ...introspection(answer, facts, issuedTo), ...sharedClaims({ account: facts.account, client }) };
}

/** Roles as they are now, not as they were when the token was made, and in the caller's project only. */
function rolesOf({ bearer }: LiveToken, caller: Client, voice: Voice): readonly string[] {
  const { project } = traitsOf(caller);
  return (bearer && project !== undefined && rolesAt(bearer, voice)[project]) || [];
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
