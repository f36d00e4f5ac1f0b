/**
 * Who may send the refresh token of an account. A claim is committed before the token is sent, so that a process that dies leaves
 * a trace, and no second process sends the same token.
 */
import type { Run, Statement, Store } from '../store/database.ts';
import { recordEvent, type SecurityEvent } from '../store/events.ts';

/** Seconds after which a claim belongs to a process that died. A call upstream ends earlier. */
export const CLAIM_LIFE = 8;

/** What is asked of the row. */
export interface ClaimWish {
  readonly accountId: string;
  /** Random. */
  readonly claim: string;
  /** The version whose refresh token is to be sent. */
  readonly version: number;
  /** Sending it again does no harm there. */
  readonly safe: boolean;
  /** Recorded when the claim of a dead process costs the person the account. */
  readonly interrupted: SecurityEvent;
}

/**
 * `mine`: send it. `theirs`: somebody else is sending it. `free`: nobody is. `newer`: it was renewed. `closed`: it must be connected
 * again. `gone`: disconnected.
 */
export type Claim = 'mine' | 'theirs' | 'free' | 'newer' | 'closed' | 'gone';

interface ClaimRow extends Record<string, unknown> {
  readonly version: number;
  readonly state: string;
  readonly claimed: boolean;
  readonly age: number | null;
}

const columns = `version, state, refresh_claim is not null as claimed, extract(epoch from clock_timestamp() - refresh_claimed_at)::float8 as age`;
const LOCK: Statement = { name: 'lock account', text: `select ${columns} from issuer.connected_account where id = $1 for update` };
const WATCH: Statement = { name: 'watch account', text: `select ${columns} from issuer.connected_account where id = $1` };
const CLAIM: Statement = {
  name: 'claim refresh',
  text: 'update issuer.connected_account set refresh_claim = $2, refresh_claimed_at = clock_timestamp() where id = $1',
};
const RELEASE: Statement = {
  name: 'release refresh',
  text: 'update issuer.connected_account set refresh_claim = null, refresh_claimed_at = null where id = $1 and refresh_claim = $2',
};
// The claim stays: an answer that comes late after all belongs to this version, and heals the row.
const INTERRUPT: Statement = {
  name: 'mark refresh interrupted',
  text: `update issuer.connected_account set state = 'reconnect', state_reason = 'refresh_interrupted', updated_at = now() where id = $1`,
};

/** Claims the refresh of one version under the lock of its row. */
export function claimRefresh(store: Pick<Store, 'transaction'>, wish: ClaimWish): Promise<Claim> {
  const { accountId, claim, version, safe, interrupted } = wish;
  return store.transaction(async (run) => {
    const [row] = await run<ClaimRow>(LOCK, [accountId]);
    const standing = standingOf(row, version);
    if (standing === 'free' || (standing === 'dead' && safe)) {
      await run(CLAIM, [accountId, claim]);
      return 'mine';
    }
    if (standing !== 'dead') return standing;
    await run(INTERRUPT, [accountId]);
    await recordEvent(run, interrupted);
    return 'closed';
  });
}

/** How the refresh of one version stands now. `dead`: whoever claimed it is gone. */
export async function watchRefresh(store: Pick<Store, 'run'>, accountId: string, version: number): Promise<Standing> {
  const [row] = await store.run<ClaimRow>(WATCH, [accountId]);
  return standingOf(row, version);
}

type Standing = Exclude<Claim, 'mine'> | 'dead';

function standingOf(row: ClaimRow | undefined, version: number): Standing {
  if (row === undefined) return 'gone';
  if (row.version > version) return 'newer';
  if (row.state !== 'active') return 'closed';
  if (!row.claimed) return 'free';
  return (row.age ?? 0) > CLAIM_LIFE ? 'dead' : 'theirs';
}

/** Gives a claim back: nothing was sent, or it was refused without being used. */
export async function releaseRefresh(run: Run, accountId: string, claim: string): Promise<void> {
  await run(RELEASE, [accountId, claim]);
}
