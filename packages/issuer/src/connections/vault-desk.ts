/** What every part of the vault works with, and how a row is opened. */
import type { Statement, Store } from '../store/database.ts';
import { eventRow, insertEvents, recordEvent, type SecurityEvent } from '../store/events.ts';
import type { Connection } from './connection.ts';
import type { DataKeys } from './data-keys.ts';
import { KekUnavailable } from './kek.ts';
import type { Connections } from './registry.ts';
import type { Upstream } from './third-party.ts';
import { type BoxedTokens, openTokens, sameSource } from './vault-box.ts';
import type { HotVaultRow, VaultRow } from './vault-row.ts';

/** Where the vault says what an operator should know. No field is a secret. */
export interface VaultLog {
  warn(fields: { readonly reason?: string; readonly detail?: string; readonly error?: unknown }, message: string): void;
  error(fields: { readonly reason?: string; readonly detail?: string; readonly error?: unknown }, message: string): void;
}

export interface Desk {
  readonly store: Store;
  readonly dataKeys: DataKeys;
  readonly upstream: Upstream;
  readonly connections: Pick<Connections, 'find'>;
  readonly log: VaultLog;
  /** Milliseconds since the epoch on this machine. */
  readonly clock: () => number;
  /** Work that nobody waits for, once at a time per name; a failure is logged. */
  readonly aside: (name: string, work: () => Promise<unknown>) => void;
}

/** The part of a row that opens it, once its data key is known. */
type HotSealedRow = Pick<
  HotVaultRow,
  'account_id' | 'organization_id' | 'user_id' | 'connection_id' | 'version' | 'data_key_id' | 'tokens'
>;

/** The part of a row that opens it. */
export type SealedRow = HotSealedRow & Pick<VaultRow, 'kek' | 'wrapped'>;

/**
 * What a row holds. `unreadable`: it was changed, moved or sealed with another key. `other`: the connection has become another third
 * party since, which must not see these tokens. Throws `KekUnavailable` when it cannot be known now.
 */
export async function openRow(desk: Desk, row: SealedRow, connection: Connection): Promise<BoxedTokens | 'unreadable' | 'other'> {
  try {
    const tokens = openTokens(await desk.dataKeys.open(keyOf(row)), ownerOf(row), row.tokens);
    if (isFrom(tokens, row, connection)) return tokens;
  } catch (error) {
    if (error instanceof KekUnavailable) throw error;
    reportUnreadable(desk, row, error);
    return 'unreadable';
  }
  desk.log.error({ reason: 'vault_other_third_party', detail: row.account_id }, OTHER);
  return 'other';
}

const OTHER = 'a connection has another issuer, client or endpoint than when this account was connected: it must be connected again';

/** The same at once; undefined when the key is not in memory or the row does not open. */
export function openHotRow(desk: Desk, row: HotSealedRow, connection: Connection): BoxedTokens | undefined {
  const key = desk.dataKeys.hot(row.data_key_id);
  try {
    const tokens = key && openTokens(key, ownerOf(row), row.tokens);
    return tokens && isFrom(tokens, row, connection) ? tokens : undefined;
  } catch {
    return undefined;
  }
}

export const keyOf = (row: SealedRow) => ({
  id: row.data_key_id,
  organizationId: row.organization_id,
  connectionId: row.connection_id,
  kek: row.kek,
  wrapped: row.wrapped,
});

export const ownerOf = (row: HotSealedRow) => ({
  id: row.account_id,
  organizationId: row.organization_id,
  userId: row.user_id,
  connectionId: row.connection_id,
  version: row.version,
});

function isFrom({ source }: BoxedTokens, row: HotSealedRow, connection: Connection): boolean {
  return row.connection_id === connection.id && sameSource(source, connection);
}

function reportUnreadable(desk: Desk, row: SealedRow, error: unknown): void {
  const detail = row.account_id;
  desk.log.error({ reason: 'vault_unreadable', detail, error }, 'a connected account does not open, and nobody gets its tokens');
  const { account_id: target, organization_id: organization, connection_id: connection } = row;
  desk.aside(`unreadable ${target}`, () =>
    recordEvent(desk.store.run, { type: 'vault.unreadable', outcome: 'failed', target, organization, details: { connection } }),
  );
}

/** How long a token still lives, so that its end can be stored by the database's clock. */
export function secondsLeft({ clock }: Pick<Desk, 'clock'>, expiresAt: Date | undefined): number | null {
  return expiresAt === undefined ? null : (expiresAt.getTime() - clock()) / 1000;
}

const USED: Statement = {
  name: 'note use of account',
  text: `with used as (update issuer.connected_account_use set last_used_at = now() where account_id = $1 and application_id = $2
      and (last_used_at is null or last_used_at < now() - interval '1 minute') returning 1)
    ${insertEvents('$3')} where exists (select from used)`,
};

/** Notes that an application got a token: at most once a minute, and nobody waits for it. */
export function noteUse(desk: Desk, row: HotVaultRow, applicationId: string): void {
  if (row.used_ago !== null && row.used_ago < 60) return;
  const { account_id: target, user_id: actor, organization_id: organization, connection_id: connection } = row;
  const event: SecurityEvent = {
    type: 'vault.token_given',
    outcome: 'ok',
    actor,
    client: applicationId,
    organization,
    target,
    details: { connection },
  };
  desk.aside(`use ${target} ${applicationId}`, () => desk.store.run(USED, [target, applicationId, JSON.stringify([eventRow(event)])]));
}
