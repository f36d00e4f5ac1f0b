import type { Identity } from '../../core/identity/identity.ts';
import {
  type ClientAuthMethod,
  clientAuthentication,
  noAuthentication,
  type PrivateJwk,
} from '../../core/protocol/client-authentication.ts';
import type { Clock } from '../../core/protocol/clock.ts';
import type { ConnectedAccount } from '../../core/protocol/connected-accounts.ts';
import type { ExchangeClient } from '../../core/protocol/connection-token.ts';
import { boundedFetch, type Fetch } from '../../core/protocol/fetch.ts';
import { linkProvider } from '../../core/protocol/provider-link.ts';
import { recentlyUsed } from '../../core/protocol/recently-used.ts';
import type { ProviderPreset } from '../../core/providers/preset.ts';
import { listLinks, unlink } from './accounts.ts';
import { type FetchAsOptions, fetchAs, type PersonFetch } from './fetch-as.ts';
import { finishLink, type LinkTransaction, type StartedLink, type StartLinkOptions, startLink } from './link.ts';
import type { TokenOutcome } from './outcome.ts';
import { type TokenOptions, tokenFor } from './token-for.ts';
import type { KeptToken, ReachWiring } from './wiring.ts';

/** The application as which connected accounts are used: the one that signs people in, or the API that they call. */
export interface ReachOptions {
  /** A provider that keeps connected accounts: `safeconduct` or `auth0`. */
  readonly provider: ProviderPreset;
  readonly clientId: string;
  /** Leave it out for a public client, where the connection allows those. */
  readonly clientSecret?: string;
  /** Instead of a secret: the assertion of RFC 7523 is signed with it. */
  readonly privateKey?: PrivateJwk;
  /** Default: `private_key_jwt` with a key; with a secret Basic, or the body where the provider takes no Basic. */
  readonly authMethod?: ClientAuthMethod;
  /** The address of a page of yours that connects an account. Default: the provider's own page; needed where it has none (`auth0`). */
  readonly connectPath?: (connection: string, scopes: readonly string[]) => string;
  /** Default: the global `fetch`. */
  readonly fetch?: Fetch;
  /** Milliseconds since 1970. Default: `Date.now`. */
  readonly clock?: Clock;
}

/**
 * Third-party APIs as the person. Everything takes the identity first, and the very object that login or protect gave: the tokens
 * behind it are what the provider is asked with.
 */
export interface Reach {
  /**
   * Gives an access token of the person's account, or says that one must be connected first and where. A token is remembered for a
   * minute, for the sign-in that fetched it.
   * Throws `connection_refused`, `identity_ended`, `kind_refused`, `vault_unavailable`, `provider_unreachable` or `provider_invalid`.
   */
  tokenFor(identity: Identity, connection: string, options?: TokenOptions): Promise<TokenOutcome>;
  /**
   * Gives a fetch that puts the token on requests, or sends them through the provider's proxy. It throws `connection_needed` with
   * the link, `destination_refused`, and what `tokenFor` throws.
   */
  fetchAs(identity: Identity, connection: string, options: FetchAsOptions): PersonFetch;
  /** Begins to connect an account: send the browser to `url`, and keep the transaction in the person's session. */
  startLink(identity: Identity, connection: string, options: StartLinkOptions): Promise<StartedLink>;
  /** Finishes it with the whole address that the browser came back to. Throws `link_invalid` or `link_denied`. */
  finishLink(identity: Identity, callback: URL, transaction: LinkTransaction): Promise<ConnectedAccount>;
  /** Lists the accounts that the person connected, of one connection or of all. */
  listLinks(identity: Identity, connection?: string): Promise<readonly ConnectedAccount[]>;
  /** Disconnects an account by its id. False when the person has no such account. */
  unlink(identity: Identity, id: string): Promise<boolean>;
}

const mostKept = 10_000;
// The provider may wait for a third party, which it gives five seconds.
const patienceMs = 15_000;

/**
 * Wires a reach. Calls nobody yet. Throws a `TypeError` for what can never work: a provider that keeps no connected accounts, one
 * without a page that connects them and no `connectPath`, both a secret and a key.
 */
export function createReach(options: ReachOptions): Reach {
  const reach = wire(options);
  return Object.freeze<Reach>({
    tokenFor: (identity, connection, wanted = {}) => tokenFor(reach, identity, { ...wanted, connection }),
    fetchAs: (identity, connection, how) => fetchAs(reach, identity, { ...how, connection }),
    startLink: (identity, connection, wanted) => startLink(reach, identity, { ...wanted, connection }),
    finishLink: (identity, callback, transaction) => finishLink(reach, identity, { callback, transaction }),
    listLinks: (identity, connection) => listLinks(reach, identity, connection),
    unlink: (identity, id) => unlink(reach, identity, id),
  });
}

function wire({ provider, clientId, connectPath, fetch: given, clock, ...proof }: ReachOptions): ReachWiring {
  const { vault } = provider;
  if (vault === undefined)
    throw new TypeError(`${provider.name} keeps no connected accounts that could be reached: use the preset safeconduct or auth0`);
  if (vault.connectUrl === undefined && connectPath === undefined)
    throw new TypeError(`${provider.name} has no page that connects accounts: give connectPath, the address of yours`);
  if (typeof clientId !== 'string' || clientId === '') throw new TypeError('clientId must not be empty');
  const fetch: Fetch = given ?? ((url, init) => globalThis.fetch(url, init));
  const link = linkProvider({ ...provider, fetch, clock });
  const client: ExchangeClient = Object.freeze({
    link,
    clientId,
    authentication: authenticationOf(proof, link.clock),
    fetch: boundedFetch(fetch, { timeoutMs: patienceMs }),
  });
  return Object.freeze({ client, vault, connectPath, fetch, kept: recentlyUsed<KeptToken>(mostKept), underWay: new Map() });
}

function authenticationOf(
  { clientSecret, privateKey, authMethod, ...others }: Pick<ReachOptions, 'clientSecret' | 'privateKey' | 'authMethod'>,
  clock: Clock,
): ExchangeClient['authentication'] {
  const names = Object.keys(others);
  if (names.length > 0) throw new TypeError(`${names.join(', ')} is no option of createReach`);
  if (clientSecret === undefined && privateKey === undefined && authMethod === undefined) return noAuthentication;
  return clientAuthentication({ clientSecret, privateKey, authMethod }, clock);
}
