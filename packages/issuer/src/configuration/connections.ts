/** Connections of a configuration file: how they are stored, and which applications they name. */
import type { ConnectionUse } from '../connections/connection.ts';
import { type StoredConnection, setConnectionApplications, upsertConnection } from '../connections/stored-connection.ts';
import type { Seal } from '../secrets/seal.ts';
import { Secret } from '../secrets/secret.ts';
import type { Run, Statement } from '../store/database.ts';
import { Refused } from '../store/refused.ts';
import type { Change } from '../store/upsert.ts';
import type { ConnectionDeclaration } from './define.ts';
import { ConfigurationError } from './schema.ts';

const KINDS: Statement = { name: 'kinds of applications', text: 'select id, kind from issuer.application where id = any($1::text[])' };

/** Writes a connection and who may use it, and says whether that changed anything. Throws a `ConfigurationError`. */
export async function applyConnection(run: Run, declared: ConnectionDeclaration, seal: Seal): Promise<Change> {
  const { id, applications } = declared;
  if (applications) await refuseUnfit(run, declared);
  const change = await told(id, () => upsertConnection(run, toStoredConnection(declared), { seal }));
  if (applications === undefined) return change;
  const uses = Object.fromEntries(Object.entries(applications).map(([application, use]) => [application, toUse(use)]));
  const used = await setConnectionApplications(run, id, uses);
  return change === 'same' ? used : change;
}

/** A connection as it is stored. Null is what its preset says. */
export function toStoredConnection(declared: ConnectionDeclaration): StoredConnection {
  const { organization, secret, signIn = false } = declared;
  return {
    id: declared.id,
    organizationId: organization,
    name: declared.name,
    preset: declared.preset,
    signIn,
    signUp: declared.signUp ?? false,
    accounts: declared.accounts ?? !signIn,
    issuer: declared.issuer ?? null,
    endpoints: declared.endpoints ?? {},
    clientId: declared.clientId,
    clientSecret: secret === undefined || secret instanceof Secret ? secret : new Secret(secret),
    authMethod: declared.authMethod ?? null,
    scopes: declared.scopes ?? null,
    authorizationParams: declared.authorizationParams ?? {},
    publicClients: declared.publicClients ?? false,
    refreshRetry: declared.refreshRetry ?? null,
    proxy: declared.proxy ?? null,
  };
}

const toUse = (use: true | { readonly scopes?: readonly string[]; readonly tokens?: boolean }): ConnectionUse =>
  use === true ? { scopes: 'all', tokens: true } : { scopes: use.scopes ?? 'all', tokens: use.tokens ?? true };

/** Why an application of this kind cannot use a connection; undefined when it can. */
export function unfitApplication(kind: string | undefined, publicClients: boolean): string | undefined {
  if (kind === undefined) return 'there is no such application or API';
  if (kind === 'service') return 'a service acts for itself, and no person connects an account for it';
  if ((kind === 'spa' || kind === 'native') && !publicClients)
    return `it cannot prove itself (${kind}): set publicClients to true if it may all the same`;
  return undefined;
}

// The application may be one that the file does not name.
async function refuseUnfit(run: Run, { id, applications = {}, publicClients = false }: ConnectionDeclaration): Promise<void> {
  const rows = await run<{ id: string; kind: string }>(KINDS, [Object.keys(applications)]);
  const kinds = new Map(rows.map((row) => [row.id, row.kind]));
  const findings = Object.keys(applications).flatMap((application) => {
    const problem = unfitApplication(kinds.get(application), publicClients);
    return problem === undefined ? [] : [`connection ${id}: application ${application}: ${problem}`];
  });
  if (findings.length > 0) throw new ConfigurationError(findings);
}

async function told<T>(id: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    throw new ConfigurationError([`connection ${id}: ${error.message}`]);
  }
}
