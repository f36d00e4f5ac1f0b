/** The one row that an answer of the vault needs, and what it means for whoever asks. */
import type { Row } from '../store/database.ts';
import type { Connection } from './connection.ts';

/** A connected account as {@link hotVaultRow} reads it. Times are told by the database's clock. */
export interface HotVaultRow extends Row {
  readonly account_id: string;
  readonly organization_id: string;
  readonly user_id: string;
  readonly connection_id: string;
  readonly account: string;
  readonly account_scopes: readonly string[];
  readonly account_state: 'active' | 'reconnect';
  readonly state_reason: string | null;
  readonly version: number;
  readonly data_key_id: string;
  readonly tokens: string;
  readonly refreshable: boolean;
  /** Seconds until the access token ends; null when it has no end. */
  readonly seconds_left: number | null;
  /** What the person allowed this application; null when nothing. */
  readonly use_scopes: readonly string[] | null;
  /** Seconds since the application's last use was noted. */
  readonly used_ago: number | null;
}

/** The same with its data key, as {@link vaultRow} reads it. */
export interface VaultRow extends HotVaultRow {
  readonly kek: string;
  readonly wrapped: string;
}

/** Placeholders or columns for {@link vaultRow}. They become SQL text: literals in the code, never input. */
export interface VaultRowKeys {
  readonly user: string;
  readonly connection: string;
  readonly application: string;
  /** The person's id at the third party; null chooses the account that was allowed last. */
  readonly account: string;
}

/** SQL that selects one account of one person at one connection: a statement of its own, or a lateral join of another. */
export function vaultRow(keys: VaultRowKeys): string {
  return `select ${columns}, k.kek, k.wrapped from ${source(keys)} join issuer.data_key k on k.id = a.data_key_id ${chosen(keys)}`;
}

/** The same for whoever has the data key in memory. */
export function hotVaultRow(keys: VaultRowKeys): string {
  return `select ${columns} from ${source(keys)} ${chosen(keys)}`;
}

const columns = `a.id as account_id, a.organization_id, a.user_id, a.connection_id, a.account, a.scopes as account_scopes,
      a.state as account_state, a.state_reason, a.version, a.data_key_id, a.tokens, a.refreshable,
      extract(epoch from a.expires_at - now())::float8 as seconds_left, u.scopes as use_scopes,
      extract(epoch from now() - u.last_used_at)::float8 as used_ago`;
const source = ({ application }: VaultRowKeys): string => `issuer.connected_account a
    left join issuer.connected_account_use u on u.account_id = a.id and u.application_id = ${application}`;
const chosen = ({ user, connection, account }: VaultRowKeys): string => `where a.user_id = ${user} and a.connection_id = ${connection}
      and (${account}::text is null or a.account = ${account})
    order by u.allowed_at desc nulls last, a.connected_at desc, a.id limit 1`;

/** Who asks for what. */
export interface VaultQuestion {
  readonly userId: string;
  readonly connection: Connection;
  readonly applicationId: string;
  /** Default: what the person allowed the application. */
  readonly scopes?: readonly string[] | undefined;
  /** The person's id at the third party. Default: the account that was allowed last. */
  readonly account?: string | undefined;
  /** An access token that the third party has just refused: it is renewed early, once in a while. */
  readonly rejected?: string | undefined;
}

/** Nobody gets a token. `missing` are scopes that the person or the third party has not granted. */
export interface NotConnected {
  readonly kind: 'not-connected';
  readonly reason: 'none' | 'not-allowed' | 'scopes' | 'reconnect' | 'not-listed';
  readonly missing?: readonly string[];
}

/** `renew`: the access token has ended, or is about to. */
export type Verdict = NotConnected | 'open' | 'renew';

/** Seconds before its end at which an access token is renewed. */
export const MARGIN = 30;

/** Decides what an application gets, before anything is opened. */
export function judge(row: HotVaultRow | undefined, { connection, applicationId, scopes }: VaultQuestion): Verdict {
  const listed = connection.applications.get(applicationId);
  if (listed === undefined || connection.disabled || !connection.accounts) return refusal('not-listed');
  if (row === undefined) return refusal('none');
  if (row.use_scopes === null) return refusal('not-allowed');
  const missing = (scopes ?? []).filter((scope) => !permits(row, listed.scopes, scope));
  if (missing.length > 0) return { ...refusal('scopes'), missing };
  return judgeTime(row);
}

function judgeTime({ account_state, state_reason, seconds_left, refreshable }: HotVaultRow): Verdict {
  const alive = seconds_left === null || seconds_left > 0;
  // What was not renewed for sure still is what the third party gave, until it ends.
  if (account_state !== 'active') return state_reason === 'refresh_interrupted' && alive ? 'open' : refusal('reconnect');
  if (seconds_left === null || seconds_left > MARGIN) return 'open';
  if (refreshable) return 'renew';
  return alive ? 'open' : refusal('reconnect');
}

function permits(row: HotVaultRow, most: readonly string[] | 'all', scope: string): boolean {
  const capped = most === 'all' || most.includes(scope);
  return capped && row.use_scopes?.includes(scope) === true && row.account_scopes.includes(scope);
}

const refusal = (reason: NotConnected['reason']): NotConnected => ({ kind: 'not-connected', reason });
