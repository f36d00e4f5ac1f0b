import { SafeconductError } from '../../core/identity/errors.ts';
import { assertMinted, type Identity } from '../../core/identity/identity.ts';
import type { Clock } from '../../core/protocol/clock.ts';
import type { Fetch } from '../../core/protocol/fetch.ts';
import { type Bearing, credentialsOf, tokenOf } from './bearer.ts';
import { checkRequirement, enforce, type Requirement } from './require.ts';
import { routeOf } from './route.ts';
import { assertNoOther, type Trusted, type TrustedIssuer, trust } from './trust.ts';
import type { RecallingVerifier } from './verifier.ts';

/** What a guard asks for besides a token of a trusted issuer. */
export interface GuardOptions {
  /** What every request needs. Must name something; leave it out to require only a valid token. */
  readonly require?: Requirement;
  /** Asked for every request whose token verifies: anything but false refuses it as `token_expired`. `WebLogin.isEnded` is one. */
  readonly isEnded?: (identity: Identity) => boolean | Promise<boolean>;
  /** Default: the global `fetch`. */
  readonly fetch?: Fetch;
  /** Milliseconds since 1970. Default: `Date.now`. */
  readonly clock?: Clock;
}

/** What an API trusts, one issuer or several, and what it asks for. */
export type ProtectOptions = GuardOptions & (TrustedIssuer | { readonly issuers: readonly TrustedIssuer[] });

/**
 * Turns a request into the identity behind its access token, whoever of the trusted issuers made it and of whichever kind it is.
 *
 * Throws `token_missing`, `request_malformed`, `token_malformed`, `token_invalid`, `token_expired`; then `scope_missing`,
 * `role_missing`, `organization_refused`, `kind_refused`, `guest_refused`, `authentication_stale`; or `provider_unreachable`,
 * `provider_invalid`, `introspection_refused` and `session_unknown` when nobody can tell: it never lets a request through then.
 */
export type Guard = (request: Bearing, require?: Requirement) => Promise<Identity>;

/** A guard that answers at once where it can, and throws at once then. */
type Check = (request: Bearing, require: Requirement | undefined) => Identity | Promise<Identity>;

const checks = new WeakMap<Guard, Check>();

/**
 * Guards an API: JWT access tokens by their issuer's published keys (RFC 9068), opaque ones and personal access tokens by asking
 * the issuer (RFC 7662). Which of the two a token takes is settled by its form and by the preset.
 * Throws a `TypeError` for what can never be safe or never work: no audience, an empty requirement, symmetric algorithms, the same
 * issuer twice, two issuers that would be asked about the same tokens, an issuer that must be asked without `introspection`.
 */
export function protect(options: ProtectOptions): Guard {
  const { require, isEnded, fetch, clock = Date.now, ...trusting } = options;
  checkRequirement(require);
  if (isEnded !== undefined && typeof isEnded !== 'function') throw new TypeError('isEnded must be a function');
  const trusted = trust(issuersOf(trusting), { fetch, clock });
  const identify = identifierOf(trusted);
  const admit = (identity: Identity, needed: Requirement | undefined): Identity => {
    if (require !== undefined) enforce(identity, require, clock());
    if (needed !== undefined) enforce(identity, needed, clock());
    return identity;
  };
  const goOn = (identity: Identity, needed: Requirement | undefined): Identity | Promise<Identity> => {
    if (isEnded === undefined) return admit(identity, needed);
    const goesOn = assertGoesOn(identity, isEnded);
    return goesOn === undefined ? admit(identity, needed) : goesOn.then(() => admit(identity, needed));
  };
  const check: Check = (request, needed) => {
    checkRequirement(needed);
    const found = identify(credentialsOf(request), clock());
    return found instanceof Promise ? found.then((identity) => goOn(identity, needed)) : goOn(found, needed);
  };
  const guard: Guard = async (request, needed) => check(request, needed);
  checks.set(guard, check);
  return guard;
}

/**
 * Asks a guard, without a turn of the event loop where it knows the token already: gives the identity or throws at once then.
 * For adapters, inside this package.
 */
export function checkRequest(guard: Guard, request: Bearing, require?: Requirement): Identity | Promise<Identity> {
  const check = checks.get(guard);
  return check === undefined ? vouchedFor(guard, request, require) : check(request, require);
}

/** A guard that is not of our making: what it gives must be an identity that ours made. */
async function vouchedFor(guard: Guard, request: Bearing, require: Requirement | undefined): Promise<Identity> {
  const identity: unknown = await guard(request, require);
  assertMinted(identity);
  return identity;
}

function issuersOf(trusting: Omit<ProtectOptions, keyof GuardOptions>): readonly TrustedIssuer[] {
  if (!('issuers' in trusting)) return [trusting as TrustedIssuer];
  const { issuers, ...others } = trusting as { readonly issuers: readonly TrustedIssuer[] };
  assertNoOther(others, 'protect with issuers');
  if (!Array.isArray(issuers)) throw new TypeError('issuers must be a list of trusted issuers');
  return issuers;
}

/** Who is behind the value of an Authorization header. */
type Identifier = (credentials: string, nowMs: number) => Identity | Promise<Identity>;

function identifierOf(trusted: readonly Trusted[]): Identifier {
  const recalls = trusted.flatMap(({ recall }): RecallingVerifier['recall'][] => (recall === undefined ? [] : [recall]));
  const route = routeOf(trusted);
  return (credentials, nowMs) => {
    for (const recall of recalls) {
      const known = recall(credentials, nowMs);
      if (known !== undefined) return known;
    }
    const token = tokenOf(credentials);
    return route(token)(token, nowMs, credentials);
  };
}

// Whoever cannot tell must not guess: nobody gets in then, and whoever does not say false says that the session ended.
function assertGoesOn(identity: Identity, isEnded: NonNullable<GuardOptions['isEnded']>): Promise<void> | undefined {
  const ended = askWhether(identity, isEnded);
  if (typeof ended !== 'boolean') return Promise.resolve(ended).then(refuseIfEnded, nobodyCanTell);
  refuseIfEnded(ended);
  return undefined;
}

function askWhether(identity: Identity, isEnded: NonNullable<GuardOptions['isEnded']>): boolean | Promise<boolean> {
  try {
    return isEnded(identity);
  } catch (cause) {
    return nobodyCanTell(cause);
  }
}

function refuseIfEnded(ended: unknown): void {
  if (ended !== false) throw new SafeconductError('token_expired', { message: 'the session of this access token has ended' });
}

function nobodyCanTell(cause: unknown): never {
  throw new SafeconductError('session_unknown', { message: 'isEnded failed, so nobody can tell whether the session goes on', cause });
}
