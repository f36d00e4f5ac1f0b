/**
 * Key-encryption keys: they wrap the data keys of the vault and nothing else. The current one wraps; each that is known unwraps
 * what it wrapped, so that one can follow another while the issuer runs.
 */
import { createCipheriv, createDecipheriv, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';
import { deriveKey, type MasterKey } from '../secrets/seal.ts';
import type { Kek, Keks } from './kek.ts';
import { awsKek, type LoadKms, loadAwsKms } from './keks-aws.ts';

export interface KekOptions {
  /** The newest first. Without another key, keys derived from them wrap; what these wrapped stays readable. */
  readonly masterKeys: readonly MasterKey[];
  /** Keys for the vault alone, the newest first. */
  readonly vaultKeys?: readonly MasterKey[];
  /** Keys of a key management service that wrap instead: `aws-kms:` and an ARN or alias, the newest first, separated by commas. */
  readonly kms?: string | undefined;
  /** How its client is loaded. Default: from the package `@aws-sdk/client-kms`, which you install beside the issuer. */
  readonly loadKms?: LoadKms;
}

/**
 * Wires the keys and tries the current one. Throws a sentence for operators when it cannot wrap and unwrap now: an issuer that
 * could not open its vault does not start.
 */
export async function createKeks({ masterKeys, vaultKeys = [], kms = '', loadKms = loadAwsKms }: KekOptions): Promise<Keks> {
  const remote = kms.split(',').filter((id) => id !== '');
  const client = remote.length > 0 ? await loadKms() : undefined;
  const all: readonly Kek[] = [
    ...(client ? remote.map((id) => awsKek(id, client)) : []),
    ...vaultKeys.map(({ id, key }) => localKek(`key:${id}`, key)),
    ...masterKeys.map(({ id, key }) => localKek(`master:${id}`, deriveKey(key, 'vault'))),
  ];
  const known = new Map(all.map((kek) => [kek.id, kek]));
  const [current] = all;
  if (current === undefined) throw new TypeError('the vault needs a key: give masterKeys, vaultKeys or kms');
  await tryOut(current);
  return Object.freeze({ current, find: (id: string) => known.get(id) });
}

async function tryOut(kek: Kek): Promise<void> {
  const sample = randomBytes(32);
  const context = 'v1|start';
  try {
    const opened = await kek.unwrap(await kek.wrap(sample, context), context);
    if (opened.length !== sample.length || !timingSafeEqual(opened, sample)) throw new Error('it gave back another key');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'it failed';
    throw new Error(`the vault's key ${kek.id} cannot be used: ${reason}`, { cause });
  }
}

function localKek(id: string, key: KeyObject): Kek {
  const additional = (context: string) => Buffer.from(`v1|kek|${id}|${context}`);
  return Object.freeze({
    id,
    async wrap(dataKey: Buffer, context: string) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(additional(context));
      return Buffer.concat([nonce, cipher.update(dataKey), cipher.final(), cipher.getAuthTag()]).toString('base64url');
    },
    async unwrap(wrapped: string, context: string) {
      const box = Buffer.from(wrapped, 'base64url');
      if (box.length !== 60) throw new Error('not a wrapped key');
      const decipher = createDecipheriv('aes-256-gcm', key, box.subarray(0, 12), { authTagLength: 16 });
      decipher.setAAD(additional(context)).setAuthTag(box.subarray(44));
      return Buffer.concat([decipher.update(box.subarray(12, 44)), decipher.final()]);
    },
  });
}
