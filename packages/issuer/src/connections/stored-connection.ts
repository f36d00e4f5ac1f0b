/** Connections as they are stored: what somebody declared, without what the preset adds. */
import type { Seal } from '../secrets/seal.ts';
import type { Secret } from '../secrets/secret.ts';
import type { Row, Run, Statement } from '../store/database.ts';
import { Refused } from '../store/refused.ts';
import { type Change, upserter } from '../store/upsert.ts';
import type { Connection, ConnectionUse } from './connection.ts';
import { presets } from './presets.ts';

/** A connection as it was declared. Null: what its preset says. */
export interface StoredConnection
  extends Pick<
    Connection,
    | 'id'
    | 'organizationId'
    | 'name'
    | 'preset'
    | 'signIn'
    | 'signUp'
    | 'accounts'
    | 'endpoints'
    | 'clientId'
    | 'authorizationParams'
    | 'publicClients'
  > {
  readonly issuer: string | null;
  /** Undefined: the one that is stored stays. */
  readonly clientSecret: Secret | undefined;
  readonly authMethod: Connection['authMethod'] | null;
  readonly scopes: readonly string[] | null;
  readonly refreshRetry: Connection['refreshRetry'] | null;
  readonly proxy: Connection['proxy'] | null;
}

const columns = [
  'organization_id',
  'name',
  'preset',
  'sign_in',
  'sign_up',
  'accounts',
  'issuer',
  'endpoints',
  'client_id',
  'client_secret',
  'demo_secret',
  'auth_method',
  'scopes',
  'authorization_params',
  'public_clients',
  'refresh_retry',
  'proxy',
] as const;
const upsert = upserter({ table: 'issuer.connection', keys: ['id'], columns });
const upsertUse = upserter({
  table: 'issuer.connection_application',
  keys: ['connection_id', 'application_id'],
  columns: ['scopes', 'tokens'],
});

const LOCK: Statement = {
  name: 'lock connection',
  text: 'select organization_id, client_secret, demo_secret, auth_method, preset from issuer.connection where id = $1 for update',
};
const SET_SECRET: Statement = {
  name: 'set connection secret',
  text: 'update issuer.connection set client_secret = $2, demo_secret = $3 where id = $1',
};
const DISABLE: Statement = {
  name: 'disable connection',
  text: 'update issuer.connection set disabled_at = now() where id = $1 and disabled_at is null returning id',
};
const ENABLE: Statement = {
  name: 'enable connection',
  text: 'update issuer.connection set disabled_at = null where id = $1 and disabled_at is not null returning id',
};
const USES: Statement = {
  name: 'applications of connection',
  text: 'select application_id from issuer.connection_application where connection_id = $1',
};
const DROP_USE: Statement = {
  name: 'drop application of connection',
  text: 'delete from issuer.connection_application where connection_id = $1 and application_id = $2 returning application_id',
};
const DROP_CONSENTS: Statement = {
  name: 'drop consents to application',
  text: `delete from issuer.connected_account_use where application_id = $2
    and account_id in (select id from issuer.connected_account where connection_id = $1)`,
};
const HOLDS: Statement = {
  name: 'what depends on connection',
  text: `select (select count(*) from issuer.connected_account where connection_id = $1)::int as accounts,
    (select count(*) from issuer.linked_identity where connection_id = $1)::int as identities`,
};
const DROP_KEYS: Statement = { name: 'drop data keys of connection', text: 'delete from issuer.data_key where connection_id = $1' };
const DELETE: Statement = { name: 'delete connection', text: 'delete from issuer.connection where id = $1 returning id' };
const BOXES: Statement = {
  name: 'connection secrets',
  text: 'select id, organization_id, client_secret from issuer.connection where client_secret is not null',
};
const RESEAL: Statement = {
  name: 'seal connection secret again',
  text: 'update issuer.connection set client_secret = $3 where id = $1 and client_secret = $2 returning id',
};

/** Binds a sealed secret to the row that it is in. */
export function secretContext(organizationId: string, id: string): string {
  return `connection|${organizationId}|${id}|client_secret`;
}

/**
 * Writes a connection, whose settings must have been checked (`configuration/connection-schema.ts`). Needs a transaction.
 * Throws `Refused` when the id is another organization's, or the connection would have to prove itself without a secret.
 */
export async function upsertConnection(run: Run, declared: StoredConnection, { seal }: { readonly seal: Seal }): Promise<Change> {
  const { id, organizationId } = declared;
  const [before] = await run(LOCK, [id]);
  if (before && before.organization_id !== organizationId)
    throw new Refused('conflict', `the connection ${id} belongs to another organization: choose another id`);
  const secret = secretColumns(declared, before, seal);
  if (secret.client_secret === null && (declared.authMethod ?? presets[declared.preset].authMethod) !== 'none')
    throw new Refused('invalid', `the connection ${id} needs the secret that the third party gave you for it`);
  return upsert(run, { ...toRow(declared), ...secret });
}

/** Replaces the client secret of a connection that is there. Needs a transaction. */
export async function setConnectionSecret(
  run: Run,
  id: string,
  { seal, secret }: { readonly seal: Seal; readonly secret: Secret },
): Promise<Change> {
  const [before] = await run(LOCK, [id]);
  if (before === undefined) throw new Refused('unknown', `there is no connection ${id}`);
  const organizationId = String(before.organization_id);
  const next = secretColumns({ id, organizationId, clientSecret: secret }, before, seal);
  if (next.client_secret === before.client_secret && next.demo_secret === before.demo_secret) return 'same';
  await run(SET_SECRET, [id, next.client_secret, next.demo_secret]);
  return 'changed';
}

/** Seals anew what an older master key sealed. Gives how many. */
export async function resealConnections(run: Run, seal: Seal): Promise<number> {
  let sealed = 0;
  for (const { id, organization_id, client_secret } of await run(BOXES, [])) {
    const box = String(client_secret);
    if (!seal.stale(box)) continue;
    const context = secretContext(String(organization_id), String(id));
    const secret = opened(box, context, seal);
    if (secret !== undefined) sealed += (await run(RESEAL, [id, box, seal.seal(secret, context)])).length;
  }
  return sealed;
}

interface SecretColumns extends Row {
  readonly client_secret: string | null;
  readonly demo_secret: boolean;
}

// A box is another one each time it is sealed: what it holds decides whether something changed.
function secretColumns(
  { id, organizationId, clientSecret }: Pick<StoredConnection, 'id' | 'organizationId' | 'clientSecret'>,
  before: Row | undefined,
  seal: Seal,
): SecretColumns {
  const box = (before?.client_secret as string | null | undefined) ?? null;
  if (clientSecret === undefined) return { client_secret: box, demo_secret: before?.demo_secret === true };
  const context = secretContext(organizationId, id);
  const same = box !== null && !seal.stale(box) && opened(box, context, seal) === clientSecret.reveal();
  return { client_secret: same ? box : seal.seal(clientSecret.reveal(), context), demo_secret: clientSecret.isDemo };
}

// A box that cannot be opened any more is mended by setting the secret again.
function opened(box: string, context: string, seal: Seal): string | undefined {
  try {
    return seal.unseal(box, context);
  } catch {
    return undefined;
  }
}

/**
 * Disables or enables a connection. While it is disabled nobody signs in or connects through it, and no token comes out of it;
 * running issuers follow within five seconds. Gives false when there is none or nothing changed.
 */
export async function setConnectionDisabled(run: Run, id: string, disabled: boolean): Promise<boolean> {
  return (await run(disabled ? DISABLE : ENABLE, [id])).length > 0;
}

/** Lets an application use what people connect, or changes how far. */
export function setConnectionApplication(
  run: Run,
  connectionId: string,
  { applicationId, use }: { readonly applicationId: string; readonly use: ConnectionUse },
): Promise<Change> {
  const scopes = use.scopes === 'all' ? null : [...use.scopes];
  return upsertUse(run, { connection_id: connectionId, application_id: applicationId, scopes, tokens: use.tokens });
}

/** Takes a connection away from an application, with what people allowed it. Gives false when it did not have it. */
export async function removeConnectionApplication(run: Run, connectionId: string, applicationId: string): Promise<boolean> {
  const removed = await run(DROP_USE, [connectionId, applicationId]);
  await run(DROP_CONSENTS, [connectionId, applicationId]);
  return removed.length > 0;
}

/** Makes the applications of a connection exactly these. */
export async function setConnectionApplications(
  run: Run,
  connectionId: string,
  uses: Readonly<Record<string, ConnectionUse>>,
): Promise<Change> {
  const before = (await run<{ application_id: string }>(USES, [connectionId])).map((row) => row.application_id);
  let changed = false;
  for (const applicationId of before.filter((id) => !Object.hasOwn(uses, id)))
    changed = (await removeConnectionApplication(run, connectionId, applicationId)) || changed;
  for (const [applicationId, use] of Object.entries(uses))
    changed = (await setConnectionApplication(run, connectionId, { applicationId, use })) !== 'same' || changed;
  return changed ? 'changed' : 'same';
}

/**
 * Deletes a connection that nobody uses. Needs a transaction. Throws `Refused` while people have connected an account or sign in
 * through it. Gives false when there is none.
 */
export async function deleteConnection(run: Run, id: string): Promise<boolean> {
  await run(LOCK, [id]);
  const [{ accounts, identities } = { accounts: 0, identities: 0 }] = await run<{ accounts: number; identities: number }>(HOLDS, [id]);
  if (accounts > 0)
    throw new Refused(
      'conflict',
      `${counted(accounts, 'account is', 'accounts are')} connected through ${id}: disconnect them first, or disable it`,
    );
  if (identities > 0)
    throw new Refused('conflict', `${counted(identities, 'person signs', 'people sign')} in through ${id}: disable it instead`);
  await run(DROP_KEYS, [id]);
  return (await run(DELETE, [id])).length > 0;
}

const counted = (count: number, one: string, more: string): string => `${count} ${count === 1 ? one : more}`;

function toRow({ clientSecret: _secret, endpoints, authorizationParams, proxy, ...rest }: StoredConnection): Row {
  const plain = Object.entries(rest).map(([name, value]) => [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value]);
  return {
    ...Object.fromEntries(plain),
    endpoints: JSON.stringify(endpoints),
    authorization_params: JSON.stringify(authorizationParams),
    proxy: proxy ? JSON.stringify(proxy) : null,
  };
}
