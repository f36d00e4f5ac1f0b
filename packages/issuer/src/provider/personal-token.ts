/** Personal access tokens, found by the SHA-256 of the whole value. Finding one notes its use, once a minute, in the same statement. */
import { hashOf } from '../secrets/token-format.ts';
import type { Statement, Store } from '../store/database.ts';
import { type AccountRow, accountOf } from './account-row.ts';
import type { Asking, LiveToken } from './live-token.ts';

// The note waits for nobody: of two that come together one writes it, and the other reads on.
const FIND: Statement = {
  name: 'personal access token',
  text: `with found as (
    select t.id, t.user_id, t.resources, t.scopes, t.last_used_at, extract(epoch from t.created_at)::float8 as created_at,
      extract(epoch from t.expires_at)::float8 as expires_at, ${accountOf('t.user_id')} as account
    from issuer.personal_access_token t where t.hash = $1 and t.expires_at > now()
      and not exists (select from issuer.application p where p.id = t.user_id and p.disabled_at is not null)),
  used as (update issuer.personal_access_token set last_used_at = now() where id in (
    select t.id from issuer.personal_access_token t join found f on f.id = t.id
    where f.account is not null and $2::text = any(f.resources)
      and (t.last_used_at is null or t.last_used_at < now() - interval '1 minute') for update of t skip locked))
  select id, user_id, resources, scopes, created_at, expires_at, account from found where account is not null`,
};

interface TokenRow extends Record<string, unknown> {
  readonly id: string;
  readonly user_id: string;
  readonly resources: readonly string[];
  readonly scopes: readonly string[];
  readonly created_at: number;
  readonly expires_at: number;
  readonly account: AccountRow;
}

/** The personal access token with this value; undefined when it was revoked, has expired, or its user is disabled. */
export async function findPersonalToken(store: Store, value: string, { audience }: Asking): Promise<LiveToken | undefined> {
  const [row] = await store.run<TokenRow>(FIND, [hashOf(value), audience ?? null]);
  return (
    row && {
      kind: 'personal',
      usedFor: undefined,
      subject: row.user_id,
      // A service user is its own application. A person's script is nobody's (RFC 7662, 2.2: client_id is optional).
      client: row.account.kind === 'service' ? row.user_id : undefined,
      audience: row.resources,
      scopes: row.scopes,
      id: row.id,
      expiresAt: row.expires_at,
      issuedAt: Math.floor(row.created_at),
      extra: {},
      grantId: undefined,
      grant: undefined,
      bearer: row.account,
      suspended: false,
    }
  );
}
