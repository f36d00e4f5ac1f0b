/** What the admin API refuses of connections, beyond the checks of the configuration file. */
import { isDeepStrictEqual } from 'node:util';
import { toStoredConnection, unfitApplication } from '../../configuration/connections.ts';
import type { ConnectionDeclaration } from '../../configuration/define.ts';
import { ConfigurationError, checkConfiguration } from '../../configuration/schema.ts';
import type { ProxyPolicy } from '../../connections/connection.ts';
import type { StoredConnection } from '../../connections/stored-connection.ts';
import type { Row, Statement } from '../../store/database.ts';
import type { Call } from '../call.ts';
import { type Caller, isIssuerAdmin } from '../caller.ts';
import { CallRefused, invalid, unknown } from '../problem.ts';
import { given } from './declared.ts';

const CONNECTED: Statement = {
  name: 'whether accounts are connected',
  text: 'select exists (select from issuer.connected_account where connection_id = $1) as connected',
};
const FIT: Statement = {
  name: 'client for connection',
  text: `select a.kind, c.accounts, c.public_clients, c.proxy is not null as proxied from issuer.connection c
    left join issuer.application a on a.id = $2 where c.id = $1`,
};

/** The connection as it is stored. Throws `invalid` with every finding. */
export function declaredConnection(declaration: ConnectionDeclaration): StoredConnection {
  try {
    checkConfiguration({ connections: [declaration] });
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw invalid(error.findings.map((finding) => finding.replace('connections[0].', '')));
  }
  return toStoredConnection(declaration);
}

/** What was stored, as a declaration says it, with what is to change. The secret is kept elsewhere. */
export function changedConnection(row: Row, change: Readonly<Record<string, unknown>>): ConnectionDeclaration {
  const { hasSecret: _secret, state: _state, createdAt: _created, ...before } = row;
  return given({
    ...before,
    ...Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)),
  }) as unknown as ConnectionDeclaration;
}

/** Throws `forbidden` for a connection that people sign in through: whoever answers there can be anybody who does. */
export function refuseSignIn(caller: Caller, signIn: readonly unknown[]): void {
  if (signIn.includes(true) && !isIssuerAdmin(caller))
    throw new CallRefused('forbidden', 'only an issuer-admin may make or change a connection that people sign in through');
}

/** Throws `forbidden` when what people have connected would be sent elsewhere, unless an issuer-admin says so. */
export async function refuseRedirected({ run, caller }: Pick<Call, 'run' | 'caller'>, before: Row, after: StoredConnection): Promise<void> {
  if (isIssuerAdmin(caller) || isDeepStrictEqual(whereTokensGo(before as unknown as StoredConnection), whereTokensGo(after))) return;
  const [found] = await run<{ connected: boolean }>(CONNECTED, [after.id]);
  if (found?.connected)
    throw new CallRefused(
      'forbidden',
      'people have connected accounts here: only an issuer-admin may change preset, issuer, endpoints or the base URL of the proxy, which say where their tokens are sent',
    );
}

function whereTokensGo({ preset, issuer, endpoints, proxy }: Pick<StoredConnection, 'preset' | 'issuer' | 'endpoints' | 'proxy'>): unknown {
  return [preset, issuer ?? null, endpoints, (proxy as ProxyPolicy | null)?.baseUrl ?? null];
}

/** Throws when this application could not use the connection, whatever a person allowed. */
export async function refuseUnfitClient(
  { run }: Pick<Call, 'run'>,
  { connection, client, tokens }: { readonly connection: string; readonly client: string; readonly tokens: boolean },
): Promise<void> {
  const [found] = await run(FIT, [connection, client]);
  if (found === undefined) throw unknown('connection', connection);
  const problem = unfitApplication((found.kind as string | null) ?? undefined, found.public_clients === true);
  if (problem !== undefined) throw invalid([`${client}: ${problem}`]);
  if (found.accounts !== true) throw invalid([`${connection} is for signing in only: set accounts to true first`]);
  if (!tokens && found.proxied !== true) throw invalid([`tokens must not be false: ${connection} has no proxy to go through`]);
}
