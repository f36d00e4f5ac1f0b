/** Ending a connected account: at the third party first, and here in any case. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Statement } from '../store/database.ts';
import { recordEvent } from '../store/events.ts';
import { KekUnavailable } from './kek.ts';
import { UpstreamRefused } from './third-party.ts';
import { type Desk, openRow, type SealedRow } from './vault-desk.ts';

/** Whether what the third party gave has ended there. `failed`: it did not say so; `reason` is a short code. */
export interface Revocation {
  readonly revoked: 'revoked' | 'unsupported' | 'failed';
  readonly reason?: RevocationFailure;
}

/** `refused` and `away`: the third party. `unreadable` and `key_unavailable`: our vault. `connection_changed`: it is another third party now. */
export type RevocationFailure = 'refused' | 'away' | 'unreadable' | 'key_unavailable' | 'connection_changed';

/** What became of an account. Here it is gone. */
export interface Disconnected extends Revocation {
  readonly id: string;
  readonly connectionId: string;
  /** The person's id at the third party. */
  readonly account: string;
}

/** Who does it, for the audit log. Default: the person whose account it is. */
export interface DoneBy {
  readonly actor?: string | undefined;
  readonly client?: string | undefined;
  readonly requestId?: string | undefined;
  readonly ip?: string | undefined;
}

const CLOSE: Statement = {
  name: 'close account to disconnect',
  text: `update issuer.connected_account a set state = 'reconnect', state_reason = 'disconnecting', updated_at = now()
    from issuer.data_key k
    where a.id = $1 and a.user_id = $2 and k.id = a.data_key_id and (not $3::boolean or a.state_reason = 'disconnecting')
    returning a.id as account_id, a.organization_id, a.user_id, a.connection_id, a.account, a.version, a.data_key_id, k.kek, k.wrapped, a.tokens`,
};
const DELETE: Statement = {
  name: 'delete account',
  text: `delete from issuer.connected_account where id = $1 and state_reason = 'disconnecting'`,
};
const LEFT_OVER: Statement = {
  name: 'accounts left disconnecting',
  text: `select id, user_id from issuer.connected_account
    where state = 'reconnect' and state_reason = 'disconnecting' and updated_at < now() - interval '1 minute' order by id limit 20`,
};

/** Milliseconds that a third party has to revoke. */
const DEADLINE = 5_000;

interface Disconnecting {
  readonly userId: string;
  readonly by?: DoneBy | undefined;
  /** Only if that was begun before, and the person has not connected it again since. */
  readonly begun?: boolean;
}

/**
 * Disconnects an account. From the first moment nobody gets its token, and a renewal that is under way is revoked when it answers.
 * Undefined when this person has no such account.
 */
export async function disconnectAccount(
  desk: Desk,
  accountId: string,
  { userId, by = {}, begun = false }: Disconnecting,
): Promise<Disconnected | undefined> {
  const [row] = await desk.store.run<SealedRow & { account: string }>(CLOSE, [accountId, userId, begun]);
  if (row === undefined) return undefined;
  const revocation = await revokeRow(desk, row);
  await desk.store.transaction(async (run) => {
    await run(DELETE, [accountId]);
    await recordEvent(run, {
      type: 'vault.disconnected',
      outcome: revocation.revoked === 'failed' ? 'failed' : 'ok',
      ...by,
      actor: by.actor ?? userId,
      organization: row.organization_id,
      target: accountId,
      reason: revocation.reason,
      details: { connection: row.connection_id, upstream: revocation.revoked },
    });
  });
  return { id: accountId, connectionId: row.connection_id, account: row.account, ...revocation };
}

/** Finishes what a process that died has begun. */
export async function finishDisconnecting(desk: Desk): Promise<void> {
  const rows = await desk.store.run<{ id: string; user_id: string }>(LEFT_OVER, []);
  for (const { id, user_id } of rows) await disconnectAccount(desk, id, { userId: user_id, begun: true });
}

/** Revokes what a row holds at its third party, within a few seconds. Never throws. */
export async function revokeRow(desk: Desk, row: SealedRow): Promise<Revocation> {
  try {
    const connection = await desk.connections.find(row.connection_id);
    const tokens = connection && (await openRow(desk, row, connection));
    if (connection === undefined || tokens === undefined || tokens === 'other') return { revoked: 'failed', reason: 'connection_changed' };
    if (tokens === 'unreadable') return { revoked: 'failed', reason: 'unreadable' };
    return await inTime(desk.upstream.revoke(connection, tokens).then((revoked): Revocation => ({ revoked })));
  } catch (error) {
    desk.log.warn({ reason: 'vault_revocation', detail: row.account_id, error }, 'a third party did not revoke what it gave');
    if (error instanceof KekUnavailable) return { revoked: 'failed', reason: 'key_unavailable' };
    return { revoked: 'failed', reason: error instanceof UpstreamRefused ? 'refused' : 'away' };
  }
}

async function inTime(work: Promise<Revocation>): Promise<Revocation> {
  const waiting = new AbortController();
  const late = pause(DEADLINE, { revoked: 'failed', reason: 'away' } as const, { signal: waiting.signal, ref: false });
  late.catch(() => {});
  return Promise.race([work, late]).finally(() => waiting.abort());
}
