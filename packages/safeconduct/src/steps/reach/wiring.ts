import { SafeconductError } from '../../core/identity/errors.ts';
import { assertMinted, type Identity } from '../../core/identity/identity.ts';
import type { ExchangeClient } from '../../core/protocol/connection-token.ts';
import type { Fetch } from '../../core/protocol/fetch.ts';
import type { RecentlyUsed } from '../../core/protocol/recently-used.ts';
import { acceptsIssuer } from '../../core/providers/issuers.ts';
import type { VaultPreset } from '../../core/providers/preset.ts';
import type { ConnectionToken, TokenOutcome } from './outcome.ts';

/** A token that is remembered for the sign-in that fetched it. */
export interface KeptToken {
  readonly outcome: ConnectionToken;
  /** Both ends: a clock that was set back must not make it last longer. */
  readonly fromMs: number;
  readonly untilMs: number;
}

/** What the parts of a reach share. */
export interface ReachWiring {
  readonly client: ExchangeClient;
  readonly vault: VaultPreset;
  readonly connectPath: ((connection: string, scopes: readonly string[]) => string) | undefined;
  /** As the program gave it: for third parties, whose answers are the caller's to bound. */
  readonly fetch: Fetch;
  readonly kept: RecentlyUsed<KeptToken>;
  readonly underWay: Map<string, Promise<TokenOutcome>>;
}

/**
 * Refuses whoever is no person of this provider whose identity still stands. Throws a `TypeError` for a look-alike and for an
 * identity of another provider: its tokens go to nobody else.
 */
export function assertReachable({ client }: ReachWiring, identity: Identity): void {
  assertMinted(identity);
  const { provider, clock } = client.link;
  if (!acceptsIssuer(provider, identity.issuer))
    throw new TypeError(`this identity comes from ${identity.issuer}, and its tokens go to nobody else: not to ${provider.issuer}`);
  if (identity.kind !== 'person')
    throw new SafeconductError('kind_refused', { message: 'a service has no connected accounts: only a person can connect one' });
  if (identity.expiresAt.getTime() <= clock())
    throw new SafeconductError('identity_ended', { message: 'the identity has expired: take the one of the current request or session' });
}

/** Refuses what no provider can have given as a name, before it becomes a part of an address. */
export function assertConnectionName(connection: string): void {
  if (typeof connection === 'string' && /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/.test(connection)) return;
  throw new SafeconductError('connection_refused', { message: 'no connection can have this name: letters, digits, - _ and . alone' });
}

/** Refuses scopes that a request could not carry: RFC 6749 section 3.3. */
export function assertScopes(scopes: readonly string[]): void {
  const sound = Array.isArray(scopes) && scopes.every((scope) => typeof scope === 'string' && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope));
  if (!sound) throw new TypeError('scopes must be a list of scopes, without spaces in them');
}
