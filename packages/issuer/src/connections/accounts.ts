/** Connected accounts as they are stored and shown. No token is in what this file gives. */
import type { Row, Run, Statement } from '../store/database.ts';

/** One person's account at a third party. */
export interface ConnectedAccount {
  /** `cac_…` */
  readonly id: string;
  readonly userId: string;
  readonly connectionId: string;
  /** The person's id at the third party. */
  readonly account: string;
  /** As people know it: an e-mail or a name. */
  readonly accountName: string | undefined;
  /** As the third party granted them. */
  readonly scopes: readonly string[];
  /** `reconnect`: nobody gets a token until the person connects it again. */
  readonly state: 'active' | 'reconnect';
  /** Why it must be connected again. */
  readonly reason: ReconnectReason | undefined;
  readonly connectedAt: Date;
  /** End of the access token that is held now; undefined when it has none. */
  readonly expiresAt: Date | undefined;
  /** What applications may do with it. */
  readonly uses: readonly AccountUse[];
}

/** What the person allowed one application. */
export interface AccountUse {
  readonly applicationId: string;
  readonly applicationName: string;
  readonly scopes: readonly string[];
  readonly allowedAt: Date;
  /** To the minute. */
  readonly lastUsedAt: Date | undefined;
}

/**
 * `refused`: the third party does not renew it. `refresh_interrupted`: whether a renewal happened is not known. `expired`: its
 * token ended, and the third party gave no way to renew it. `panic` and `panic_revoked`: an administrator ended everything of this
 * connection; the second is revoked at the third party, too. `disconnecting`: the person is disconnecting it.
 */
export type ReconnectReason = 'refused' | 'refresh_interrupted' | 'expired' | 'panic' | 'panic_revoked' | 'disconnecting';

const LIST: Statement = {
  name: 'connected accounts',
  text: `select a.id, a.user_id, a.connection_id, a.account, a.account_name, a.scopes, a.state, a.state_reason, a.connected_at,
      a.expires_at, (a.expires_at <= now() and not a.refreshable) is true as ended,
      coalesce((select jsonb_agg(jsonb_build_object('applicationId', u.application_id, 'applicationName', p.name, 'scopes', to_jsonb(u.scopes),
          'allowedAt', extract(epoch from u.allowed_at) * 1000, 'lastUsedAt', extract(epoch from u.last_used_at) * 1000) order by p.name, p.id)
        from issuer.connected_account_use u join issuer.application p on p.id = u.application_id where u.account_id = a.id), '[]') as uses
    from issuer.connected_account a
    where a.user_id = $1 and ($2::text is null or a.connection_id = $2) and ($3::text is null or a.id = $3)
    order by a.connected_at, a.id`,
};
const ALLOW: Statement = {
  name: 'allow use of account',
  text: `insert into issuer.connected_account_use as u (account_id, application_id, scopes)
      select a.id, $2, $3::text[] from issuer.connected_account a where a.id = $1 and a.user_id = $4
    on conflict (account_id, application_id) do update
      set scopes = array(select distinct s from unnest(u.scopes || excluded.scopes) as s order by s), allowed_at = now()
    returning 1 as done`,
};
const WITHDRAW: Statement = {
  name: 'withdraw use of account',
  text: `delete from issuer.connected_account_use where application_id = $2
      and account_id = (select id from issuer.connected_account where id = $1 and user_id = $3) returning 1 as done`,
};

/** A person's accounts, the oldest first. */
export async function listAccounts(
  run: Run,
  userId: string,
  { connectionId, id }: { readonly connectionId?: string | undefined; readonly id?: string } = {},
): Promise<ConnectedAccount[]> {
  return (await run(LIST, [userId, connectionId ?? null, id ?? null])).map(fromRow);
}

export interface Allowance {
  readonly applicationId: string;
  readonly scopes: readonly string[];
  readonly userId: string;
}

/** Lets an application use an account, beyond what it may already. False when this person has no such account. */
export async function allowUse(run: Run, accountId: string, { applicationId, scopes, userId }: Allowance): Promise<boolean> {
  return (await run(ALLOW, [accountId, applicationId, scopes, userId])).length > 0;
}

/** Takes everything back that an application may do with an account. False when there was nothing. */
export async function withdrawUse(run: Run, accountId: string, { applicationId, userId }: Omit<Allowance, 'scopes'>): Promise<boolean> {
  return (await run(WITHDRAW, [accountId, applicationId, userId])).length > 0;
}

interface UseRow {
  readonly applicationId: string;
  readonly applicationName: string;
  readonly scopes: readonly string[];
  readonly allowedAt: number;
  readonly lastUsedAt: number | null;
}

function fromRow(row: Row): ConnectedAccount {
  const ended = row.state === 'active' && row.ended === true;
  return {
    id: String(row.id),
    userId: String(row.user_id),
    connectionId: String(row.connection_id),
    account: String(row.account),
    accountName: (row.account_name as string | null) ?? undefined,
    scopes: row.scopes as string[],
    state: ended ? 'reconnect' : (row.state as ConnectedAccount['state']),
    reason: ended ? 'expired' : ((row.state_reason as ReconnectReason | null) ?? undefined),
    connectedAt: row.connected_at as Date,
    expiresAt: (row.expires_at as Date | null) ?? undefined,
    uses: (row.uses as UseRow[]).map(({ allowedAt, lastUsedAt, ...use }) => ({
      ...use,
      allowedAt: new Date(allowedAt),
      lastUsedAt: lastUsedAt === null ? undefined : new Date(lastUsedAt),
    })),
  };
}
