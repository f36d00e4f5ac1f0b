import { timingSafeEqual } from 'node:crypto';
import { SafeconductError } from '../../core/identity/errors.ts';
import type { Identity } from '../../core/identity/identity.ts';
import { beginConnecting, type ConnectedAccount, completeConnecting } from '../../core/protocol/connected-accounts.ts';
import { freshSecrets } from '../../core/protocol/front-channel.ts';
import { errorCodeOf } from '../../core/protocol/tokens.ts';
import { accountsApi } from './accounts.ts';
import { assertConnectionName, assertReachable, assertScopes, type ReachWiring } from './wiring.ts';

/** What to connect. */
export interface StartLinkOptions {
  /** More than the connection always asks for. */
  readonly scopes?: readonly string[];
  /** Where the browser comes back to: a redirect URI of this application. */
  readonly redirectUri: string;
}

/**
 * What one connecting must remember from its start to its finish. Plain JSON. It is a secret (it holds the PKCE verifier) and belongs
 * to one session: keep it there or seal it, and use it once.
 */
export interface LinkTransaction {
  readonly issuer: string;
  readonly clientId: string;
  readonly subject: string;
  readonly connection: string;
  readonly redirectUri: string;
  readonly state: string;
  readonly verifier: string;
  /** What the provider tied it to. */
  readonly session: string;
  /** Milliseconds since 1970. */
  readonly endsAt: number;
}

/** A connecting that has begun: where to send the person, and what to remember until they are back. */
export interface StartedLink {
  readonly url: URL;
  readonly transaction: LinkTransaction;
}

/** Begins to connect an account. */
export async function startLink(
  reach: ReachWiring,
  identity: Identity,
  { connection, scopes = [], redirectUri }: StartLinkOptions & { readonly connection: string },
): Promise<StartedLink> {
  assertConnectionName(connection);
  assertScopes(scopes);
  const api = await accountsApi(reach, identity, 'create');
  const { state, verifier } = freshSecrets();
  const { url, session, lifetimeMs } = await beginConnecting(api, { connection, redirectUri, state, verifier, scopes });
  const { issuer, subject } = identity;
  const endsAt = reach.client.link.clock() + lifetimeMs;
  const { clientId } = reach.client;
  return { url, transaction: Object.freeze({ issuer, clientId, subject, connection, redirectUri, state, verifier, session, endsAt }) };
}

/** Finishes it: the person, the state and the answer are looked at before anything is sent. */
export async function finishLink(
  reach: ReachWiring,
  identity: Identity,
  { callback, transaction }: { readonly callback: URL; readonly transaction: LinkTransaction },
): Promise<ConnectedAccount> {
  assertReachable(reach, identity);
  checkTransaction(reach, identity, transaction);
  const code = codeOf(callback, transaction);
  const api = await accountsApi(reach, identity, 'create');
  const { session, redirectUri, verifier, connection } = transaction;
  const account = await completeConnecting(api, { session, code, redirectUri, verifier });
  if (account.connection !== connection) throw invalid('the account is one of another connection');
  // A token with fewer scopes may be remembered.
  reach.kept.clear();
  return account;
}

function checkTransaction({ client }: ReachWiring, identity: Identity, transaction: LinkTransaction): void {
  const { issuer, clientId, subject, endsAt } = transaction;
  if (endsAt <= client.link.clock()) throw invalid('it took too long');
  if (issuer !== identity.issuer || clientId !== client.clientId) throw invalid('it was begun with another provider or application');
  if (subject !== identity.subject) throw invalid('somebody else began it');
}

function codeOf({ searchParams }: URL, { state }: LinkTransaction): string {
  if (!isSame(single(searchParams, 'state') ?? '', state)) throw invalid('state is another one');
  if (searchParams.has('error')) {
    const error = errorCodeOf({ error: single(searchParams, 'error') }) ?? 'an unreadable error';
    throw new SafeconductError('link_denied', { message: `connecting ended with ${error}`, cause: { error } });
  }
  const code = single(searchParams, 'connect_code');
  if (!code) throw invalid('it holds no connect_code');
  return code;
}

// A parameter that is sent twice is no parameter: RFC 6749 section 3.1.
function single(parameters: URLSearchParams, name: string): string | undefined {
  const values = parameters.getAll(name);
  if (values.length > 1) throw invalid(`${name} is there more than once`);
  return values[0];
}

function isSame(one: string, other: string): boolean {
  const [first, second] = [Buffer.from(one), Buffer.from(other)];
  return first.length === second.length && timingSafeEqual(first, second);
}

function invalid(why: string): SafeconductError {
  return new SafeconductError('link_invalid', { message: `the answer does not finish this connecting: ${why}` });
}
