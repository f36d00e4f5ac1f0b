/** Which application asks a person to connect an account, whether it may, and where it may send the person back to. */
import { findApplication, type RegisteredApplication } from '../orgs/applications.ts';
import type { Statement, Store } from '../store/database.ts';
import type { Connection, ConnectionUse } from './connection.ts';
import type { Connections } from './registry.ts';

/** An application, and the connection that it may use. */
export interface Listed {
  readonly connection: Connection;
  readonly application: RegisteredApplication;
  readonly use: ConnectionUse;
}

/** Why an application may not ask. */
export type NotListed = 'connection_unknown' | 'connection_off' | 'application_unknown' | 'application_not_listed' | 'application_public';

export interface Named {
  readonly connectionId: string;
  readonly clientId: string;
}

type Desk = { readonly store: Pick<Store, 'run'>; readonly connections: Connections };

/** Finds both, or says why not. */
export async function findListed({ store, connections }: Desk, { connectionId, clientId }: Named): Promise<Listed | NotListed> {
  const connection = await connections.find(connectionId);
  if (!connection?.accounts) return 'connection_unknown';
  if (connection.disabled) return 'connection_off';
  const application = await findApplication(store, clientId);
  if (!application) return 'application_unknown';
  const use = connection.applications.get(clientId);
  if (!use) return 'application_not_listed';
  // Whoever cannot prove itself gets no token later: nobody should connect anything for it.
  if (application.authMethod === 'none' && !connection.publicClients) return 'application_public';
  return { connection, application, use };
}

/** The scopes that are meant when an application names none. To stay connected is the vault's need, and no application's. */
export function usualScopes({ connection, use }: Pick<Listed, 'connection' | 'use'>): readonly string[] {
  return use.scopes === 'all' ? connection.scopes.filter((scope) => scope !== 'offline_access') : use.scopes;
}

/** Those of `scopes` that this application may not ask for here. */
export function beyond({ connection, use }: Listed, scopes: readonly string[]): string[] {
  const { scopes: listed } = use;
  return listed === 'all' ? [] : scopes.filter((scope) => !listed.includes(scope) && !connection.scopes.includes(scope));
}

const MAX_SCOPES = 50;

/** Splits a scope parameter. Undefined when it holds something that is no scope (RFC 6749, 3.3), or too many. */
export function readScopes(text: string): string[] | undefined {
  const scopes = [...new Set(text.split(' ').filter(Boolean))];
  return scopes.length <= MAX_SCOPES && scopes.every(isScope) ? scopes : undefined;
}

/** Whether a text is one scope. */
export function isScope(text: string): boolean {
  return text.length <= 200 && /^[!#-[\]-~]+$/.test(text);
}

// An API has no pages of its own: the applications of its project that call it have.
const CALLERS: Statement = {
  name: 'addresses of callers',
  text: `select kind, redirect_uris, post_logout_redirect_uris from issuer.application
    where project_id = $1 and $2 = any(resources) and disabled_at is null`,
};

interface Addresses {
  readonly kind: RegisteredApplication['kind'];
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
}

/**
 * Whether an address is a registered one of the application, for an API one of an application that calls it. With
 * `anyQuery` the address may have a query that was not registered.
 */
export async function isRegistered(
  store: Pick<Store, 'run'>,
  application: RegisteredApplication,
  { address, anyQuery = false }: { readonly address: string; readonly anyQuery?: boolean },
): Promise<boolean> {
  if (!/^[!-[\]-~]{1,2048}$/.test(address) || address.includes('#') || !URL.canParse(address)) return false;
  const [bare = ''] = address.split('?', 1);
  const spellings = anyQuery ? [address, bare] : [address];
  const owners = [application, ...(application.kind === 'api' ? await callersOf(store, application) : [])];
  return owners.some((owner) => spellings.some((spelling) => leadsTo(owner, spelling)));
}

async function callersOf(store: Pick<Store, 'run'>, { projectId, resource }: RegisteredApplication): Promise<Addresses[]> {
  const rows = await store.run(CALLERS, [projectId, resource]);
  return rows.map((row) => ({
    kind: row.kind as Addresses['kind'],
    redirectUris: row.redirect_uris as string[],
    postLogoutRedirectUris: row.post_logout_redirect_uris as string[],
  }));
}

function leadsTo({ kind, redirectUris, postLogoutRedirectUris }: Addresses, address: string): boolean {
  const known = [...redirectUris, ...postLogoutRedirectUris];
  if (known.includes(address)) return true;
  // On a device the port is whatever was free (RFC 8252, 7.3). `localhost` is a name, and no such address.
  const anyPort = kind === 'native' ? withoutPort(address) : undefined;
  return anyPort !== undefined && known.some((one) => withoutPort(one) === anyPort);
}

function withoutPort(address: string): string | undefined {
  const url = URL.parse(address);
  if (url?.protocol !== 'http:' || !['127.0.0.1', '[::1]'].includes(url.hostname)) return undefined;
  url.port = '';
  return url.href;
}
