/**
 * The keys that sign tokens. Each is next (published, not used), active (signs), retired (published, so that what it signed
 * still verifies), and then removed. They live in the database, sealed, so that every process uses the same ones.
 */
import { generateKeyPair, type JsonWebKey } from 'node:crypto';
import { promisify } from 'node:util';
import type { Run, Statement, Store } from '../store/database.ts';
import { recordEvent } from '../store/events.ts';
import type { Seal } from './seal.ts';
import { hashOf } from './token-format.ts';

/** A private key as the engine takes it. */
export interface SigningKey extends JsonWebKey {
  readonly kid: string;
  readonly alg: 'ES256';
  readonly use: 'sig';
}

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

/** What `rotateSigningKeys` did. */
export interface Rotation {
  /** `rotated`: another key signs now. `early`: the next key was not published for long enough. `kept`: it was not time. */
  readonly result: 'rotated' | 'early' | 'kept';
  /** The key that signs now. */
  readonly active: string;
  /** How many retired keys were removed for good. */
  readonly removed: number;
}

interface KeyRow extends Record<string, unknown> {
  kid: string;
  state: 'next' | 'active' | 'retired';
  private_jwk: string;
  /** Seconds since the key was published, since it began to sign, since it stopped; by the database's clock. */
  published: number;
  active: number | null;
  retired: number | null;
}

const age = (column: string) => `extract(epoch from now() - ${column})::float8`;
const READ: Statement = {
  name: 'signing keys',
  text: `select kid, state, private_jwk, ${age('published_at')} as published, ${age('activated_at')} as active, ${age('retired_at')} as retired
    from issuer.signing_key order by case state when 'active' then 0 when 'next' then 1 else 2 end, published_at desc, kid`,
};
const FINGERPRINT: Statement = {
  name: 'signing key states',
  text: `select coalesce(string_agg(kid || state, ',' order by kid), '') as states from issuer.signing_key`,
};
const LOCK: Statement = { name: 'lock signing keys', text: `select from issuer.lease where name = 'signing keys' for update` };
const ADD: Statement = {
  name: 'add signing key',
  text: `insert into issuer.signing_key (kid, algorithm, state, public_jwk, private_jwk, activated_at)
    values ($1, 'ES256', $2, $3, $4, case when $2 = 'active' then now() end)`,
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

/** The private keys, the signing one first; creates the first two in an empty database. */
export async function signingKeys(store: Store, seal: Seal): Promise<SigningKey[]> {
  let rows = await store.run<KeyRow>(READ, []);
  if (!rows.some(({ state }) => state === 'active')) {
    await store.transaction((run) => createFirst(run, seal));
    rows = await store.run<KeyRow>(READ, []);
  }
  return rows.map(({ kid, private_jwk }) => JSON.parse(seal.unseal(private_jwk, contextOf(kid))) as SigningKey);
}

/** A text that changes when a key is added, changes its state or is removed. Ask it to learn whether to load keys again. */
export async function keyStates(store: Store): Promise<string> {
  const [row] = await store.run<{ states: string }>(FINGERPRINT, []);
  return row?.states ?? '';
}

/**
 * Makes the next key sign when it is time (or now, with `force`), and removes keys that nothing can need any more.
 * A key that was not published for long enough never signs. Any number of processes may call it at once: one does it.
 */
export function rotateSigningKeys(
  store: Pick<Store, 'transaction'>,
  seal: Seal,
  { force = false, policy = defaultKeyPolicy } = {},
): Promise<Rotation> {
  return store.transaction(async (run) => {
    await run(LOCK, []);
    const rows = await run<KeyRow>(READ, []);
    const active = rows.find(({ state }) => state === 'active');
    const next = rows.find(({ state }) => state === 'next');
    if (active === undefined || next === undefined) throw new Error('there are no signing keys yet: start the issuer once');
    const removed = await removeOld(run, rows, policy);
    await resealOld(run, rows, seal);
    const due = force || (active.active ?? 0) >= policy.activeFor;
    if (!due) return { result: 'kept', active: active.kid, removed };
    if (next.published < policy.publishedFor) return { result: 'early', active: active.kid, removed };
    await promote(run, seal, active, next);
    return { result: 'rotated', active: next.kid, removed };
  });
}

/** Ends the signing key at once because somebody else may know it. Every token that it signed stops verifying. */
export function replaceCompromisedKey(store: Store, seal: Seal): Promise<{ removed: string; active: string }> {
  return store.transaction(async (run) => {
    await run(LOCK, []);
    const rows = await run<KeyRow>(READ, []);
    const active = rows.find(({ state }) => state === 'active');
    const next = rows.find(({ state }) => state === 'next');
    if (active === undefined || next === undefined) throw new Error('there are no signing keys yet: start the issuer once');
    await promote(run, seal, active, next);
    await run(REMOVE, [[active.kid]]);
    await recordEvent(run, { type: 'keys.removed', outcome: 'ok', target: active.kid, reason: 'compromised' });
    return { removed: active.kid, active: next.kid };
  });
}

async function createFirst(run: Run, seal: Seal): Promise<void> {
  await run(LOCK, []);
  const rows = await run<KeyRow>(READ, []);
  if (rows.some(({ state }) => state === 'active')) return;
  await add(run, seal, 'active');
  await add(run, seal, 'next');
}

async function promote(run: Run, seal: Seal, active: KeyRow, next: KeyRow): Promise<void> {
  await run(RETIRE, [active.kid]);
  await run(ACTIVATE, [next.kid]);
  await add(run, seal, 'next');
  await recordEvent(run, { type: 'keys.rotated', outcome: 'ok', target: next.kid, details: { retired: active.kid } });
}

async function removeOld(run: Run, rows: readonly KeyRow[], { retiredFor }: KeyPolicy): Promise<number> {
  const old = rows.filter(({ state, retired }) => state === 'retired' && (retired ?? 0) > retiredFor).map(({ kid }) => kid);
  if (old.length > 0) {
    await run(REMOVE, [old]);
    await recordEvent(run, { type: 'keys.removed', outcome: 'ok', reason: 'expired', details: { kids: old } });
  }
  return old.length;
}

// After the master key was rotated, what the older one sealed moves to the newer one.
async function resealOld(run: Run, rows: readonly KeyRow[], seal: Seal): Promise<void> {
  for (const { kid, private_jwk } of rows) {
    if (seal.stale(private_jwk)) await run(RESEAL, [kid, seal.seal(seal.unseal(private_jwk, contextOf(kid)), contextOf(kid))]);
  }
}

const generate = promisify(generateKeyPair);

async function add(run: Run, seal: Seal, state: 'active' | 'next'): Promise<void> {
  const { privateKey } = await generate('ec', { namedCurve: 'P-256' });
  const { kty, crv, x, y, d } = privateKey.export({ format: 'jwk' });
  // RFC 7638: the members in this order, without spaces.
  const kid = hashOf(JSON.stringify({ crv, kty, x, y }));
  const open = { kty, crv, x, y, kid, alg: 'ES256', use: 'sig' };
  await run(ADD, [kid, state, JSON.stringify(open), seal.seal(JSON.stringify({ ...open, d }), contextOf(kid))]);
}

const contextOf = (kid: string): string => `signing_key|${kid}`;
