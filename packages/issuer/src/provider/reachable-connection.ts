/** Which connections an application may use, before anything is known of a person. */
import type { Client } from 'oidc-provider';
import type { Connection, ConnectionUse } from '../connections/connection.ts';
import type { Connections } from '../connections/registry.ts';
import type { AccountRow } from './account-row.ts';
import { ExchangeRefused } from './exchange-refusal.ts';
import type { ExchangeRequest } from './exchange-request.ts';

/** An application that no connection lists hears the same as one that names a connection which is not there. */
export const notListed = (subject?: string): ExchangeRefused =>
  new ExchangeRefused('client', 'this application may not use that connection: an administrator lists it there', {
    reason: 'connection_not_listed',
    ...(subject !== undefined && { subject }),
  });

/** The connection that is asked for, if this application may use it so. */
export async function reachableConnection(
  connections: Pick<Connections, 'find'>,
  request: ExchangeRequest,
  caller: Client,
): Promise<Connection> {
  const connection = await connections.find(request.connection);
  const use = connection?.applications.get(caller.clientId);
  if (!connection || !use || connection.disabled || !connection.accounts) throw notListed();
  checkPublic(connection, caller);
  checkWay(connection, use, request);
  checkScopes(use, request);
  return connection;
}

function checkPublic({ publicClients }: Connection, caller: Client): void {
  if (caller.clientAuthMethod === 'none' && !publicClients)
    throw new ExchangeRefused('client', 'this connection is for applications that prove themselves', { reason: 'public_client' });
}

function checkWay({ proxy }: Connection, { tokens }: ConnectionUse, { wants }: ExchangeRequest): void {
  if (wants === 'token' && !tokens)
    throw new ExchangeRefused('client', 'this application reaches that connection through the proxy only', { reason: 'proxy_only' });
  if (wants === 'proxy' && !proxy)
    throw new ExchangeRefused('client', 'nothing is passed on to that connection: it has no proxy', { reason: 'no_proxy' });
}

function checkScopes({ scopes: listed }: ConnectionUse, { scopes: asked = [] }: ExchangeRequest): void {
  const beyond = listed === 'all' ? [] : asked.filter((scope) => !listed.includes(scope));
  if (beyond.length > 0)
    throw new ExchangeRefused('scope', `this application may not use ${beyond.join(' ')} of that connection`, {
      reason: 'scope_not_listed',
    });
}

/** A connection is for the people of its organization. */
export function checkOrganization({ organizationId }: Connection, person: AccountRow): void {
  if (person.organization === organizationId) return;
  const message = 'this connection belongs to another organization than the person';
  throw new ExchangeRefused('account', message, { reason: 'another_organization', subject: person.id });
}
