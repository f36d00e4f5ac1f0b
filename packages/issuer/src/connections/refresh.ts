/**
 * Renewing an account's access token. However many ask, on however many processes: the third party is asked once, and what it
 * answers is committed before anybody gets it.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Run, Statement } from '../store/database.ts';
import { recordEvent, type SecurityEvent } from '../store/events.ts';
import { conflicted, StoreUnavailable } from '../store/unavailable.ts';
import type { Connection } from './connection.ts';
import type { DataKey } from './data-keys.ts';
import { KekUnavailable } from './kek.ts';
import { type Claim, type ClaimWish, claimRefresh, releaseRefresh, watchRefresh } from './refresh-claim.ts';
import { UpstreamFailed, UpstreamRefused, type UpstreamTokens } from './third-party.ts';
import { type BoxedTokens, sealTokens } from './vault-box.ts';
import { type Desk, openRow, ownerOf, secondsLeft } from './vault-desk.ts';
import type { VaultRow } from './vault-row.ts';

/** `renewed`: look at the row again. `away`: not now. `closed`: the person must connect the account again, or it is gone. */
export type Renewal = 'renewed' | 'away' | 'closed';

export interface Refresher {
  /** Renews what `row` holds, or waits for whoever does. `client` is the application that asks. Never throws but for the database. */
  renew(row: VaultRow, wanted: { readonly connection: Connection; readonly client: string }): Promise<Renewal>;
  /**
   * Whether a token that has not ended may be renewed because the third party refused it: by all who hold that version, and not
   * its successor again at once.
   */
  mayInsist(row: Pick<VaultRow, 'account_id' | 'version'>): boolean;
  /** Waits for renewals that are under way, also for those whose callers are gone. */
  settle(): Promise<void>;
}

/** Where a test stops a process: before anything is sent, before the answer is committed, after it. */
export type CrashPoint = 'claimed' | 'answered' | 'committed';

export interface RefresherOptions {
  readonly at?: ((point: CrashPoint) => void | Promise<void>) | undefined;
}

/** Milliseconds that a caller waits for a renewal, whoever does it. */
const PATIENCE = 10_000;
/** Milliseconds for which a third party that was away is not asked again about the same account. */
const REST = 3_000;
/** Milliseconds for which an answer is kept in memory while the database is away. */
const KEEP = 60_000;
/** Milliseconds between two early renewals of one account. */
const INSISTENCE = 30_000;

interface Job {
  readonly desk: Desk;
  readonly row: VaultRow;
  readonly connection: Connection;
  readonly client: string;
  readonly at: (point: CrashPoint) => void | Promise<void>;
}

/** Wires the refresher: one flight per account in this process. */
export function createRefresher(desk: Desk, { at = () => {} }: RefresherOptions = {}): Refresher {
  const flights = new Map<string, Promise<Renewal>>();
  const resting = createRests();
  const insisted = createRests();
  const fly = async (job: Job): Promise<Renewal> => {
    const result = await renewOnce(job);
    if (result === 'away') resting.begin(job.row.account_id, REST);
    return result;
  };
  return Object.freeze({
    async renew(row: VaultRow, { connection, client }: { readonly connection: Connection; readonly client: string }) {
      const id = row.account_id;
      if (resting.has(id)) return 'away';
      const flight = flights.get(id) ?? fly({ desk, row, connection, client, at }).finally(() => flights.delete(id));
      flights.set(id, flight);
      return patiently(flight);
    },
    mayInsist({ account_id: id, version }: Pick<VaultRow, 'account_id' | 'version'>) {
      if (insisted.has(id)) return insisted.has(`${id} ${version}`);
      insisted.begin(id, INSISTENCE);
      insisted.begin(`${id} ${version}`, INSISTENCE);
      return true;
    },
    settle: async () => void (await Promise.allSettled(flights.values())),
  });
}

const CAPACITY = 10_000;

/** Names that are left alone for a while. */
function createRests() {
  const ends = new Map<string, number>();
  return {
    has: (name: string) => (ends.get(name) ?? 0) > performance.now(),
    begin(name: string, milliseconds: number) {
      if (ends.size >= CAPACITY) ends.clear();
      ends.set(name, performance.now() + milliseconds);
    },
  };
}

/** The flight goes on when its callers no longer wait: what it gets is stored. */
async function patiently(flight: Promise<Renewal>): Promise<Renewal> {
  const waiting = new AbortController();
  const end = pause(PATIENCE, 'away' as const, { signal: waiting.signal, ref: false }).catch(() => 'away' as const);
  return Promise.race([flight, end]).finally(() => waiting.abort());
}

async function renewOnce(job: Job): Promise<Renewal> {
  const { desk, row, connection } = job;
  const opened = await prepare(job);
  if (typeof opened === 'string') return opened;
  const interrupted = eventOf(job, { type: 'vault.refresh_interrupted', outcome: 'failed', reason: 'claim_expired' });
  const { account_id: accountId, version } = row;
  const claim = randomBytes(16).toString('base64url');
  const wish = { accountId, claim, version, safe: connection.refreshRetry === 'safe', interrupted };
  const patience = performance.now() + PATIENCE;
  while (performance.now() < patience) {
    const standing = await claimed(desk, wish);
    if (standing === 'mine') return send(job, { ...opened, claim });
    if (standing === 'newer') return 'renewed';
    if (standing !== 'theirs') return 'closed';
    // Whoever had it could not reach the third party: asking at once again would help nobody.
    if ((await watch(job, patience)) === 'free') return 'away';
  }
  return 'away';
}

// A commit whose answer is lost may have happened. A claim that nobody sends for would cost the account.
async function claimed(desk: Desk, wish: ClaimWish): Promise<Claim> {
  try {
    return await claimRefresh(desk.store, wish);
  } catch (error) {
    desk.aside(`release ${wish.claim}`, () => insistently(desk, (run) => releaseRefresh(run, wish.accountId, wish.claim)));
    throw error;
  }
}

async function watch({ desk, row }: Job, until: number): Promise<string> {
  let standing: string = 'theirs';
  for (let wait = 50; standing === 'theirs' && performance.now() < until; wait = Math.min(wait * 1.5, 250)) {
    await pause(wait);
    standing = await watchRefresh(desk.store, row.account_id, row.version);
  }
  return standing;
}

interface Prepared {
  readonly tokens: BoxedTokens & { readonly refreshToken: string };
  /** Fetched before anything is sent: a key that is away must not cost the answer. */
  readonly sealing: DataKey;
}

async function prepare({ desk, row, connection }: Job): Promise<Prepared | Renewal> {
  try {
    const tokens = await openRow(desk, row, connection);
    if (typeof tokens === 'string' || tokens.refreshToken === undefined) return 'closed';
    const sealing = await desk.dataKeys.current(row.organization_id, row.connection_id);
    return { tokens: { ...tokens, refreshToken: tokens.refreshToken }, sealing };
  } catch (error) {
    if (!(error instanceof KekUnavailable)) throw error;
    desk.log.error({ reason: 'vault_key_unavailable', error }, 'the vault cannot be opened now');
    return 'away';
  }
}

interface Claimed extends Prepared {
  readonly claim: string;
}

async function send(job: Job, claimed: Claimed): Promise<Renewal> {
  await job.at('claimed');
  let answer: UpstreamTokens;
  try {
    answer = await job.desk.upstream.refresh(job.connection, claimed.tokens.refreshToken, { account: job.row.account });
  } catch (error) {
    return failed(job, claimed, error);
  }
  await job.at('answered');
  const result = await store(job, claimed, answer);
  await job.at('committed');
  return result;
}

const RENEW: Statement = {
  name: 'store renewed tokens',
  text: `update issuer.connected_account set tokens = $3, data_key_id = $4, version = version + 1,
      expires_at = now() + $5::float8 * interval '1 second', scopes = coalesce($6::text[], scopes), state = 'active', state_reason = null,
      refresh_claim = null, refresh_claimed_at = null, updated_at = now()
    where id = $1 and version = $2 and (state = 'active' or state_reason in ('refused', 'refresh_interrupted')) returning 1 as done`,
};

/** Commits the answer, however long the database is away, and gives it to nobody before. */
async function store(job: Job, { tokens, sealing }: Claimed, answer: UpstreamTokens): Promise<Renewal> {
  const { desk, row } = job;
  const fresh = { accessToken: answer.accessToken, refreshToken: answer.refreshToken ?? tokens.refreshToken, source: tokens.source };
  const version = row.version + 1;
  const box = sealTokens(sealing.key, { ...ownerOf(row), version }, fresh);
  const event = eventOf(job, { type: 'vault.refreshed', outcome: 'ok' });
  const stored = await insistently(desk, async (run) => {
    const values = [row.account_id, row.version, box, sealing.id, secondsLeft(desk, answer.expiresAt), answer.scopes ?? null];
    const done = (await run(RENEW, values)).length > 0;
    if (done) await recordEvent(run, event);
    return done;
  });
  if (stored) return 'renewed';
  // Connected again meanwhile: the newer tokens stand. They may come from the same grant, so ours are dropped and not revoked.
  if ((await watchRefresh(desk.store, row.account_id, row.version)) === 'newer') return 'renewed';
  // Disconnected, or closed by an administrator: what came now must end as well.
  await desk.upstream
    .revoke(job.connection, fresh)
    .catch((error: unknown) =>
      desk.log.warn({ reason: 'vault_late_answer', detail: row.account_id, error }, 'tokens that nobody holds were not revoked'),
    );
  return 'closed';
}

async function insistently<T>(desk: Desk, work: (run: Run) => Promise<T>): Promise<T> {
  const until = performance.now() + KEEP;
  for (let wait = 100; ; wait = Math.min(wait * 2, 2_000)) {
    try {
      return await desk.store.transaction(work);
    } catch (error) {
      const passing = error instanceof StoreUnavailable || conflicted(error);
      if (!passing || performance.now() > until) throw error;
      desk.log.warn({ reason: 'vault_store', error }, 'the outcome of a renewal could not be stored and will be stored again');
      await pause(wait);
    }
  }
}

const REFUSED: Statement = {
  name: 'mark refresh refused',
  text: `update issuer.connected_account set state = 'reconnect', state_reason = $3, refresh_claim = case when $3 = 'refused' then null else refresh_claim end,
      updated_at = now() where id = $1 and version = $2 and state = 'active' returning 1 as done`,
};

/** Answers that say that this refresh token is no longer good; any other refusal is about us. */
const REFUSALS = new Set([
  'invalid_grant',
  'invalid_refresh_token',
  'bad_refresh_token',
  'token_revoked',
  'token_expired',
  'access_denied',
]);

async function failed(job: Job, { claim }: Claimed, error: unknown): Promise<Renewal> {
  const { desk, row, connection } = job;
  const refused = error instanceof UpstreamRefused;
  if (refused && REFUSALS.has(error.code)) return close(job, { type: 'vault.refresh_refused', outcome: 'refused', reason: 'refused' });
  // Only an error that says so was not sent.
  const unknown = !refused && !(error instanceof UpstreamFailed && !error.sent);
  if (unknown && connection.refreshRetry === 'never') {
    desk.log.error({ reason: 'vault_refresh_interrupted', detail: connection.id, error }, 'whether a token was renewed is not known');
    return close(job, { type: 'vault.refresh_interrupted', outcome: 'failed', reason: 'refresh_interrupted' });
  }
  const said = refused ? 'a third party refused to renew a token because of us' : 'a third party could not be asked to renew a token';
  desk.log.error({ reason: refused ? error.code : 'vault_third_party_away', detail: connection.id, error }, said);
  await insistently(desk, (run) => releaseRefresh(run, row.account_id, claim));
  return 'away';
}

async function close(
  job: Job,
  what: { readonly type: string; readonly outcome: 'refused' | 'failed'; readonly reason: string },
): Promise<Renewal> {
  const { desk, row } = job;
  await insistently(desk, async (run) => {
    const done = await run(REFUSED, [row.account_id, row.version, what.reason]);
    if (done.length > 0) await recordEvent(run, eventOf(job, what));
  });
  return 'closed';
}

function eventOf({ row, client }: Job, what: Pick<SecurityEvent, 'type' | 'outcome' | 'reason'>): SecurityEvent {
  const { account_id: target, user_id: actor, organization_id: organization, connection_id: connection } = row;
  return { ...what, actor, client, organization, target, details: { connection } };
}
