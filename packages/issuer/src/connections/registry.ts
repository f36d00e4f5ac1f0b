/** The connections of this issuer, as everything else sees them: stored settings, what their presets add, and who may use them. */
import type { Seal } from '../secrets/seal.ts';
import { Secret } from '../secrets/secret.ts';
import type { Row, Statement, Store } from '../store/database.ts';
import { remembered } from '../store/remembered.ts';
import type { Connection, ConnectionUse, Endpoints, PresetName, ProxyPolicy } from './connection.ts';
import { presets } from './presets.ts';
import { secretContext } from './stored-connection.ts';

export interface Connections {
  /** The connection of this name, also when it is disabled: look at `disabled`. Throws when its secret cannot be opened. */
  find(id: string): Promise<Connection | undefined>;
  /** Those of one organization, or of all when it is undefined, by name. Disabled ones are among them, one whose secret cannot be opened is not. */
  ofOrganization(organizationId: string | undefined): Promise<readonly Connection[]>;
}

export interface ConnectionsOptions {
  readonly store: Pick<Store, 'run'>;
  /** Opens the client secrets. */
  readonly seal: Seal;
  /** Milliseconds until a change is seen. Default 5,000. */
  readonly maxAge?: number;
}

const columns = `c.id, c.organization_id, c.name, c.preset, c.sign_in, c.sign_up, c.accounts, c.issuer, c.endpoints, c.client_id,
    c.client_secret, c.auth_method, c.scopes, c.authorization_params, c.public_clients, c.refresh_retry, c.proxy, c.disabled_at,
    coalesce((select jsonb_object_agg(a.application_id, jsonb_build_object('scopes', to_jsonb(a.scopes), 'tokens', a.tokens))
      from issuer.connection_application a where a.connection_id = c.id), '{}') as applications`;
const FIND: Statement = { name: 'find connection', text: `select ${columns} from issuer.connection c where c.id = $1` };
const LIST: Statement = {
  name: 'connections of organization',
  text: `select ${columns} from issuer.connection c where $1::text is null or c.organization_id = $1 order by c.name, c.id`,
};
const EVERYWHERE = '';

/** Wires the reader. What it gives is at most `maxAge` old. */
export function createConnections({ store, seal, maxAge = 5_000 }: ConnectionsOptions): Connections {
  const find = remembered(async (id: string) => {
    const [row] = await store.run(FIND, [id]);
    return { value: row && toConnection(row, seal), maxAge };
  }, maxAge);
  const list = remembered(async (organizationId: string) => {
    const rows = await store.run(LIST, [organizationId === EVERYWHERE ? null : organizationId]);
    return { value: Object.freeze(rows.flatMap((row) => readable(row, seal))), maxAge };
  }, maxAge);
  return Object.freeze({ find, ofOrganization: (organizationId: string | undefined) => list(organizationId ?? EVERYWHERE) });
}

function toConnection(row: Row, seal: Seal): Connection {
  const preset = presets[row.preset as PresetName];
  const [id, organizationId] = [String(row.id), String(row.organization_id)];
  const box = row.client_secret as string | null;
  return Object.freeze({
    id,
    organizationId,
    name: String(row.name),
    preset: row.preset as PresetName,
    signIn: row.sign_in === true,
    signUp: row.sign_up === true,
    accounts: row.accounts === true,
    issuer: (row.issuer as string | null) ?? preset.issuer,
    endpoints: Object.freeze({ ...preset.endpoints, ...(row.endpoints as Endpoints) }),
    clientId: String(row.client_id),
    clientSecret: box === null ? undefined : new Secret(open(box, { seal, organizationId, id })),
    authMethod: (row.auth_method as Connection['authMethod'] | null) ?? preset.authMethod,
    scopes: Object.freeze((row.scopes as string[] | null) ?? preset.scopes),
    authorizationParams: Object.freeze(row.authorization_params as Record<string, string>),
    publicClients: row.public_clients === true,
    refreshRetry: (row.refresh_retry as Connection['refreshRetry'] | null) ?? preset.refreshRetry,
    proxy: (row.proxy as ProxyPolicy | null) ?? undefined,
    disabled: row.disabled_at !== null,
    applications: new Map(
      Object.entries(row.applications as Record<string, StoredUse>).map(([application, use]) => [application, toUse(use)]),
    ),
  });
}

interface StoredUse {
  readonly scopes: readonly string[] | null;
  readonly tokens: boolean;
}

const toUse = ({ scopes, tokens }: StoredUse): ConnectionUse => Object.freeze({ scopes: scopes ?? 'all', tokens });

// One that is broken must not keep people from signing in through the others.
function readable(row: Row, seal: Seal): Connection[] {
  try {
    return [toConnection(row, seal)];
  } catch (error) {
    if (error instanceof UnreadableSecret) return [];
    throw error;
  }
}

function open(box: string, { seal, organizationId, id }: { seal: Seal; organizationId: string; id: string }): string {
  try {
    return seal.unseal(box, secretContext(organizationId, id));
  } catch (cause) {
    throw new UnreadableSecret(id, { cause });
  }
}

class UnreadableSecret extends Error {
  override readonly name = 'UnreadableSecret';
  constructor(id: string, options: ErrorOptions) {
    super(`the secret of the connection ${id} cannot be opened: give it anew with \`safeconduct connections set-secret ${id}\``, options);
  }
}
