/**
 * Is this token still good, and who is its bearer now? One statement for any kind. JWTs are not stored: a JWT lives while its
 * signature and time are right, its grant has not ended, and its jti is not in the (nearly empty) list of revoked ones.
 */
import { kindOf } from '../secrets/token-format.ts';
import type { Row, Statement, Store } from '../store/database.ts';
import { type AccountRow, accountOf, clientKindOf } from './account-row.ts';
import { belongs } from './accounts.ts';
import { artifactId, inRealm } from './artifact.ts';
import type { Asking, LiveToken } from './live-token.ts';
import { findPersonalToken } from './personal-token.ts';
import { alive } from './statements.ts';
import { type AccessTokenClaims, type VerificationKeys, verifiedClaims } from './verified-claims.ts';

export interface TokenSource {
  readonly store: Store;
  readonly keys: VerificationKeys;
}

const MAX_TOKEN = 16_384;

const JWT_STATE: Statement = {
  name: 'jwt state',
  text: `select (select g.payload from issuer.artifact g where g.id = $1 and ${alive('g')}) as grant,
    exists (select from issuer.artifact where id = $2) as revoked, ${accountOf('$3')} as account, ${clientKindOf('$4')} as client_kind`,
};
const STORED: Statement = {
  name: 'stored token',
  text: `select a.payload, extract(epoch from a.expires_at)::float8 as expires_at, extract(epoch from now() - a.consumed_at)::float8 as used_for,
    a.grant_id is not null as granted, g.payload as grant, ${accountOf(`coalesce(a.account_id, a.payload ->> 'clientId')`)} as account,
    ${clientKindOf(`a.payload ->> 'clientId'`)} as client_kind
    from issuer.artifact a left join issuer.artifact g on g.id = a.grant_id and ${alive('g')}
    where a.id = any($1::text[]) and ${alive('a')}`,
};

/**
 * The token behind this value, or undefined when it is none of ours or has ended. A refresh token ends when it is used, and any
 * token while its bearer or its application is disabled, or at a tenant's issuer while its bearer has nothing to do with the tenant.
 */
export async function liveToken(source: TokenSource, value: string, asking: Asking = {}): Promise<LiveToken | undefined> {
  if (kindOf(value) === 'pat') {
    const personal = await findPersonalToken(source.store, value, asking);
    return personal && isOfStranger(personal, source) ? undefined : personal;
  }
  const token = await endableToken(source, value);
  return token?.usedFor !== undefined || token?.suspended ? undefined : token;
}

/**
 * Like `liveToken`, with refresh tokens that were used while their family lives (who lost the answer knows no other) and tokens
 * whose bearer is disabled for now; without personal access tokens, which no application can end.
 */
export async function endableToken(source: TokenSource, value: string): Promise<LiveToken | undefined> {
  if (value.length > MAX_TOKEN) return undefined;
  const token = await issuedToken(source, value);
  return token && isOfStranger(token, source) ? { ...token, suspended: true } : token;
}

async function issuedToken({ store, keys }: TokenSource, value: string): Promise<LiveToken | undefined> {
  if (value.startsWith('sc_')) return storedToken(store, value);
  const claims = verifiedClaims(keys, value);
  return claims && jwtToken(store, claims);
}

/** A guest who has no role any more is nobody there, whatever was signed before. */
function isOfStranger({ bearer }: LiveToken, { keys }: TokenSource): boolean {
  return bearer !== undefined && !belongs(bearer, keys.tenant);
}

async function storedToken(store: Store, value: string): Promise<LiveToken | undefined> {
  const prefix = kindOf(value);
  if (prefix !== 'at' && prefix !== 'rt') return undefined;
  const models = prefix === 'at' ? ['AccessToken', 'ClientCredentials'] : ['RefreshToken'];
  const [row] = await store.run(STORED, [models.map((model) => artifactId(model, value))]);
  if (!row || (row.granted && !row.grant) || !inRealm(row.payload as Row, store)) return undefined;
  const { accountId, clientId, aud, scope, iat, extra, grantId } = row.payload as Row;
  const subject = String(accountId ?? clientId);
  return {
    kind: prefix === 'rt' ? 'refresh' : 'opaque',
    usedFor: (row.used_for as number | null) ?? undefined,
    subject,
    client: String(clientId),
    audience: typeof aud === 'string' ? [aud] : [],
    scopes: scopesOf(scope),
    id: value,
    expiresAt: Number(row.expires_at),
    issuedAt: Number(iat),
    extra: (extra as Row | undefined) ?? {},
    grantId: typeof grantId === 'string' ? grantId : undefined,
    grant: (row.grant as Row | null) ?? undefined,
    ...bearerOf(row, { subject, client: String(clientId), issuedAt: Number(iat), granted: Boolean(row.granted) }),
  };
}

async function jwtToken(store: Store, claims: AccessTokenClaims): Promise<LiveToken | undefined> {
  const { sub, client_id, aud, scope, jti, exp, iat, iss: _iss, gid, ...extra } = claims;
  const ids = [gid === undefined ? null : artifactId('Grant', gid), artifactId('Revocation', jti), sub, client_id];
  const [state] = await store.run(JWT_STATE, ids);
  if (!state || state.revoked || (gid !== undefined && !state.grant)) return undefined;
  return {
    kind: 'jwt',
    usedFor: undefined,
    subject: sub,
    client: client_id,
    audience: [aud],
    scopes: scopesOf(scope),
    id: jti,
    expiresAt: exp,
    issuedAt: iat,
    extra,
    grantId: gid,
    grant: (state.grant as Row | null) ?? undefined,
    ...bearerOf(state, { subject: sub, client: client_id, issuedAt: iat, granted: gid !== undefined }),
  };
}

interface Issued {
  readonly subject: string;
  readonly client: string;
  readonly issuedAt: number;
  readonly granted: boolean;
}

/** Who bears the token now. Only an application that is no service user may bear one without being a user. */
function bearerOf(row: Row, { subject, client, issuedAt, granted }: Issued): Pick<LiveToken, 'bearer' | 'suspended'> {
  const bearer = (row.account as AccountRow | null) ?? undefined;
  const forItself = subject === client && row.client_kind !== 'service';
  // With a grant the end of the grant says it.
  const ended = !granted && issuedAt <= (bearer?.access_ended_at ?? 0);
  return { bearer, suspended: row.client_kind === null || ended || (bearer === undefined && !forItself) };
}

const scopesOf = (scope: unknown): string[] => (typeof scope === 'string' ? scope.split(' ').filter(Boolean) : []);
