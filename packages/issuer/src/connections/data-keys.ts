/**
 * Data keys: each seals the accounts of one organization at one connection. They are stored wrapped, and an unwrapped one stays
 * in memory for a few minutes at most, so that a key-encryption key that is withdrawn closes the vault.
 */
import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import type { Run, Statement, Store } from '../store/database.ts';
import { newId } from '../store/ids.ts';
import { type Keks, KekUnavailable } from './kek.ts';

/** A data key as it is stored. */
export interface WrappedKey {
  readonly id: string;
  readonly organizationId: string;
  readonly connectionId: string;
  /** Id of the key that wrapped it. */
  readonly kek: string;
  readonly wrapped: string;
}

export interface DataKey {
  readonly id: string;
  readonly key: KeyObject;
}

export interface DataKeys {
  /** The unwrapped key when it is in memory. */
  hot(id: string): KeyObject | undefined;
  /** The key that opens something. Throws `KekUnavailable` when what wraps it is away, and another error when it does not open. */
  open(stored: WrappedKey): Promise<KeyObject>;
  /** The key that seals now; the first use of an organization's connection makes one. */
  current(organizationId: string, connectionId: string): Promise<DataKey>;
  /** A new key, not stored yet. */
  make(organizationId: string, connectionId: string): Promise<WrappedKey>;
  /** Wraps a key with the current key-encryption key; what it was wrapped with before must be known. */
  rewrap(stored: WrappedKey): Promise<WrappedKey>;
}

export interface DataKeyOptions {
  readonly store: Pick<Store, 'run'>;
  readonly keks: Keks;
  /** Milliseconds that an unwrapped key is kept. Default, and most: five minutes. */
  readonly maxAge?: number;
}

const CURRENT: Statement = {
  name: 'current data key',
  text: `select id, kek, wrapped from issuer.data_key where organization_id = $1 and connection_id = $2 and retired_at is null`,
};
const INSERT: Statement = {
  name: 'add data key',
  text: `insert into issuer.data_key (id, organization_id, connection_id, kek, wrapped) values ($1, $2, $3, $4, $5) on conflict do nothing`,
};
const LONGEST = 5 * 60_000;
const CAPACITY = 1_000;

/** Stores a new key; does nothing when its group has one already. */
export async function storeDataKey(run: Run, { id, organizationId, connectionId, kek, wrapped }: WrappedKey): Promise<void> {
  await run(INSERT, [id, organizationId, connectionId, kek, wrapped]);
}

/** Wires the data keys. */
export function createDataKeys({ store, keks, maxAge = LONGEST }: DataKeyOptions): DataKeys {
  const memory = createMemory(Math.min(maxAge, LONGEST));
  const open = async (stored: WrappedKey) =>
    memory.find(stored.id) ?? memory.once(stored.id, async () => toKey(await unwrap(keks, stored)));
  const make = async (organizationId: string, connectionId: string) =>
    wrap(keks, { id: newId('dek'), organizationId, connectionId }, randomBytes(32));
  return Object.freeze({
    hot: memory.find,
    open,
    make,
    async current(organizationId: string, connectionId: string) {
      const group = { organizationId, connectionId };
      const stored = (await readCurrent(store.run, group)) ?? (await addFirst(store.run, await make(organizationId, connectionId)));
      return { id: stored.id, key: await open(stored) };
    },
    rewrap: async (stored: WrappedKey) => wrap(keks, stored, await unwrap(keks, stored)),
  });
}

async function addFirst(run: Run, made: WrappedKey): Promise<WrappedKey> {
  await storeDataKey(run, made);
  // Somebody else may have been first: then theirs is the one.
  return (await readCurrent(run, made)) ?? made;
}

type Group = Pick<WrappedKey, 'organizationId' | 'connectionId'>;

async function readCurrent(run: Run, { organizationId, connectionId }: Group): Promise<WrappedKey | undefined> {
  const [row] = await run<{ id: string; kek: string; wrapped: string }>(CURRENT, [organizationId, connectionId]);
  return row && { ...row, organizationId, connectionId };
}

type Named = Group & Pick<WrappedKey, 'id'>;
const contextOf = ({ id, organizationId, connectionId }: Named): string => `v1|data_key|${organizationId}|${connectionId}|${id}`;

async function wrap({ current }: Keks, named: Named, key: Buffer): Promise<WrappedKey> {
  const { id, organizationId, connectionId } = named;
  const wrapped = await current.wrap(key, contextOf(named)).finally(() => key.fill(0));
  return { id, organizationId, connectionId, kek: current.id, wrapped };
}

async function unwrap(keks: Keks, stored: WrappedKey): Promise<Buffer> {
  const kek = keks.find(stored.kek);
  if (kek === undefined)
    throw new KekUnavailable(
      `the vault was sealed under the key ${stored.kek}, which is not among those configured: add it after the newest one`,
    );
  const key = await kek.unwrap(stored.wrapped, contextOf(stored));
  if (key.length !== 32) throw new Error('not a data key');
  return key;
}

function toKey(bytes: Buffer): KeyObject {
  const key = createSecretKey(bytes);
  bytes.fill(0);
  return key;
}

interface Memory {
  find(id: string): KeyObject | undefined;
  /** Reads once for all who ask at the same time. */
  once(id: string, read: () => Promise<KeyObject>): Promise<KeyObject>;
}

function createMemory(maxAge: number): Memory {
  const held = new Map<string, KeyObject>();
  const asked = new Map<string, Promise<KeyObject>>();
  const keep = (id: string, key: KeyObject) => {
    const [oldest] = held.keys();
    if (held.size >= CAPACITY && oldest !== undefined) held.delete(oldest);
    held.set(id, key);
    // A timer and no time stamp: a key that nobody asks for goes, too.
    setTimeout(() => held.get(id) === key && held.delete(id), maxAge).unref();
    return key;
  };
  return {
    find: (id) => held.get(id),
    once(id, read) {
      const running =
        asked.get(id) ??
        read()
          .then((key) => keep(id, key))
          .finally(() => asked.delete(id));
      asked.set(id, running);
      return running;
    },
  };
}
