/** AWS KMS as the key that wraps. Its client is an optional package, loaded only where a key of it is configured. */
import type * as Kms from '@aws-sdk/client-kms';
import { type Kek, KekUnavailable } from './kek.ts';

export type LoadKms = () => Promise<typeof Kms>;

const PREFIX = 'aws-kms:';
/** Milliseconds for one call, with all that the client tries. */
const DEADLINE = 2_000;

export async function loadAwsKms(): Promise<typeof Kms> {
  try {
    return await import('@aws-sdk/client-kms');
  } catch (cause) {
    throw new Error('a key of AWS KMS is configured, and its client is missing: npm install @aws-sdk/client-kms', { cause });
  }
}

/** The key `aws-kms:` and its ARN or alias. Credentials, and the region of an alias, are found as the client always finds them. */
export function awsKek(id: string, { KMSClient, EncryptCommand, DecryptCommand }: typeof Kms): Kek {
  const KeyId = id.slice(PREFIX.length);
  if (!id.startsWith(PREFIX) || KeyId === '') throw new Error('name the key as aws-kms: and its ARN or alias');
  // arn:aws:kms:eu-central-1:111122223333:key/…
  const region = KeyId.startsWith('arn:') ? KeyId.split(':')[3] : undefined;
  const client = new KMSClient({ ...(region && { region }), maxAttempts: 2 });
  return Object.freeze({
    id,
    async wrap(key: Buffer, context: string) {
      const command = new EncryptCommand({ KeyId, Plaintext: key, EncryptionContext: { safeconduct: context } });
      const { CiphertextBlob } = await answered(id, (abortSignal) => client.send(command, { abortSignal }));
      return Buffer.from(present(CiphertextBlob)).toString('base64url');
    },
    async unwrap(wrapped: string, context: string) {
      const CiphertextBlob = Buffer.from(wrapped, 'base64url');
      const command = new DecryptCommand({ KeyId, CiphertextBlob, EncryptionContext: { safeconduct: context } });
      const { Plaintext } = await answered(id, (abortSignal) => client.send(command, { abortSignal }));
      return Buffer.from(present(Plaintext));
    },
  });
}

function present(bytes: Uint8Array | undefined): Uint8Array {
  if (bytes === undefined) throw new KekUnavailable('the key management service gave an answer without a key');
  return bytes;
}

/** The service's own words may name accounts and roles; the name of its error says enough. */
async function answered<T>(id: string, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
  try {
    return await ask(AbortSignal.timeout(DEADLINE));
  } catch (cause) {
    const name = cause instanceof Error ? cause.name : 'Error';
    // The answers that are about what was wrapped and not about the service.
    if (name === 'InvalidCiphertextException' || name === 'IncorrectKeyException') throw new Error(`${id} did not wrap this`, { cause });
    const reason = name === 'TimeoutError' || name === 'AbortError' ? `no answer in ${DEADLINE / 1000} seconds` : name;
    throw new KekUnavailable(`the key management service refused or was away (${reason})`, { cause });
  }
}
