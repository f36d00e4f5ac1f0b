/** What each call does: begins a connecting, completes it, lists, disconnects. For one person, through one application. */
import type { ConnectedAccount } from '../connections/accounts.ts';
import { beyond, findListed, isRegistered, type Listed, usualScopes } from '../connections/asking.ts';
import type { Connections } from '../connections/registry.ts';
import type { Tickets } from '../connections/tickets.ts';
import type { Vault } from '../connections/vault.ts';
import { findApplication } from '../orgs/applications.ts';
import type { Store } from '../store/database.ts';
import { accountsQuery, completeBody, connectBody, connectionsQuery, invalid, readBody, readQuery } from './input.ts';
import { MeProblem } from './problem.ts';

export interface Desk {
  readonly issuer: string;
  readonly store: Store;
  readonly connections: Connections;
  readonly vault: Vault;
  readonly tickets: Tickets;
}

/** Who calls: a person, and the application that got the token. */
export interface MeCaller {
  readonly userId: string;
  readonly organizationId: string;
  readonly clientId: string;
}

/** What the server knows of a request, and the request itself cannot claim. */
export interface Origin {
  readonly requestId: string | undefined;
  readonly ip: string | undefined;
}

export interface Call {
  readonly desk: Desk;
  readonly caller: MeCaller;
  readonly request: Request;
  readonly origin: Origin;
}

/** `POST /connect`: checks what is asked for and gives a ticket for the browser. */
export async function connect({ desk, caller, request }: Call): Promise<object> {
  const body = await readBody(request, connectBody);
  const listed = await listedFor(desk, caller, body.connection);
  const address = body.redirect_uri;
  if (!(await isRegistered(desk.store, listed.application, { address })))
    throw invalid([field('redirect_uri', 'must be a registered redirect address of this application, exactly')]);
  const scopes = [...new Set(body.scopes ?? usualScopes(listed))];
  const more = beyond(listed, scopes);
  if (more.length > 0)
    throw invalid([field('scopes', `holds what this application may not ask for at this connection: ${more.join(' ')}`)]);
  const opened = await desk.tickets.open({
    userId: caller.userId,
    applicationId: caller.clientId,
    connectionId: listed.connection.id,
    redirectUri: address,
    state: body.state,
    codeChallenge: body.code_challenge,
    scopes,
    params: body.authorization_params ?? {},
  });
  if (!opened) throw new MeProblem('many', 'too many of these are open for this person: finish one, or wait ten minutes');
  const { ticket, authSession, expiresIn } = opened;
  return { auth_session: authSession, connect_uri: `${desk.issuer}/connect`, connect_params: { ticket }, expires_in: expiresIn };
}

/** `POST /complete`: puts what the third party gave into the vault, once, for whoever began. */
export async function complete({ desk, caller, request }: Call): Promise<object> {
  const body = await readBody(request, completeBody);
  const completed = await desk.tickets.complete({
    userId: caller.userId,
    applicationId: caller.clientId,
    authSession: body.auth_session,
    connectCode: body.connect_code,
    redirectUri: body.redirect_uri,
    codeVerifier: body.code_verifier,
  });
  // One answer for all: which of them was wrong is nobody's business.
  if (!completed)
    throw new MeProblem('invalid', 'auth_session, connect_code, redirect_uri and code_verifier do not belong together, or were used');
  const { ticket, result } = completed;
  const listed = await listedFor(desk, caller, ticket.connectionId);
  const granted = result.tokens.scopes ?? ticket.scopes;
  const account = await desk.vault.keep({
    userId: caller.userId,
    organizationId: listed.connection.organizationId,
    connection: listed.connection,
    account: result.account,
    tokens: result.tokens,
    asked: ticket.scopes,
    application: { id: caller.clientId, scopes: ticket.scopes.filter((scope) => granted.includes(scope)) },
  });
  return shown(account);
}

/** `GET /accounts`: what the application may see, in pages. */
export async function accounts({ desk, caller, request }: Call): Promise<object> {
  const { connection, ...page } = readQuery(request, accountsQuery);
  const seen = await visible(desk, caller, connection);
  const { items, next } = cut(seen, page);
  return { accounts: items.map(shown), ...(next !== undefined && { next }) };
}

/** `GET /connections`: where the person can connect an account for the application, in pages. */
export async function connections({ desk, caller, request }: Call): Promise<object> {
  const page = readQuery(request, connectionsQuery);
  const all = await desk.connections.ofOrganization(caller.organizationId);
  const usable = all.filter((one) => one.accounts && !one.disabled && one.applications.has(caller.clientId));
  const { items, next } = cut(usable, page);
  const list = items.map((connection) => {
    const use = connection.applications.get(caller.clientId);
    return { name: connection.id, strategy: connection.preset, scopes: use ? [...usualScopes({ connection, use })] : [] };
  });
  return { connections: list, ...(next !== undefined && { next }) };
}

/**
 * `DELETE /accounts/{id}`: ends the account at the third party and here. One that other applications use, too, only stops being
 * this application's, unless it is one of the organization's own.
 */
export async function remove({ desk, caller, origin }: Call, id: string): Promise<undefined> {
  const account = (await visible(desk, caller, undefined)).find((one) => one.id === id);
  if (!account) throw new MeProblem('unknown', 'there is no such connected account');
  const by = { actor: caller.userId, client: caller.clientId, ...origin };
  const shared = account.uses.some(({ applicationId }) => applicationId !== caller.clientId);
  if (shared && !(await isFirstParty(desk, caller)))
    await desk.vault.withdraw(id, { applicationId: caller.clientId, userId: caller.userId, by });
  else await desk.vault.disconnect(id, { userId: caller.userId, by });
  return undefined;
}

/** Accounts that an application may see: those that it may use; the organization's own applications see all of a person's. */
async function visible(desk: Desk, caller: MeCaller, connectionId: string | undefined): Promise<ConnectedAccount[]> {
  const all = await desk.vault.list(caller.userId, { connectionId });
  if (await isFirstParty(desk, caller)) return all;
  return all.filter(({ uses }) => uses.some(({ applicationId }) => applicationId === caller.clientId));
}

async function isFirstParty({ store }: Desk, { clientId }: MeCaller): Promise<boolean> {
  return (await findApplication(store, clientId))?.firstParty === true;
}

async function listedFor(desk: Desk, { clientId, organizationId }: MeCaller, connectionId: string): Promise<Listed> {
  const listed = await findListed(desk, { connectionId, clientId });
  // A connection of another organization, and one that this application may not use, are not there.
  if (typeof listed !== 'string' && listed.connection.organizationId === organizationId) return listed;
  const off = listed === 'connection_off' ? ', or it is switched off' : '';
  throw new MeProblem(
    'unknown',
    `this application has no connection of this name${off}: GET /me/v1/connected-accounts/connections lists them`,
  );
}

const field = (name: string, detail: string) => ({ detail, field: name, pointer: `/${name}`, source: 'body' }) as const;

function shown({ id, connectionId, scopes, connectedAt }: ConnectedAccount): object {
  return { id, connection: connectionId, access_type: 'offline', scopes, created_at: connectedAt.toISOString() };
}

interface Page {
  readonly take: number;
  readonly from?: string | undefined;
  readonly next?: string | undefined;
}

/** One page of things that are in the order of their ids. */
function cut<T extends { readonly id: string }>(
  all: readonly T[],
  { take, from, next }: Page,
): { items: readonly T[]; next: string | undefined } {
  const after = from ?? next;
  const rest = all.toSorted((a, b) => (a.id < b.id ? -1 : 1)).filter(({ id }) => after === undefined || id > after);
  const items = rest.slice(0, take);
  return { items, next: rest.length > take ? items.at(-1)?.id : undefined };
}
