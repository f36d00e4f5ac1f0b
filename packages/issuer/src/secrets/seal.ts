/** Encryption at rest: AES-256-GCM with a key id, so that the master key can be rotated. */
import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import type { DerivedKey } from './inventory.ts';

/** One master key. `id` names it in every box it seals. */
export interface MasterKey {
  /** Eight hex digits: says which key sealed a box and tells nothing about the key. */
  readonly id: string;
  readonly key: KeyObject;
}

/** Closes and opens boxes. `context` is bound to the box: what was sealed for one row does not open for another. */
export interface Seal {
  /** Gives `sc1.<key id>.<nonce>.<ciphertext>.<tag>`, the parts in base64url. */
  seal(text: string, context: string): string;
  /** Throws when the box was changed, belongs to another context, or its key is not among ours. */
  unseal(box: string, context: string): string;
  /** Whether the box was sealed with an older key and should be sealed again. */
  stale(box: string): boolean;
}

/** Wires a seal. The first key seals; all of them open. */
export function createSeal(keys: readonly MasterKey[]): Seal {
  const [newest] = keys;
  if (newest === undefined) throw new TypeError('a seal needs at least one master key');
  const derived = new Map(keys.map(({ id, key }) => [id, deriveKey(key, 'seal')]));
  const newestKey = derived.get(newest.id) as KeyObject;
  return Object.freeze({
    seal: (text: string, context: string) => sealWith(newestKey, newest.id, text, context),
    unseal: (box: string, context: string) => unsealWith(derived, box, context),
    stale: (box: string) => box.split('.')[1] !== newest.id,
  });
}

/** Derives a key for one purpose (HKDF-SHA-256), so that no two uses share key material. */
export function deriveKey(master: KeyObject, purpose: DerivedKey): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', master, Buffer.alloc(0), `safeconduct|v1|${purpose}`, 32)));
}

function sealWith(key: KeyObject, id: string, text: string, context: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(additionalData(id, context));
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return ['sc1', id, ...[nonce, body, cipher.getAuthTag()].map((part) => part.toString('base64url'))].join('.');
}

function unsealWith(keys: ReadonlyMap<string, KeyObject>, box: string, context: string): string {
  const [version, id = '', ...rest] = box.split('.');
  const parts = rest.map((part) => Buffer.from(part, 'base64url'));
  const [nonce, body, tag] = parts;
  // Base64url has spare bits at its end: only the one canonical spelling of a box is that box.
  const canonical = parts.every((part, at) => part.toString('base64url') === rest[at]);
  if (version !== 'sc1' || rest.length !== 3 || !canonical || !nonce || !body || !tag || nonce.length !== 12)
    throw new Error('not a sealed value');
  const key = keys.get(id);
  if (key === undefined)
    throw new Error(
      `this database was sealed with master key ${id}: add it to SAFECONDUCT_MASTER_KEY after the newest one (in development: use the data directory that holds its master.key)`,
    );
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 }).setAAD(additionalData(id, context)).setAuthTag(tag);
  return decipher.update(body, undefined, 'utf8') + decipher.final('utf8');
}

const additionalData = (id: string, context: string): Buffer => Buffer.from(`v1|${id}|${context}`);
