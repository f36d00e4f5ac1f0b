/** Putting an account into the vault: connected for the first time, again, or with more scopes. */
import type { Run, Statement } from '../store/database.ts';
import { recordEvent } from '../store/events.ts';
import { newId } from '../store/ids.ts';
import { allowUse, type ConnectedAccount, listAccounts } from './accounts.ts';
import type { Connection } from './connection.ts';
import type { DataKey } from './data-keys.ts';
import type { UpstreamAccount, UpstreamTokens } from './third-party.ts';
import { sealTokens, sourceOf } from './vault-box.ts';
import { type Desk, secondsLeft } from './vault-desk.ts';

/** What a third party gave, and who it was given for. */
export interface Kept {
  readonly userId: string;
  readonly organizationId: string;
  readonly connection: Connection;
  readonly account: UpstreamAccount;
  readonly tokens: UpstreamTokens;
  /** Scopes that were asked for: they count as granted where the third party does not say. */
  readonly asked: readonly string[];
  /** Whom the person allowed to use it while connecting. */
  readonly application?: { readonly id: string; readonly scopes: readonly string[] } | undefined;
}

const FIND: Statement = {
  name: 'account to connect again',
  text: 'select id, version from issuer.connected_account where user_id = $1 and connection_id = $2 and account = $3 for update',
};
const INSERT: Statement = {
  name: 'connect account',
  text: `insert into issuer.connected_account (id, version, tokens, data_key_id, expires_at, scopes, refreshable, account_name,
      organization_id, user_id, connection_id, account)
    values ($1, $2, $3, $4, now() + $5::float8 * interval '1 second', $6::text[], $7, $8, $9, $10, $11, $12)
    on conflict (user_id, connection_id, account) do nothing returning 1 as done`,
};
const REPLACE: Statement = {
  name: 'connect account again',
  text: `update issuer.connected_account set version = $2, tokens = $3, data_key_id = $4, expires_at = now() + $5::float8 * interval '1 second',
      scopes = $6::text[], refreshable = $7, account_name = coalesce($8, account_name), state = 'active', state_reason = null,
      refresh_claim = null, refresh_claimed_at = null, connected_at = now(), updated_at = now()
    where id = $1`,
};

/**
 * Stores what the third party gave. An account that was connected before gets these tokens and exactly these scopes; nothing of the
 * earlier ones is kept, and a renewal that is under way with them is dropped when it answers.
 */
export async function keepAccount(desk: Desk, kept: Kept): Promise<ConnectedAccount> {
  const { userId, organizationId, connection } = kept;
  // Before the transaction: the key may have to be fetched from far away.
  const sealing = await desk.dataKeys.current(organizationId, connection.id);
  return desk.store.transaction(async (run) => {
    const { id, again } = await write(run, { desk, kept, sealing });
    if (kept.application) await allowUse(run, id, { applicationId: kept.application.id, scopes: kept.application.scopes, userId });
    await recordEvent(run, {
      type: again ? 'vault.reconnected' : 'vault.connected',
      outcome: 'ok',
      actor: userId,
      client: kept.application?.id,
      organization: organizationId,
      target: id,
      details: { connection: connection.id, scopes: grantedScopes(kept) },
    });
    const [account] = await listAccounts(run, userId, { id });
    if (account === undefined) throw new Error('the account that was stored is not there');
    return account;
  });
}

interface Writing {
  readonly desk: Desk;
  readonly kept: Kept;
  readonly sealing: DataKey;
}

async function write(run: Run, writing: Writing): Promise<{ readonly id: string; readonly again: boolean }> {
  const { userId, connection, account, organizationId } = writing.kept;
  const key = [userId, connection.id, account.subject];
  const [there] = await run<{ id: string; version: number }>(FIND, key);
  if (there) {
    await run(REPLACE, valuesOf(writing, { id: there.id, version: there.version + 1 }));
    return { id: there.id, again: true };
  }
  const id = newId('cac');
  const inserted = await run(INSERT, [...valuesOf(writing, { id, version: 1 }), organizationId, ...key]);
  // Connected twice at the same time: the other row is there now.
  return inserted.length > 0 ? { id, again: false } : write(run, writing);
}

function valuesOf({ desk, kept, sealing }: Writing, { id, version }: { readonly id: string; readonly version: number }): unknown[] {
  const { userId, organizationId, connection, account, tokens } = kept;
  const { accessToken, refreshToken } = tokens;
  const owner = { id, version, userId, organizationId, connectionId: connection.id };
  const box = sealTokens(sealing.key, owner, { accessToken, refreshToken, source: sourceOf(connection) });
  const left = secondsLeft(desk, tokens.expiresAt);
  return [id, version, box, sealing.id, left, grantedScopes(kept), refreshToken !== undefined, account.name ?? null];
}

const grantedScopes = ({ tokens, asked }: Kept): readonly string[] => [...new Set(tokens.scopes ?? asked)];
