import { SafeconductError } from '../identity/errors.ts';
import type { Clock } from './clock.ts';
import { discoverer, type Metadata } from './discovery.ts';
import { boundedFetch, type Fetch, isSafeUrl } from './fetch.ts';
import { supportedAlgorithms } from './jws.ts';
import { createKeys, type Keys } from './keys.ts';

/** One provider as the protocol sees it: its metadata and keys, cached, and a bounded way to call it. */
export interface ProviderLink {
  readonly issuer: string;
  /** Pinned in configuration, never learned from the provider: RFC 8725 section 3.1. */
  readonly algorithms: readonly string[];
  readonly leewaySeconds: number;
  readonly metadata: () => Promise<Metadata>;
  readonly keys: Keys;
  readonly fetch: Fetch;
  readonly clock: Clock;
}

/** What a link is made of. */
export interface ProviderLinkOptions {
  readonly issuer: string;
  readonly algorithms: readonly string[];
  readonly leewaySeconds: number;
  /** Default: the global `fetch`. */
  readonly fetch?: Fetch | undefined;
  /** Default: `Date.now`. */
  readonly clock?: Clock | undefined;
}

/** Wires a link. Calls nobody yet. Throws a `TypeError` for an issuer or an algorithm that cannot be used. */
export function linkProvider({ issuer, algorithms, leewaySeconds, fetch, clock = Date.now }: ProviderLinkOptions): ProviderLink {
  if (!URL.canParse(issuer) || !isSafeUrl(new URL(issuer))) {
    throw new TypeError(`issuer "${issuer}" must be an https URL (http only for localhost, 127.0.0.1 and [::1])`);
  }
  const unusable = algorithms.filter((name) => !supportedAlgorithms.includes(name));
  if (unusable.length > 0 || algorithms.length === 0) {
    throw new TypeError(`algorithms must be some of ${supportedAlgorithms.join(', ')}; got ${algorithms.join(', ') || 'none'}`);
  }
  if (!(leewaySeconds >= 0 && leewaySeconds <= 60)) throw new TypeError(`leewaySeconds must be 0 to 60; got ${leewaySeconds}`);
  const bounded = boundedFetch(fetch ?? ((url, init) => globalThis.fetch(url, init)));
  const metadata = discoverer({ issuer, fetch: bounded, clock });
  const keys = createKeys({ jwksUri: async () => jwksUriOf(await metadata()), fetch: bounded, clock });
  return Object.freeze({ issuer, algorithms: Object.freeze([...algorithms]), leewaySeconds, metadata, keys, fetch: bounded, clock });
}

function jwksUriOf({ jwks_uri: address }: Metadata): string {
  if (address === undefined) throw new SafeconductError('provider_invalid', { message: 'the provider publishes no jwks_uri' });
  return address;
}
