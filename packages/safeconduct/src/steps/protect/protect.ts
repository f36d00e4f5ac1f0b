import { SafeconductError } from '../../core/identity/errors.ts';
import type { Identity } from '../../core/identity/identity.ts';
import type { Clock } from '../../core/protocol/clock.ts';
import type { Fetch } from '../../core/protocol/fetch.ts';
import { linkProvider, type ProviderLink } from '../../core/protocol/provider-link.ts';
import type { ProviderPreset } from '../../core/providers/preset.ts';
import { type Bearing, bearerOf } from './bearer.ts';
import { type VerifiedTokens, verifiedTokens } from './cache.ts';
import { jwtVerifier, type TokenVerifier } from './jwt.ts';
import { checkRequirement, enforce, type Requirement } from './require.ts';

/** What an API trusts and asks for. */
export interface ProtectOptions {
  readonly provider: ProviderPreset;
  /** This API, as `aud` names it. Of several one is enough. */
  readonly audience: string | readonly string[];
  /** What every request needs. Must name something; leave it out to require only a valid token. */
  readonly require?: Requirement;
  /** Asked for every request whose token verifies: true refuses it as `token_expired`. `WebLogin.isEnded` is one. */
  readonly isEnded?: (identity: Identity) => boolean | Promise<boolean>;
  /** Default: the global `fetch`. */
  readonly fetch?: Fetch;
  /** Milliseconds since 1970. Default: `Date.now`. */
  readonly clock?: Clock;
}

/**
 * Turns a request into the identity behind its access token.
 *
 * Throws `token_missing`, `request_malformed`, `token_malformed`, `token_invalid`, `token_expired`, `scope_missing`,
 * `role_missing`, or `provider_unreachable` and `provider_invalid` when the keys cannot be had: never lets a request through.
 */
export type Guard = (request: Bearing, require?: Requirement) => Promise<Identity>;

interface GuardWiring {
  readonly link: ProviderLink;
  readonly verify: TokenVerifier;
  readonly cache: VerifiedTokens;
  readonly options: ProtectOptions;
}

/**
 * Guards an API with JWT access tokens (RFC 9068), verified by the provider's published keys.
 * Throws a `TypeError` for what can never be safe: no audience, an empty requirement, symmetric algorithms.
 */
export function protect(options: ProtectOptions): Guard {
  const { provider, audience, fetch, clock } = options;
  const audiences = [audience].flat();
  if (audiences.length === 0 || audiences.includes('')) throw new TypeError('audience must name this API as the access tokens do');
  checkRequirement(options.require);
  const link = linkProvider({ ...provider, fetch, clock });
  const wiring: GuardWiring = { link, verify: jwtVerifier({ provider, link, audiences }), cache: verifiedTokens(), options };
  return async (request, require) => {
    checkRequirement(require);
    return await admit(wiring, request, require);
  };
}

async function admit(wiring: GuardWiring, request: Bearing, require: Requirement = {}): Promise<Identity> {
  const { isEnded, require: always = {} } = wiring.options;
  const identity = await identityOfToken(wiring, bearerOf(request));
  if (isEnded && (await isEnded(identity)))
    throw new SafeconductError('token_expired', { message: 'the session of this access token has ended' });
  enforce(identity, always);
  enforce(identity, require);
  return identity;
}

async function identityOfToken({ link, verify, cache }: GuardWiring, token: string): Promise<Identity> {
  const known = cache.get(token, link.clock(), link.keys.generation());
  if (known !== undefined) return known;
  const identity = await verify(token);
  cache.put(token, identity, link.keys.generation());
  return identity;
}
