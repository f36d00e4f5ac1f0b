import { SafeconductError } from '../identity/errors.ts';
import type { ProviderPreset } from '../providers/preset.ts';
import type { Clock } from './clock.ts';
import { discoverer, type Metadata } from './discovery.ts';
import { boundedFetch, type Fetch, isSafeUrl } from './fetch.ts';
import { supportedAlgorithms } from './jws.ts';
import { createKeys, type Keys } from './keys.ts';

/** One provider as the protocol sees it: its metadata and keys, cached, and a bounded way to call it. */
export interface ProviderLink {
  /** How it spells things, and whose tokens it may write. */
  readonly provider: ProviderPreset;
  readonly issuer: string;
  /** Pinned in configuration, never learned from the provider: RFC 8725 section 3.1. */
  readonly algorithms: readonly string[];
  readonly leewaySeconds: number;
  readonly metadata: () => Promise<Metadata>;
  readonly keys: Keys;
  readonly fetch: Fetch;
  readonly clock: Clock;
}

/** What a link is made of: a preset, and the world around it. */
export interface ProviderLinkOptions extends ProviderPreset {
  /** Default: the global `fetch`. */
  readonly fetch?: Fetch | undefined;
  /** Default: `Date.now`. */
  readonly clock?: Clock | undefined;
}

/** Wires a link. Calls nobody yet. Throws a `TypeError` for an issuer or an algorithm that cannot be used. */
export function linkProvider({ fetch, clock = Date.now, ...provider }: ProviderLinkOptions): ProviderLink {
  checkProvider(provider);
  const { issuer, discoveryUrl, algorithms, leewaySeconds } = provider;
  const bounded = boundedFetch(fetch ?? ((url, init) => globalThis.fetch(url, init)));
  const metadata = discoverer({ issuer, discoveryUrl, fetch: bounded, clock });
  const keys = createKeys({ jwksUri: async () => jwksUriOf(await metadata()), fetch: bounded, clock });
  const pinned = Object.freeze([...algorithms]);
  return Object.freeze({
    provider: Object.freeze(provider),
    issuer,
    algorithms: pinned,
    leewaySeconds,
    metadata,
    keys,
    fetch: bounded,
    clock,
  });
}

function checkProvider({ issuer, discoveryUrl, algorithms, leewaySeconds }: ProviderPreset): void {
  checkAddress('issuer', issuer);
  if (discoveryUrl !== undefined) checkAddress('discoveryUrl', discoveryUrl);
  if (discoveryUrl?.startsWith('http:') && issuer.startsWith('https:'))
    throw new TypeError(`discoveryUrl "${discoveryUrl}" must be https as the issuer is`);
  const unusable = algorithms.filter((name) => !supportedAlgorithms.includes(name));
  if (unusable.length > 0 || algorithms.length === 0) {
    throw new TypeError(`algorithms must be some of ${supportedAlgorithms.join(', ')}; got ${algorithms.join(', ') || 'none'}`);
  }
  if (!(leewaySeconds >= 0 && leewaySeconds <= 60)) throw new TypeError(`leewaySeconds must be 0 to 60; got ${leewaySeconds}`);
}

function checkAddress(name: string, value: string): void {
  if (!URL.canParse(value) || !isSafeUrl(new URL(value))) {
    throw new TypeError(`${name} "${value}" must be an https URL (http only for localhost, 127.0.0.1 and [::1])`);
  }
}

function jwksUriOf({ jwks_uri: address }: Metadata): string {
  if (address === undefined) throw new SafeconductError('provider_invalid', { message: 'the provider publishes no jwks_uri' });
  return address;
}
