import { createCipheriv, createDecipheriv, createHash, createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';

/** Seals text so that only a holder of the same secret, for the same purpose, can read or make it. */
export interface Seal {
  /** `purpose` says what and whose it is: sealed text of one place cannot be moved to another. */
  seal(text: string, purpose: string): string;
  /** The text, or undefined if it was made for another purpose, by another secret, or changed. */
  unseal(sealed: string, purpose: string): string | undefined;
}

interface SealingKey {
  readonly id: string;
  readonly key: KeyObject;
}

const shortestSecret = 32;

/** AES-256-GCM with keys derived from `secrets` (HKDF-SHA-256). The first one seals, all of them unseal: so they can be rotated. */
export function createSeal(secrets: readonly string[]): Seal {
  if (secrets.length === 0 || secrets.some((secret) => secret.length < shortestSecret)) {
    throw new TypeError(`secret must have at least ${shortestSecret} characters: make one with \`openssl rand -base64 32\``);
  }
  const keys = secrets.map(deriveKey);
  const current = keys[0] as SealingKey;
  return Object.freeze({
    seal: (text: string, purpose: string) => sealWith(current, text, purpose),
    unseal: (sealed: string, purpose: string) => unsealWith(keys, sealed, purpose),
  });
}

function deriveKey(secret: string): SealingKey {
  const bytes = Buffer.from(hkdfSync('sha256', secret, '', 'safeconduct web login', 32));
  const id = createHash('sha256').update(bytes).digest('base64url').slice(0, 6);
  return { id, key: createSecretKey(bytes) };
}

function sealWith({ id, key }: SealingKey, text: string, purpose: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(purpose));
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return `sc1.${id}.${Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url')}`;
}

function unsealWith(keys: readonly SealingKey[], sealed: string, purpose: string): string | undefined {
  const [version, id, encoded, ...more] = sealed.split('.');
  const found = keys.find((candidate) => candidate.id === id);
  const bytes = Buffer.from(encoded ?? '', 'base64url');
  if (version !== 'sc1' || found === undefined || more.length > 0 || bytes.length < 28) return undefined;
  try {
    const decipher = createDecipheriv('aes-256-gcm', found.key, bytes.subarray(0, 12), { authTagLength: 16 });
    decipher.setAAD(Buffer.from(purpose)).setAuthTag(bytes.subarray(12, 28));
    return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}
