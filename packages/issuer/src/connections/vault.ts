/** The vault: accounts at third parties that people connected, and the tokens that applications may use there. */
import type { Statement, Store } from '../store/database.ts';
import { recordEvent } from '../store/events.ts';
import { Refused } from '../store/refused.ts';
import { type Allowance, allowUse, type ConnectedAccount, listAccounts, withdrawUse } from './accounts.ts';
import { createDataKeys } from './data-keys.ts';
import { type Disconnected, type DoneBy, disconnectAccount } from './disconnect.ts';
import { type Keks, KekUnavailable } from './kek.ts';
import { type PanicReport, panicConnection } from './panic.ts';
import { createRefresher, type Refresher, type RefresherOptions } from './refresh.ts';
import type { Connections } from './registry.ts';
import type { Upstream } from './third-party.ts';
import { type Desk, noteUse, openHotRow, openRow, type VaultLog } from './vault-desk.ts';
import { type Kept, keepAccount } from './vault-keep.ts';
import { checkDataKeys, maintainVault, rotateDataKeys, type VaultStatus, vaultStatus } from './vault-rotation.ts';
import { type HotVaultRow, judge, type NotConnected, type VaultQuestion, type VaultRow, vaultRow } from './vault-row.ts';

/** A third party's access token. */
export interface VaultToken {
  readonly kind: 'token';
  readonly accessToken: string;
  /** Undefined when the third party gave it no end. */
  readonly expiresAt: Date | undefined;
  /** What it can do there: everything that the third party granted. */
  readonly scopes: readonly string[];
  readonly accountId: string;
}

/** `unavailable`: try again after so many seconds. */
export type VaultAnswer = VaultToken | NotConnected | { readonly kind: 'unavailable'; readonly retryAfter: number };

export interface Vault {
  /** Throws a sentence for operators when a key is missing that something in the vault needs. Call it before serving. */
  check(): Promise<void>;
  /** Stores what a third party gave for a person: connects an account, connects it again, or adds scopes. */
  keep(kept: Kept): Promise<ConnectedAccount>;
  /** Lets an application use an account, beyond what it may already. Throws `Refused` when this person has no such account. */
  allow(accountId: string, allowance: Allowance): Promise<void>;
  /** Takes an application's use away. False when there was none. */
  withdraw(accountId: string, of: { readonly applicationId: string; readonly userId: string; readonly by?: DoneBy }): Promise<boolean>;
  /** A person's accounts, the oldest first. */
  list(userId: string, of?: { readonly connectionId?: string | undefined }): Promise<ConnectedAccount[]>;
  /** The access token that an application may have, renewed when it is about to end. */
  token(asked: VaultQuestion): Promise<VaultAnswer>;
  /** The same from a row that the caller read with `hotVaultRow`; undefined when it is no plain success: then ask `token`. */
  hotToken(row: HotVaultRow, asked: VaultQuestion): VaultToken | undefined;
  /** Ends an account at the third party and here. Undefined when this person has no such account. */
  disconnect(accountId: string, of: { readonly userId: string; readonly by?: DoneBy }): Promise<Disconnected | undefined>;
  /** How many accounts and keys there are, per connection. */
  status(): Promise<readonly VaultStatus[]>;
  /** Replaces every data key; gives how many. */
  rotate(by?: DoneBy): Promise<{ readonly keys: number }>;
  /** Ends everything of one connection, here at once and at the third party as far as it goes. */
  panic(connectionId: string, by?: DoneBy): Promise<PanicReport>;
  /** Background work, in any number of processes: brings everything under the newest keys. */
  maintain(): Promise<void>;
  /** Waits for renewals that are under way, and for what is being written down beside the answers. */
  settle(): Promise<void>;
}

export interface VaultOptions {
  readonly store: Store;
  readonly keks: Keks;
  readonly upstream: Upstream;
  readonly connections: Pick<Connections, 'find'>;
  readonly log: VaultLog;
  /** Milliseconds since the epoch. Default: this machine's clock. */
  readonly clock?: () => number;
  /** Milliseconds that an unwrapped data key stays in memory. Default, and most: five minutes. */
  readonly keyMaxAge?: number;
  /** For tests of crashes. */
  readonly hooks?: RefresherOptions;
}

const READ: Statement = {
  name: 'vault row',
  text: vaultRow({ user: '$1', connection: '$2', application: '$3', account: '$4' }),
};
/** Seconds. */
const RETRY_AFTER = 3;

/** Wires the vault. */
export function createVault(options: VaultOptions): Vault {
  const { store, keks, upstream, connections, log, clock = Date.now, keyMaxAge, hooks } = options;
  const background = createBackground(log);
  const dataKeys = createDataKeys({ store, keks, ...(keyMaxAge !== undefined && { maxAge: keyMaxAge }) });
  const desk: Desk = { store, dataKeys, upstream, connections, log, clock, aside: background.aside };
  const refresher = createRefresher(desk, hooks);
  return Object.freeze({
    check: () => checkDataKeys(desk),
    keep: (kept: Kept) => keepAccount(desk, kept),
    allow: (accountId: string, allowance: Allowance) => allow(desk, accountId, allowance),
    withdraw: (accountId: string, of: { applicationId: string; userId: string; by?: DoneBy }) => withdraw(desk, accountId, of),
    list: (userId: string, of?: { connectionId?: string | undefined }) => listAccounts(store.run, userId, of),
    token: (asked: VaultQuestion) => token(desk, refresher, asked),
    hotToken: (row: HotVaultRow, asked: VaultQuestion) => hotToken(desk, row, asked),
    disconnect: (accountId: string, of: { userId: string; by?: DoneBy }) => disconnectAccount(desk, accountId, of),
    status: () => vaultStatus(desk, keks.current.id),
    rotate: (by?: DoneBy) => rotateDataKeys(desk, by),
    panic: (connectionId: string, by?: DoneBy) => panicConnection(desk, connectionId, { by }),
    maintain: () => maintainVault(desk, keks.current.id),
    settle: () => refresher.settle().then(background.settle),
  });
}

/** One statement in the good case. */
async function token(desk: Desk, refresher: Refresher, asked: VaultQuestion): Promise<VaultAnswer> {
  const row = await readRow(desk, asked);
  const verdict = judge(row, asked);
  if (typeof verdict === 'object') return verdict;
  if (row === undefined) return { kind: 'not-connected', reason: 'none' };
  if (verdict === 'renew') return afterRenewal(desk, refresher, { row, asked });
  const answer = await open(desk, row, asked);
  const rejected = answer.kind === 'token' && answer.accessToken === asked.rejected;
  if (!rejected || !row.refreshable || !refresher.mayInsist(row)) return answer;
  return afterRenewal(desk, refresher, { row, asked });
}

async function afterRenewal(
  desk: Desk,
  refresher: Refresher,
  { row: before, asked }: { readonly row: VaultRow; readonly asked: VaultQuestion },
): Promise<VaultAnswer> {
  const { connection, applicationId: client } = asked;
  const renewal = await refresher.renew(before, { connection, client });
  // Asked again, because it took a while: what was withdrawn or closed meanwhile is not given.
  const row = await readRow(desk, { ...asked, account: before.account });
  const verdict = judge(row, asked);
  if (typeof verdict === 'object') return verdict;
  // Not renewed: what has not ended yet is still good.
  const alive = row !== undefined && (row.seconds_left === null || row.seconds_left > 0);
  if (alive) return open(desk, row, asked);
  return renewal === 'closed' ? { kind: 'not-connected', reason: 'reconnect' } : { kind: 'unavailable', retryAfter: RETRY_AFTER };
}

async function open(desk: Desk, row: VaultRow, asked: VaultQuestion): Promise<VaultAnswer> {
  try {
    const tokens = await openRow(desk, row, asked.connection);
    if (typeof tokens === 'string') return { kind: 'not-connected', reason: 'reconnect' };
    return given(desk, row, { asked, accessToken: tokens.accessToken });
  } catch (error) {
    if (!(error instanceof KekUnavailable)) throw error;
    desk.log.error({ reason: 'vault_key_unavailable', error }, 'the vault cannot be opened now');
    return { kind: 'unavailable', retryAfter: RETRY_AFTER };
  }
}

function hotToken(desk: Desk, row: HotVaultRow, asked: VaultQuestion): VaultToken | undefined {
  const isTheirs = row.user_id === asked.userId && (asked.account === undefined || asked.account === row.account);
  if (!isTheirs || judge(row, asked) !== 'open') return undefined;
  const tokens = openHotRow(desk, row, asked.connection);
  return tokens && given(desk, row, { asked, accessToken: tokens.accessToken });
}

function given(
  desk: Desk,
  row: HotVaultRow,
  { asked, accessToken }: { readonly asked: VaultQuestion; readonly accessToken: string },
): VaultToken {
  noteUse(desk, row, asked.applicationId);
  return {
    kind: 'token',
    accessToken,
    expiresAt: row.seconds_left === null ? undefined : new Date(desk.clock() + row.seconds_left * 1000),
    scopes: row.account_scopes,
    accountId: row.account_id,
  };
}

async function readRow(desk: Desk, { userId, connection, applicationId, account }: VaultQuestion): Promise<VaultRow | undefined> {
  const [row] = await desk.store.run<VaultRow>(READ, [userId, connection.id, applicationId, account ?? null]);
  return row;
}

async function allow(desk: Desk, accountId: string, allowance: Allowance): Promise<void> {
  const { applicationId: client, userId: actor, scopes } = allowance;
  await desk.store.transaction(async (run) => {
    if (!(await allowUse(run, accountId, allowance))) throw new Refused('unknown', `there is no connected account ${accountId}`);
    await recordEvent(run, { type: 'vault.allowed', outcome: 'ok', actor, client, target: accountId, details: { scopes } });
  });
}

function withdraw(
  desk: Desk,
  accountId: string,
  { applicationId, userId, by = {} }: { readonly applicationId: string; readonly userId: string; readonly by?: DoneBy },
): Promise<boolean> {
  return desk.store.transaction(async (run) => {
    const done = await withdrawUse(run, accountId, { applicationId, userId });
    const who = { ...by, actor: by.actor ?? userId, client: applicationId };
    if (done) await recordEvent(run, { type: 'vault.withdrawn', outcome: 'ok', ...who, target: accountId });
    return done;
  });
}

/** Work that nobody waits for: once at a time per name. */
function createBackground(log: VaultLog) {
  const running = new Map<string, Promise<void>>();
  return {
    aside(name: string, work: () => Promise<unknown>): void {
      if (running.has(name)) return;
      const done = work()
        .catch((error: unknown) => log.warn({ reason: 'vault_note', error }, 'something about a connected account was not written down'))
        .then(() => void running.delete(name));
      running.set(name, done);
    },
    settle: async (): Promise<void> => void (await Promise.all(running.values())),
  };
}
