/**
 * A unit of work: what one request has read, and what it will write. Reads are remembered, writes are collected and sent as
 * ONE statement, which is the request's transaction. Nothing is locked while tokens are signed; who loses a race for a
 * single-use artifact runs again and then sees what the winner did.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Run, Store } from '../store/database.ts';
import { eventRow, type SecurityEvent } from '../store/events.ts';
import { conflicted } from '../store/unavailable.ts';
import { type AccountRow, FIND_ACCOUNT } from './account-row.ts';
import {
  type Artifact,
  type ArtifactRow,
  artifactId,
  grantOf,
  inRealm,
  isForTenant,
  type Realms,
  realmFor,
  realmsIn,
  toArtifact,
  toRow,
  type Write,
} from './artifact.ts';
import { type LogoutNotice, noticeRow } from './backchannel-logout.ts';
import { CLAIM_USER_CODE, commitStatement, FIND, FIND_SESSION, type Part } from './statements.ts';

/** Another request consumed the same artifact first. The work is done again and then sees what the winner did. */
export class LostRace extends Error {
  override readonly name = 'LostRace';
  constructor() {
    super('another request used the same single-use value first');
  }
}

export class Unit {
  readonly #run: Run;
  readonly #realms: Realms;
  readonly #known = new Map<string, Artifact | undefined>();
  readonly #accounts = new Map<string, AccountRow | undefined>();
  readonly #writes = new Map<string, Write>();
  readonly #revoked = new Set<string>();
  readonly #ended = new Set<string>();
  readonly #events: SecurityEvent[] = [];
  readonly #notices: LogoutNotice[] = [];
  #consumed: { readonly id: string; successor: string | null } | undefined;
  /** A retry of a rotation that already happened: the engine must not rotate again. */
  replaying = false;

  constructor({ run, realm, realmAround }: Pick<Store, 'run' | 'realm' | 'realmAround'>) {
    this.#run = run;
    this.#realms = { realm, realmAround };
  }

  /** Reads an artifact that is alive, with its grant and its account, in one statement at most. */
  async find(kind: string, value: string): Promise<Artifact | undefined> {
    const id = artifactId(kind, value);
    if (!this.#known.has(id)) this.#remember(id, (await this.#run<ArtifactRow>(FIND, [id]))[0]);
    return this.#known.get(id);
  }

  /** Reads the sign-in session with this internal id. */
  async findSession(uid: string): Promise<Artifact | undefined> {
    const known = [...this.#known.values()].find((one) => one?.kind === 'Session' && one.payload.uid === uid);
    return known ?? this.#take(await this.#run<ArtifactRow>(FIND_SESSION, [artifactId('SessionEnd', uid)]));
  }

  /** Finds a device code by its user code, if no other browser typed it before this one. */
  async claimUserCode(code: string, browser: string): Promise<Artifact | undefined> {
    return this.#take(
      await this.#run<ArtifactRow>(CLAIM_USER_CODE, [artifactId('UserCode', code), artifactId('Browser', browser), realmsIn(this.#realms)]),
    );
  }

  /** Who an account is now. Usually it came along with the artifact that names it. */
  async account(id: string): Promise<AccountRow | undefined> {
    if (!this.#accounts.has(id))
      this.#accounts.set(id, (await this.#run<{ account: AccountRow | null }>(FIND_ACCOUNT, [id]))[0]?.account ?? undefined);
    return this.#accounts.get(id);
  }

  write(given: Write): void {
    const realm = realmFor(given.kind, this.#realms);
    const write = realm === '' ? given : { ...given, payload: { ...given.payload, realm } };
    this.#revoked.delete(write.id);
    this.#writes.set(write.id, write);
    const known = this.#known.get(write.id);
    this.#known.set(write.id, {
      id: write.id,
      kind: write.kind,
      payload: write.payload,
      grantId: write.grantId,
      consumedAt: known?.consumedAt,
      consumedFor: known?.consumedFor,
      successor: known?.successor,
    });
  }

  /** Leaves a tombstone: the artifact is gone and a late write cannot bring it back. */
  revoke(id: string): void {
    this.#writes.delete(id);
    this.#revoked.add(id);
    this.#known.set(id, undefined);
  }

  /** Ends a grant and with it every token of its family. Survives a refusal: it is written even when the request fails. */
  end(grantId: string): void {
    this.#ended.add(artifactId('Grant', grantId));
  }

  /** Uses up a single-use artifact. The commit fails when somebody else was first. */
  consume(id: string): void {
    if (this.#consumed) throw new TypeError('a unit of work consumes one artifact');
    this.#consumed = { id, successor: null };
  }

  /** Names the successor of the consumed artifact. `seal` gets the id of the parent as its context. */
  succeed(seal: (parent: string) => string): void {
    if (this.#consumed) this.#consumed.successor = seal(this.#consumed.id);
  }

  /** Adds an audit event to the commit. It is written even when the request is refused. */
  record(event: SecurityEvent): void {
    this.#events.push(event);
  }

  notify(notice: LogoutNotice): void {
    this.#notices.push(notice);
  }

  get notified(): boolean {
    return this.#notices.length > 0;
  }

  async commit(): Promise<void> {
    const [answer] = await this.#send({
      ...(this.#consumed && { consume: [this.#consumed.successor, this.#consumed.id] }),
      ...(this.#writes.size > 0 && { write: [JSON.stringify([...this.#writes.values()].map(toRow))] }),
      ...this.#always(this.#revoked),
      ...(this.#notices.length > 0 && {
        notify: [JSON.stringify(this.#notices.map((notice) => noticeRow(notice, realmFor('LogoutNotice', this.#realms))))],
      }),
    });
    if (answer && !answer.ok) throw new LostRace();
  }

  /** Keeps what must be kept of a refused request: ended grants and audit events. */
  async refuse(): Promise<void> {
    await this.#send(this.#always(new Set()));
  }

  #always(revoked: ReadonlySet<string>): Partial<Record<Part, readonly unknown[]>> {
    const ids = [...new Set([...this.#ended, ...revoked])];
    return {
      ...(ids.length > 0 && { revoke: [ids] }),
      ...(this.#events.length > 0 && { record: [JSON.stringify(this.#events.map(eventRow))] }),
    };
  }

  async #send(parts: Partial<Record<Part, readonly unknown[]>>): Promise<{ ok: boolean }[]> {
    const names = new Set(Object.keys(parts) as Part[]);
    if (names.size === 0) return [];
    const values = (['consume', 'write', 'revoke', 'record', 'notify'] as const).flatMap((part) => parts[part] ?? []);
    return this.#run<{ ok: boolean }>(commitStatement(names), values);
  }

  #take([row]: readonly ArtifactRow[]): Artifact | undefined {
    if (!row) return undefined;
    if (!this.#known.has(row.id)) this.#remember(row.id, row);
    return this.#known.get(row.id);
  }

  #remember(id: string, row: ArtifactRow | undefined): void {
    const ours = row && inRealm(row.payload, this.#realms) && isForTenant(row, this.#realms);
    this.#known.set(id, ours ? toArtifact(row) : undefined);
    if (!ours) return;
    if (row.account_id && row.account) this.#accounts.set(row.account_id, row.account);
    if (row.grant_id && !this.#known.has(row.grant_id)) this.#known.set(row.grant_id, grantOf(row));
  }
}

const current = new AsyncLocalStorage<Unit>();

/** The unit of work of this request. */
export function unit(): Unit {
  const found = current.getStore();
  if (!found) throw new TypeError('protocol storage was used outside a unit of work: wrap the call in atomically(store, …)');
  return found;
}

/** What a test may hook into. */
export interface UnitHooks {
  /** Called after the commit and before the answer. */
  afterCommit?(): void;
}

/** Runs `work` in one unit and commits it before returning. After a lost race or a serialization failure `work` runs again. */
export async function atomically<T>(store: Store, work: () => Promise<T>, hooks: UnitHooks = {}): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const one = new Unit(store);
    try {
      const result = await current.run(one, work);
      await one.commit();
      hooks.afterCommit?.();
      return result;
    } catch (error) {
      if (attempt < 3 && (error instanceof LostRace || conflicted(error))) continue;
      await one.refuse();
      throw error;
    }
  }
}

/** For work that cannot run twice (the rest of a middleware stack): only the commit is sent again. `keep` says whether to commit at all. */
export async function once(store: Store, work: () => Promise<void>, keep: () => boolean): Promise<Unit> {
  const one = new Unit(store);
  await current.run(one, work);
  if (!keep()) await one.refuse();
  else {
    await one.commit().catch((error: unknown) => {
      if (!conflicted(error)) throw error;
      return one.commit();
    });
  }
  return one;
}
