import { createPublicKey, type KeyObject } from 'node:crypto';
import { SafeconductError } from '../identity/errors.ts';
import type { Clock } from './clock.ts';
import { type Fetch, isOutage } from './fetch.ts';
import { suits } from './jws.ts';

/** What a token's header says about the key that signed it. */
export interface KeyHint {
  readonly alg: string;
  readonly kid?: string;
}

/** The public keys of one provider. */
export interface Keys {
  /** The key if it is known and needs no fetch, else undefined. */
  known(hint: KeyHint): KeyObject | undefined;
  /** The key, fetched if need be; undefined if the provider has none. Throws `provider_unreachable` when that cannot be known. */
  find(hint: KeyHint): Promise<KeyObject | undefined>;
  /** Changes whenever the set of keys does, or is too old: drop what was verified under another one. Asking keeps the set fresh. */
  generation(): number;
}

/** Where keys come from, and how. */
export interface KeySource {
  /** Gives the address of the key set. */
  readonly jwksUri: () => Promise<string>;
  /** Bounded: see `boundedFetch`. */
  readonly fetch: Fetch;
  readonly clock: Clock;
}

interface PublicKey {
  readonly jwk: Readonly<Record<string, unknown>>;
  readonly key: KeyObject;
}

interface KeySet {
  readonly keys: readonly PublicKey[];
  readonly text: string;
  readonly at: number;
}

const freshMs = 10 * 60_000;
const staleMs = 24 * 60 * 60_000;
const cooldownMs = 30_000;
const retryAfterMs = 5_000;
const mostKeys = 64;
const smallestRsaBits = 2_048;

/**
 * Keeps a provider's key set: one fetch for all who wait, at most one in 30 s because of unknown key ids,
 * refreshed in the background after ten minutes, used for at most a day while the provider cannot be reached.
 */
export function createKeys({ jwksUri, fetch, clock }: KeySource): Keys {
  let set: KeySet | undefined;
  let failed: { readonly error: unknown; readonly at: number } | undefined;
  let running: Promise<void> | undefined;
  let generation = 0;

  const load = async (): Promise<void> => {
    try {
      const next = await readKeys(await jwksUri(), fetch, clock());
      if (next.text !== set?.text) generation++;
      set = next;
      failed = undefined;
    } catch (error) {
      failed = { error, at: clock() };
      throw error;
    } finally {
      running = undefined;
    }
  };
  const reload = (): Promise<void> => {
    if (failed && clock() - failed.at < retryAfterMs) return Promise.reject(failed.error);
    running ??= load();
    return running;
  };
  const age = (): number => (set === undefined ? Number.POSITIVE_INFINITY : clock() - set.at);

  const refreshIfOld = (): void => {
    if (set !== undefined && age() >= freshMs) reload().catch(() => undefined);
  };

  const known = (hint: KeyHint): KeyObject | undefined => (age() < freshMs ? pick(set, hint) : undefined);
  const find = async (hint: KeyHint): Promise<KeyObject | undefined> => {
    if (age() >= staleMs) await reload();
    const key = pick(set, hint);
    if (key !== undefined) {
      refreshIfOld();
      return key;
    }
    if (age() >= cooldownMs) await reload();
    return pick(set, hint);
  };
  const current = (): number => {
    refreshIfOld();
    return age() < staleMs ? generation : -1;
  };
  return { known, find, generation: current };
}

function pick(set: KeySet | undefined, { alg, kid }: KeyHint): KeyObject | undefined {
  const fitting = (set?.keys ?? []).filter(({ jwk }) => suits(alg, jwk) && (kid === undefined || jwk.kid === kid));
  // Without a key id the key must be unmistakable: OpenID Connect Core section 10.1.
  return fitting.length === 1 ? fitting[0]?.key : undefined;
}

async function readKeys(url: string, fetch: Fetch, at: number): Promise<KeySet> {
  const response = await fetch(url, { headers: { accept: 'application/jwk-set+json, application/json' } });
  if (isOutage(response)) throw new SafeconductError('provider_unreachable', { message: `${url} answered ${response.status}` });
  const text = await response.text();
  const keys = response.status === 200 ? parseKeys(text) : undefined;
  if (keys === undefined) throw new SafeconductError('provider_invalid', { message: `${url} answered ${response.status} and no key set` });
  return { keys, text, at };
}

function parseKeys(text: string): PublicKey[] | undefined {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof body !== 'object' || body === null || !('keys' in body) || !Array.isArray(body.keys)) return undefined;
  return body.keys.slice(0, mostKeys).flatMap((jwk: unknown) => importKey(jwk) ?? []);
}

// Symmetric keys, encryption keys, short RSA keys and what OpenSSL cannot read are passed over: others in the set may be good.
function importKey(jwk: unknown): PublicKey | undefined {
  if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk)) return undefined;
  const { kty, use, key_ops: operations, n, e, crv, x, y, kid, alg } = jwk as Record<string, unknown>;
  if (use !== undefined && use !== 'sig') return undefined;
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) return undefined;
  if (kty !== 'RSA' && kty !== 'EC' && kty !== 'OKP') return undefined;
  try {
    // Only public members go in, whatever else the provider published.
    const members = Object.entries({ kty, n, e, crv, x, y }).filter(([, value]) => typeof value === 'string');
    const key = createPublicKey({ format: 'jwk', key: Object.fromEntries(members) });
    if (kty === 'RSA' && (key.asymmetricKeyDetails?.modulusLength ?? 0) < smallestRsaBits) return undefined;
    return { jwk: { kty, crv, kid, alg }, key };
  } catch {
    return undefined;
  }
}
