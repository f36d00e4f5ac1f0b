import type { Identity } from 'safeconduct/identity';
import { SafeconductError } from 'safeconduct/identity';
import type { Reach } from 'safeconduct/reach';
import type { UsedConnection } from './connections.ts';

/** What came of asking a third party as the person. */
export type FederatedOutcome =
  | { readonly kind: 'answer'; readonly data: unknown }
  /** Nothing is connected, or less than is needed, or it does not work any more. */
  | { readonly kind: 'connect' }
  /** The third party refused, or answered with something else than data. */
  | { readonly kind: 'failed'; readonly status: number };

const largestAnswer = 1_000_000;

/** What is asked of it: to show what is there, or to add something. */
export interface Question {
  readonly identity: Identity;
  readonly connection: UsedConnection;
  readonly added?: { readonly title: string; readonly day: string };
}

/** Asks the third party as the person. Throws what `safeconduct/reach` throws when the provider cannot help. */
export async function askAs(reach: Reach, { identity, connection, added }: Question): Promise<FederatedOutcome> {
  const { id, url, read, add } = connection;
  const { scopes } = added === undefined ? read : add;
  const asPerson = reach.fetchAs(identity, id, { scopes, origins: [url.origin] });
  const headers = { accept: 'application/json', 'content-type': 'application/json' };
  const write = added !== undefined && { method: 'POST', body: JSON.stringify(added) };
  try {
    const response = await asPerson(url, { headers, ...write, signal: AbortSignal.timeout(5_000) });
    // A new token was tried before this: the person took the account back there, and has to connect it again.
    if (response.status === 401) return { kind: 'connect' };
    return response.ok ? await dataOf(response) : { kind: 'failed', status: response.status };
  } catch (error) {
    if (!(error instanceof SafeconductError)) return { kind: 'failed', status: 0 };
    if (error.code === 'connection_needed') return { kind: 'connect' };
    throw error;
  }
}

async function dataOf(response: Response): Promise<FederatedOutcome> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > largestAnswer) return { kind: 'failed', status: response.status };
    chunks.push(chunk);
  }
  return { kind: 'answer', data: JSON.parse(Buffer.concat(chunks).toString()) };
}
