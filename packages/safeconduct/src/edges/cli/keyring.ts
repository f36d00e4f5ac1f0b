import { randomBytes } from 'node:crypto';
import type { AsyncEntry } from '@napi-rs/keyring';

/** Keeps one key per account where the system keeps its passwords. */
export interface Keyring {
  /** The key of this account, made when there is none. */
  provide(account: string): Promise<Buffer>;
  /** The key of this account, or undefined when there is none. */
  find(account: string): Promise<Buffer | undefined>;
  forget(account: string): Promise<void>;
}

const service = 'safeconduct';
const keyBytes = 32;
const answerWithin = 3_000;

type EntryClass = typeof AsyncEntry;

async function loadEntryClass(): Promise<EntryClass | undefined> {
  try {
    return (await import('@napi-rs/keyring')).AsyncEntry;
  } catch {
    return undefined; // an optional package: not installed, or not made for this system
  }
}

/** A locked keyring may wait for somebody who is not there. */
const soon = (): AbortSignal => AbortSignal.timeout(answerWithin);

/** Writes, reads and deletes once. Many machines have the library and no keyring behind it. */
async function works(Entry: EntryClass): Promise<boolean> {
  const value = randomBytes(8).toString('hex');
  try {
    const entry = new Entry(service, `check-${value}`);
    await entry.setPassword(value, soon());
    const kept = (await entry.getPassword(soon())) === value;
    return (await entry.deletePassword(soon())) && kept;
  } catch {
    return false;
  }
}

const decode = (value: string | null): Buffer | undefined => {
  const key = Buffer.from(value ?? '', 'base64url');
  return key.length === keyBytes ? key : undefined;
};

/** The system's keyring, or undefined when there is none that works. */
export async function openKeyring(): Promise<Keyring | undefined> {
  const Entry = await loadEntryClass();
  if (!Entry || !(await works(Entry))) return undefined;
  const find = async (account: string) => decode(await new Entry(service, account).getPassword(soon()));
  return {
    find,
    provide: async (account) => {
      const known = await find(account);
      if (known) return known;
      const key = randomBytes(keyBytes);
      await new Entry(service, account).setPassword(key.toString('base64url'), soon());
      return key;
    },
    forget: async (account) => {
      await new Entry(service, account).deletePassword(soon());
    },
  };
}
