/** New keys for the vault: data keys are replaced, and what older keys sealed is sealed again in the background. */
import type { Statement } from '../store/database.ts';
import { recordEvent } from '../store/events.ts';
import { storeDataKey, type WrappedKey } from './data-keys.ts';
import { type DoneBy, finishDisconnecting } from './disconnect.ts';
import { KekUnavailable } from './kek.ts';
import { openTokens, sealTokens } from './vault-box.ts';
import { type Desk, keyOf, ownerOf, type SealedRow } from './vault-desk.ts';

const GROUPS: Statement = {
  name: 'data keys in use',
  text: 'select id, organization_id, connection_id from issuer.data_key where retired_at is null order by id',
};
const RETIRE: Statement = {
  name: 'retire data key',
  text: 'update issuer.data_key set retired_at = now() where id = $1 and retired_at is null returning 1 as done',
};
const STALE_ROWS: Statement = {
  name: 'accounts under retired keys',
  text: `select a.id as account_id, a.organization_id, a.user_id, a.connection_id, a.version, a.data_key_id, k.kek, k.wrapped, a.tokens
    from issuer.connected_account a join issuer.data_key k on k.id = a.data_key_id
    where k.retired_at is not null and a.id > $1 order by a.id limit 100`,
};
// The version stays: a renewal that is under way counts on it. Whatever was written meanwhile stands.
const RESEAL: Statement = {
  name: 'seal account again',
  text: `update issuer.connected_account set tokens = $4, data_key_id = $5 where id = $1 and version = $2 and tokens = $3 returning 1 as done`,
};
const FOREIGN_KEYS: Statement = {
  name: 'data keys under older keys',
  text: `select id, organization_id, connection_id, kek, wrapped from issuer.data_key where kek <> $1 order by id`,
};
const ONE_OF_EACH: Statement = {
  name: 'a data key of each key',
  text: `select id, organization_id, connection_id, kek, wrapped from issuer.data_key
    where id in (select min(id) from issuer.data_key group by kek) order by kek`,
};
const REWRAP: Statement = {
  name: 'wrap data key again',
  text: 'update issuer.data_key set kek = $3, wrapped = $4 where id = $1 and wrapped = $2 returning 1 as done',
};
// An hour later no process can still be about to seal with it.
const REMOVE: Statement = {
  name: 'remove retired data keys',
  text: `delete from issuer.data_key k where k.retired_at < now() - interval '1 hour'
    and not exists (select from issuer.connected_account a where a.data_key_id = k.id) returning 1 as gone`,
};
const STATUS: Statement = {
  name: 'state of the vault',
  text: `select c.id as connection, coalesce(a.active, 0)::int as active, coalesce(a.reconnect, 0)::int as reconnect,
      coalesce(k.keys, 0)::int as keys, (coalesce(a.stale, 0) + coalesce(k.stale, 0))::int as stale
    from issuer.connection c
    left join (select a.connection_id, count(*) filter (where a.state = 'active') as active, count(*) filter (where a.state = 'reconnect') as reconnect,
        count(*) filter (where k.retired_at is not null) as stale
      from issuer.connected_account a join issuer.data_key k on k.id = a.data_key_id group by a.connection_id) a on a.connection_id = c.id
    left join (select connection_id, count(*) filter (where retired_at is null) as keys, count(*) filter (where kek <> $1) as stale
      from issuer.data_key group by connection_id) k on k.connection_id = c.id
    order by c.id`,
};

/** The vault of one connection, in numbers. */
export interface VaultStatus extends Record<string, unknown> {
  readonly connection: string;
  /** Accounts that applications can use. */
  readonly active: number;
  /** Accounts that must be connected again. */
  readonly reconnect: number;
  /** Data keys that seal now, one per organization. */
  readonly keys: number;
  /** Accounts and data keys that an older key sealed. The background work brings it to 0. */
  readonly stale: number;
}

export function vaultStatus({ store }: Pick<Desk, 'store'>, currentKek: string): Promise<VaultStatus[]> {
  return store.run<VaultStatus>(STATUS, [currentKek]);
}

interface KeyRow extends Record<string, unknown> {
  readonly id: string;
  readonly organization_id: string;
  readonly connection_id: string;
}

/** Opens one data key of each key-encryption key. Throws a sentence for operators when one does not open: then do not start. */
export async function checkDataKeys(desk: Desk): Promise<void> {
  for (const row of await desk.store.run<KeyRow & { kek: string; wrapped: string }>(ONE_OF_EACH, [])) {
    const stored = { ...row, organizationId: row.organization_id, connectionId: row.connection_id };
    await desk.dataKeys.open(stored).catch((cause: unknown) => {
      const reason = cause instanceof KekUnavailable ? cause.message : 'it is not the key that wrapped it';
      throw new Error(`the vault's data key ${row.id} does not open under ${row.kek}: ${reason}`, { cause });
    });
  }
}

/** Gives each group a new data key. What the old ones sealed stays readable and is sealed again by {@link maintainVault}. */
export async function rotateDataKeys(desk: Desk, by: DoneBy = {}): Promise<{ keys: number }> {
  let keys = 0;
  for (const { id, organization_id, connection_id } of await desk.store.run<KeyRow>(GROUPS, [])) {
    // Before the transaction: whoever wraps may be far away.
    const next = await desk.dataKeys.make(organization_id, connection_id);
    if (await replace(desk, id, next)) keys++;
  }
  await recordEvent(desk.store.run, { type: 'vault.rotated', outcome: 'ok', ...by, details: { keys } });
  return { keys };
}

function replace(desk: Desk, old: string, next: WrappedKey): Promise<boolean> {
  return desk.store.transaction(async (run) => {
    const retired = (await run(RETIRE, [old])).length > 0;
    if (retired) await storeDataKey(run, next);
    return retired;
  });
}

/**
 * Brings everything under the newest keys, and finishes what a process that died has left. Any number of processes may do it at
 * once; a renewal or a new connection that comes between always wins.
 */
export async function maintainVault(desk: Desk, currentKek: string): Promise<void> {
  await finishDisconnecting(desk);
  for (const row of await desk.store.run<KeyRow & { kek: string; wrapped: string }>(FOREIGN_KEYS, [currentKek])) await rewrap(desk, row);
  for (let after = '', more = true; more; ) {
    const rows = await desk.store.run<SealedRow>(STALE_ROWS, [after]);
    for (const row of rows) await reseal(desk, row);
    after = rows.at(-1)?.account_id ?? '';
    more = rows.length > 0;
  }
  await desk.store.run(REMOVE, []);
}

async function rewrap(desk: Desk, row: KeyRow & { kek: string; wrapped: string }): Promise<void> {
  const stored = { ...row, organizationId: row.organization_id, connectionId: row.connection_id };
  try {
    const { kek, wrapped } = await desk.dataKeys.rewrap(stored);
    await desk.store.run(REWRAP, [row.id, row.wrapped, kek, wrapped]);
  } catch (error) {
    desk.log.error(
      { reason: 'vault_rewrap', detail: row.id, error },
      'a data key could not be wrapped with the newest key and will be tried again',
    );
  }
}

async function reseal(desk: Desk, row: SealedRow): Promise<void> {
  try {
    const tokens = openTokens(await desk.dataKeys.open(keyOf(row)), ownerOf(row), row.tokens);
    const { id, key } = await desk.dataKeys.current(row.organization_id, row.connection_id);
    await desk.store.run(RESEAL, [row.account_id, row.version, row.tokens, sealTokens(key, ownerOf(row), tokens), id]);
  } catch (error) {
    desk.log.error(
      { reason: 'vault_reseal', detail: row.account_id, error },
      'an account could not be sealed with the newest key and will be tried again',
    );
  }
}
