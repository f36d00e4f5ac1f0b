/** Panic: everything that people connected at one third party ends, here at once and there as far as it goes. */
import type { Statement } from '../store/database.ts';
import { recordEvent } from '../store/events.ts';
import { type DoneBy, revokeRow } from './disconnect.ts';
import type { Desk, SealedRow } from './vault-desk.ts';

/** What a panic did. Run it again for those that failed. */
export interface PanicReport {
  /** Accounts that were not known to be revoked when it began. */
  readonly accounts: number;
  /** Ended at the third party. */
  readonly revoked: number;
  /** Closed here; the third party has no way to end what it gave. */
  readonly unsupported: number;
  /** Closed here, and perhaps alive at the third party. `not_tried`: there was no time. */
  readonly failed: readonly { readonly id: string; readonly reason: string }[];
}

export interface PanicOptions {
  readonly by?: DoneBy | undefined;
  /** Milliseconds after which nothing more is begun. Default four and a half minutes. */
  readonly longest?: number;
}

// In pieces: however many there are, none takes longer than a statement may.
const CLOSE: Statement = {
  name: 'close accounts of connection',
  text: `update issuer.connected_account set state = 'reconnect', state_reason = 'panic', updated_at = now()
    where id in (select id from issuer.connected_account where connection_id = $1
      and (state_reason is null or state_reason not in ('panic', 'panic_revoked', 'disconnecting')) limit 1000) returning 1 as done`,
};
const COUNT: Statement = {
  name: 'count accounts to revoke',
  text: `select count(*)::int as accounts from issuer.connected_account where connection_id = $1 and state_reason = 'panic'`,
};
const PAGE: Statement = {
  name: 'accounts to revoke',
  text: `select a.id as account_id, a.organization_id, a.user_id, a.connection_id, a.version, a.data_key_id, k.kek, k.wrapped, a.tokens
    from issuer.connected_account a join issuer.data_key k on k.id = a.data_key_id
    where a.connection_id = $1 and a.state_reason = 'panic' and a.id > $2 order by a.id limit 200`,
};
const REVOKED: Statement = {
  name: 'account was revoked',
  text: `update issuer.connected_account set state_reason = 'panic_revoked', updated_at = now()
    where id = $1 and version = $2 and state_reason = 'panic'`,
};
const PARALLEL = 8;

interface Tally {
  revoked: number;
  unsupported: number;
  readonly failed: { readonly id: string; readonly reason: string }[];
}

/**
 * Closes every account of a connection: from the moment that this is committed no process gives a token of it, and renewals that
 * are under way are revoked when they answer. Then it revokes each at the third party.
 */
export async function panicConnection(
  desk: Desk,
  connectionId: string,
  { by, longest = 270_000 }: PanicOptions = {},
): Promise<PanicReport> {
  const until = performance.now() + longest;
  while ((await desk.store.run(CLOSE, [connectionId])).length > 0);
  const [{ accounts } = { accounts: 0 }] = await desk.store.run<{ accounts: number }>(COUNT, [connectionId]);
  const tally: Tally = { revoked: 0, unsupported: 0, failed: [] };
  for (let after = '', more = true; more; ) {
    const rows = await desk.store.run<SealedRow>(PAGE, [connectionId, after]);
    const lines = Array.from({ length: PARALLEL }, (_, line) => rows.filter((_row, index) => index % PARALLEL === line));
    await Promise.all(lines.map((line) => revokeLine(desk, line, { tally, until })));
    after = rows.at(-1)?.account_id ?? '';
    more = rows.length > 0;
  }
  const { revoked, unsupported, failed } = tally;
  const [type, outcome, details] = [
    'vault.panic',
    failed.length > 0 ? 'failed' : 'ok',
    { accounts, revoked, unsupported, failed: failed.length },
  ] as const;
  await recordEvent(desk.store.run, { type, outcome, ...by, target: connectionId, details });
  return { accounts, revoked, unsupported, failed };
}

async function revokeLine(desk: Desk, rows: readonly SealedRow[], { tally, until }: { tally: Tally; until: number }): Promise<void> {
  for (const row of rows) {
    if (performance.now() > until) tally.failed.push({ id: row.account_id, reason: 'not_tried' });
    else await revokeOne(desk, row, tally);
  }
}

async function revokeOne(desk: Desk, row: SealedRow, tally: Tally): Promise<void> {
  const { revoked, reason = 'away' } = await revokeRow(desk, row);
  if (revoked === 'failed') return void tally.failed.push({ id: row.account_id, reason });
  tally[revoked]++;
  if (revoked === 'revoked') await desk.store.run(REVOKED, [row.account_id, row.version]);
}
