import { createPublicKey, type KeyObject } from 'node:crypto';
import { SafeconductError } from '../identity/errors.ts';
import { certificateAgrees } from './certificates.ts';
import type { Clock } from './clock.ts';
import { type Fetch, isOutage } from './fetch.ts';
import { suits } from './jws.ts';

/** What a token's header says about the key that signed it. */
export interface KeyHint {
  readonly alg: string;
  readonly kid?: string;
  /** SHA-1 thumbprint of the certificate, compared as text where the key has one too. */
  readonly x5t?: string;
}

/** A public key of a provider. */
export interface PublicKey {
  readonly key: KeyObject;
  /** Whose tokens it signs, where a key set serves several issuers: Entra ID's `issuer`, which may be a template. */
  readonly issuer?: string;
}

/** The public keys of one provider. */
export interface Keys {
  /** The key if it is known and needs no fetch, else undefined. */
  known(hint: KeyHint): PublicKey | undefined;
  /** The key, fetched if need be; undefined if the provider has none. Throws `provider_unreachable` when that cannot be known. */
  find(hint: KeyHint): Promise<PublicKey | undefined>;
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

interface PublishedKey extends PublicKey {
  readonly jwk: Readonly<Record<string, unknown>>;
}

interface KeySet {
  readonly keys: readonly PublishedKey[];
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
    // Neither way: a clock that was set back must not keep the last failure for as long.
    if (failed && Math.abs(clock() - failed.at) < retryAfterMs) return Promise.reject(failed.error);
    running ??= load();
    return running;
  };
  const age = (): number => (set === undefined ? Number.POSITIVE_INFINITY : clock() - set.at);

  /** The age of the set. An old one is fetched anew in the background. */
  const ageRefreshed = (): number => {
    const old = age();
    if (set !== undefined && old >= freshMs) reload().catch(() => undefined);
    return old;
  };

  const known = (hint: KeyHint): PublicKey | undefined => (ageRefreshed() < staleMs ? pick(set, hint) : undefined);
  const find = async (hint: KeyHint): Promise<PublicKey | undefined> => {
    if (age() >= staleMs) await reload();
    const key = pick(set, hint);
    if (key !== undefined) {
      ageRefreshed();
      return key;
    }
    if (age() >= cooldownMs) await reload();
    return pick(set, hint);
  };
  const current = (): number => (ageRefreshed() < staleMs ? generation : -1);
  return { known, find, generation: current };
}

function pick(set: KeySet | undefined, hint: KeyHint): PublicKey | undefined {
  const fitting = set?.keys.filter(({ jwk }) => fits(jwk, hint)) ?? [];
  // Without a key id the key must be unmistakable: OpenID Connect Core section 10.1.
  return fitting.length === 1 ? fitting[0] : undefined;
}

function fits(jwk: PublishedKey['jwk'], { alg, kid, x5t }: KeyHint): boolean {
  if (kid !== undefined && jwk.kid !== kid) return false;
  return suits(alg, jwk) && (x5t === undefined || jwk.x5t === undefined || jwk.x5t === x5t);
}

async function readKeys(url: string, fetch: Fetch, at: number): Promise<KeySet> {
  const response = await fetch(url, { headers: { accept: 'application/jwk-set+json, application/json' } });
  if (isOutage(response)) throw new SafeconductError('provider_unreachable', { message: `${url} answered ${response.status}` });
  const text = await response.text();
  const keys = response.status === 200 ? parseKeys(text) : undefined;
  if (keys === undefined) throw new SafeconductError('provider_invalid', { message: `${url} answered ${response.status} and no key set` });
  return { keys, text, at };
}

function parseKeys(text: string): PublishedKey[] | undefined {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof body !== 'object' || body === null || !('keys' in body) || !Array.isArray(body.keys)) return undefined;
  return body.keys.slice(0, mostKeys).flatMap((jwk: unknown) => importKey(jwk) ?? []);
}

// Symmetric keys, encryption keys, short RSA keys, keys whose certificate is about another key, and what OpenSSL cannot read are
// passed over: others in the set may be good.
function importKey(jwk: unknown): PublishedKey | undefined {
  if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk)) return undefined;
  const { kty, use, key_ops: operations, n, e, crv, x, y, kid, alg, x5t, issuer } = jwk as Record<string, unknown>;
  if (use !== undefined && use !== 'sig') return undefined;
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) return undefined;
  if (kty !== 'RSA' && kty !== 'EC' && kty !== 'OKP') return undefined;
  try {
    // Only public members go in, whatever else the provider published.
    const members = Object.entries({ kty, n, e, crv, x, y }).filter(([, value]) => typeof value === 'string');
    const key = createPublicKey({ format: 'jwk', key: Object.fromEntries(members) });
    if (kty === 'RSA' && (key.asymmetricKeyDetails?.modulusLength ?? 0) < smallestRsaBits) return undefined;
    if (!certificateAgrees(key, jwk)) return undefined;
    return { jwk: { kty, crv, kid, alg, x5t }, key, ...(issuer !== undefined && { issuer: String(issuer) }) };
  } catch {
    return undefined;
  }
}
