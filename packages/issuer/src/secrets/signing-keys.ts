/**
 * The keys that sign tokens: a set for each issuer. Each key is next (published, not used), active (signs), retired
 * (published, so that what it signed still verifies), and then removed. They live in the database, sealed, so that every
 * process uses the same ones. Making one takes long, so it is made before the rows are locked, and dropped if another
 * process was faster.
 */
import type { JsonWebKey } from 'node:crypto';
import type { Run, Statement, Store } from '../store/database.ts';
import { recordEvent } from '../store/events.ts';
import type { Seal } from './seal.ts';
import { type KeySet, type MadeKey, makeSigningKey } from './signing-keys-making.ts';

/** A private key as the engine takes it. */
export interface SigningKey extends JsonWebKey {
  readonly kid: string;
  readonly alg: KeySet['algorithm'];
  readonly use: 'sig';
  /** Its certificate, where it has one: DER in base64 (RFC 7517, 4.7). */
  readonly x5c?: string[];
  /** Thumbprint of that certificate: the same as `kid` (RFC 7517, 4.8). */
  readonly x5t?: string;
}

/** The set of the issuer itself. */
export const mainKeySet: KeySet = Object.freeze({ issuer: '', algorithm: 'ES256' });

/** How long keys live, in seconds. */
export interface KeyPolicy {
  /** How long a key signs. Default 90 days. */
  readonly activeFor: number;
  /** How long a key is published before it signs: longer than any guard caches the key set. Default 1 day. */
  readonly publishedFor: number;
  /** How long a key stays published after it stopped signing: longer than any token lives. Default 30 days. */
  readonly retiredFor: number;
}

export const defaultKeyPolicy: KeyPolicy = Object.freeze({ activeFor: 90 * 86_400, publishedFor: 86_400, retiredFor: 30 * 86_400 });

/** What `rotateSigningKeys` did in one set. */
export interface SetRotation extends KeySet {
  /** `rotated`: another key signs now. `early`: the next key was not published for long enough. `kept`: it was not time. */
  readonly result: 'rotated' | 'early' | 'kept';
  /** The key that signs now. */
  readonly active: string;
  /** How many retired keys were removed for good. */
  readonly removed: number;
}

/** What `rotateSigningKeys` did. */
export interface Rotation extends Pick<SetRotation, 'removed'> {
  /** `rotated`: in one set at least; otherwise `early`: in one set at least. */
  readonly result: SetRotation['result'];
  /** The key that signs now for the issuer itself. */
  readonly active: string;
  /** Each set, the issuer's own first. */
  readonly sets: readonly SetRotation[];
}

/** What `replaceCompromisedKey` did in one set. */
export interface SetReplacement extends KeySet {
  readonly removed: string;
  /** The key that signs now. */
  readonly active: string;
}

interface KeyRow extends Record<string, unknown> {
  kid: string;
  issuer: string;
  algorithm: KeySet['algorithm'];
  state: 'next' | 'active' | 'retired';
  private_jwk: string;
  /** Seconds since the key was published, since it began to sign, since it stopped; by the database's clock. */
  published: number;
  active: number | null;
  retired: number | null;
}

/** A set that is in use: it always has these two. */
interface Rows {
  readonly all: readonly KeyRow[];
  readonly active: KeyRow;
  readonly next: KeyRow;
}

const age = (column: string) => `extract(epoch from now() - ${column})::float8`;
const columns = `kid, issuer, algorithm, state, private_jwk,
  ${age('published_at')} as published, ${age('activated_at')} as active, ${age('retired_at')} as retired`;
const order = `issuer, algorithm, case state when 'active' then 0 when 'next' then 1 else 2 end, published_at desc, kid`;
const READ: Statement = {
  name: 'signing keys',
  text: `select ${columns} from issuer.signing_key where issuer = $1 and algorithm = $2 order by ${order}`,
};
const READ_ALL: Statement = { name: 'signing keys of all', text: `select ${columns} from issuer.signing_key order by ${order}` };
const FINGERPRINT: Statement = {
  name: 'signing key states',
  text: `select coalesce(string_agg(kid || state, ',' order by kid), '') as states from issuer.signing_key`,
};
const LOCK: Statement = { name: 'lock signing keys', text: `select from issuer.lease where name = 'signing keys' for update` };
const ADD: Statement = {
  name: 'add signing key',
  text: `insert into issuer.signing_key (kid, issuer, algorithm, state, public_jwk, private_jwk, activated_at)
    values ($1, $2, $3, $4, $5, $6, case when $4 = 'active' then now() end)`,
};
const RETIRE: Statement = {
  name: 'retire signing key',
  text: `update issuer.signing_key set state = 'retired', retired_at = now() where kid = $1`,
};
const ACTIVATE: Statement = {
  name: 'activate signing key',
  text: `update issuer.signing_key set state = 'active', activated_at = now() where kid = $1`,
};
const REMOVE: Statement = { name: 'remove signing keys', text: 'delete from issuer.signing_key where kid = any($1::text[])' };
const RESEAL: Statement = { name: 'reseal signing key', text: 'update issuer.signing_key set private_jwk = $2 where kid = $1' };

/** The private keys of a set, the signing one first; creates the first two of a set that has none. */
export async function signingKeys(store: Store, seal: Seal, set: KeySet = mainKeySet): Promise<SigningKey[]> {
  const read = () => store.run<KeyRow>(READ, [set.issuer, set.algorithm]);
  let rows = await read();
  if (!rows.some(({ state }) => state === 'active')) {
    await createFirst(store, seal, set);
    rows = await read();
  }
  return rows.map((row) => JSON.parse(seal.unseal(row.private_jwk, contextOf(row))) as SigningKey);
}

/** A text that changes when a key of any set is added, changes its state or is removed. Ask it to learn whether to load keys again. */
export async function keyStates(store: Store): Promise<string> {
  const [row] = await store.run<{ states: string }>(FINGERPRINT, []);
  return row?.states ?? '';
}

/**
 * In every set: makes the next key sign when it is time (or now, with `force`), and removes keys that nothing can need any
 * more. A key that was not published for long enough never signs. Any number of processes may call it at once: one does it.
 */
export async function rotateSigningKeys(
  store: Pick<Store, 'transaction'>,
  seal: Seal,
  { force = false, policy = defaultKeyPolicy } = {},
): Promise<Rotation> {
  const sets: SetRotation[] = [];
  for (const rows of await readSets(store)) sets.push(await rotateSet(store, rows, { seal, force, policy }));
  const results = sets.map(({ result }) => result);
  const result = (['rotated', 'early'] as const).find((one) => results.includes(one)) ?? 'kept';
  const removed = sets.reduce((sum, set) => sum + set.removed, 0);
  return { result, active: sets.find(isMain)?.active ?? '', removed, sets };
}

/**
 * Ends the signing key of every set at once because somebody else may know it. Every token that one of them signed stops
 * verifying. Gives each set, the issuer's own first.
 */
export async function replaceCompromisedKey(store: Pick<Store, 'transaction'>, seal: Seal): Promise<SetReplacement[]> {
  const sets: SetReplacement[] = [];
  for (const { active } of await readSets(store)) {
    const made = await makeSigningKey(active);
    sets.push(await store.transaction((run) => replace(run, active, { seal, made })));
  }
  return sets;
}

async function createFirst(store: Store, seal: Seal, set: KeySet): Promise<void> {
  const [first, second] = await Promise.all([makeSigningKey(set), makeSigningKey(set)]);
  await store.transaction(async (run) => {
    await run(LOCK, []);
    const rows = await run<KeyRow>(READ, [set.issuer, set.algorithm]);
    if (rows.some(({ state }) => state === 'active')) return;
    await add(run, first, { ...set, seal, state: 'active' });
    await add(run, second, { ...set, seal, state: 'next' });
  });
}

interface RotateOptions {
  readonly seal: Seal;
  readonly force: boolean;
  readonly policy: KeyPolicy;
}

async function rotateSet(store: Pick<Store, 'transaction'>, seen: Rows, options: RotateOptions): Promise<SetRotation> {
  const { seal, policy } = options;
  const due = dueIn(seen, options);
  const nothing = due !== 'rotated' && !seen.all.some((row) => seal.stale(row.private_jwk) || isOld(row, policy));
  if (nothing) return { ...setOf(seen.active), result: due, active: seen.active.kid, removed: 0 };
  const made = due === 'rotated' ? await makeSigningKey(seen.active) : undefined;
  return store.transaction(async (run) => {
    const rows = await lockSet(run, seen.active);
    const removed = await removeOld(run, rows, policy);
    await resealOld(run, rows, seal);
    const result = dueIn(rows, options);
    const rotated = result === 'rotated' && made !== undefined;
    if (rotated) await promote(run, rows, { seal, made });
    // What has become due since the first look is for the next time.
    return {
      ...setOf(rows.active),
      result: result === 'rotated' && !rotated ? 'kept' : result,
      active: rotated ? rows.next.kid : rows.active.kid,
      removed,
    };
  });
}

function dueIn({ active, next }: Rows, { force, policy }: RotateOptions): SetRotation['result'] {
  if (!force && (active.active ?? 0) < policy.activeFor) return 'kept';
  return next.published < policy.publishedFor ? 'early' : 'rotated';
}

async function replace(run: Run, compromised: KeyRow, to: { seal: Seal; made: MadeKey }): Promise<SetReplacement> {
  const rows = await lockSet(run, compromised);
  // It may have been retired since it was read; then it only goes.
  const signs = rows.active.kid === compromised.kid;
  if (signs) await promote(run, rows, to);
  await run(REMOVE, [[compromised.kid]]);
  await recordEvent(run, {
    type: 'keys.removed',
    outcome: 'ok',
    target: compromised.kid,
    reason: 'compromised',
    details: told(compromised),
  });
  return { ...setOf(compromised), removed: compromised.kid, active: signs ? rows.next.kid : rows.active.kid };
}

async function readSets(store: Pick<Store, 'transaction'>): Promise<Rows[]> {
  const rows = await store.transaction((run) => run<KeyRow>(READ_ALL, []));
  const sets = [...Map.groupBy(rows, ({ issuer, algorithm }) => `${algorithm} ${issuer}`).values()].map(rowsOf);
  if (!sets.some(({ active }) => isMain(active))) throw noKeys();
  return sets;
}

async function lockSet(run: Run, { issuer, algorithm }: KeySet): Promise<Rows> {
  await run(LOCK, []);
  return rowsOf(await run<KeyRow>(READ, [issuer, algorithm]));
}

function rowsOf(all: readonly KeyRow[]): Rows {
  const active = all.find(({ state }) => state === 'active');
  const next = all.find(({ state }) => state === 'next');
  if (active === undefined || next === undefined) throw noKeys();
  return { all, active, next };
}

const noKeys = (): Error => new Error('there are no signing keys yet: start the issuer once');
const isMain = ({ issuer, algorithm }: KeySet): boolean => issuer === mainKeySet.issuer && algorithm === mainKeySet.algorithm;
const setOf = ({ issuer, algorithm }: KeySet): KeySet => ({ issuer, algorithm });

async function promote(run: Run, { active, next }: Rows, { seal, made }: { seal: Seal; made: MadeKey }): Promise<void> {
  await run(RETIRE, [active.kid]);
  await run(ACTIVATE, [next.kid]);
  await add(run, made, { ...setOf(active), seal, state: 'next' });
  await recordEvent(run, { type: 'keys.rotated', outcome: 'ok', target: next.kid, details: { retired: active.kid, ...told(active) } });
}

const isOld = ({ state, retired }: KeyRow, { retiredFor }: KeyPolicy): boolean => state === 'retired' && (retired ?? 0) > retiredFor;

async function removeOld(run: Run, { all, active }: Rows, policy: KeyPolicy): Promise<number> {
  const old = all.filter((row) => isOld(row, policy)).map(({ kid }) => kid);
  if (old.length > 0) {
    await run(REMOVE, [old]);
    await recordEvent(run, { type: 'keys.removed', outcome: 'ok', reason: 'expired', details: { kids: old, ...told(active) } });
  }
  return old.length;
}

/** In an event: whose keys, unless they are the issuer's own. */
const told = ({ issuer }: KeySet): { issuer?: string } => (issuer === '' ? {} : { issuer });

// After the master key was rotated, what the older one sealed moves to the newer one.
async function resealOld(run: Run, { all }: Rows, seal: Seal): Promise<void> {
  for (const row of all) {
    if (seal.stale(row.private_jwk)) await run(RESEAL, [row.kid, seal.seal(seal.unseal(row.private_jwk, contextOf(row)), contextOf(row))]);
  }
}

type Place = KeySet & { readonly seal: Seal; readonly state: 'active' | 'next' };

async function add(run: Run, { kid, jwk, open }: MadeKey, { issuer, algorithm, state, seal }: Place): Promise<void> {
  const box = seal.seal(JSON.stringify(jwk), contextOf({ kid, issuer }));
  await run(ADD, [kid, issuer, algorithm, state, JSON.stringify(open), box]);
}

/** What a box is bound to: a key that was moved to another issuer does not open. */
const contextOf = ({ kid, issuer }: { kid: string; issuer: string }): string => ['signing_key', kid, ...(issuer ? [issuer] : [])].join('|');
