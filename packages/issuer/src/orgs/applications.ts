/** OAuth clients and APIs. `id` is the client_id. */
import type { Leniency } from '../dialects/facts.ts';
import type { Row, Run, Statement, Store } from '../store/database.ts';
import { type Change, upserter } from '../store/upsert.ts';

export type ApplicationKind = 'web' | 'native' | 'spa' | 'service' | 'api';
export type AuthMethod = 'none' | 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt';

/** A program that speaks to the issuer. */
export interface Application {
  readonly id: string;
  /** Null for a service user that belongs to its organization alone. */
  readonly projectId: string | null;
  readonly kind: ApplicationKind;
  readonly name: string;
  /** The organization's own: nobody is asked for consent. */
  readonly firstParty: boolean;
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  readonly backchannelLogoutUri: string | null;
  readonly grantTypes: readonly string[];
  readonly authMethod: AuthMethod;
  readonly scopes: readonly string[];
  /** Resource indicators of the APIs it may call. */
  readonly resources: readonly string[];
  readonly defaultResource: string | null;
  readonly pkceRequired: boolean;
  /** How an origin must speak for this application to be served. */
  readonly dialects: readonly string[];
  /** What its dialects let through and it does without. */
  readonly refuses: readonly Leniency[];
  /** May introspect tokens of every audience. */
  readonly issuerAdmin: boolean;
  /** The rest is for kind `api`. */
  readonly resource: string | null;
  readonly resourceScopes: Readonly<Record<string, string>>;
  readonly tokenFormat: 'jwt' | 'opaque';
  readonly tokenLifetime: number;
  /** Which form of token it wants, where a dialect has several. */
  readonly tokenVersion: 1 | 2;
}

/** An application as the engine needs it: with the credentials that are live now. */
export interface RegisteredApplication extends Application {
  readonly organizationId: string;
  /** Client ids of every application and API of its project, its own among them. Empty without a project. */
  readonly projectClients: readonly string[];
  /** A connection lists it: it may use accounts that people connect there. */
  readonly reaches: boolean;
  /** SHA-256 (base64url) of each secret. */
  readonly secretHashes: readonly string[];
  /** Public keys for private_key_jwt. */
  readonly keys: readonly Readonly<Record<string, unknown>>[];
  /** Seconds until the first of its credentials expires; null when none does. */
  readonly credentialsFor: number | null;
}

/** An API that access tokens are for. */
export interface Api {
  /** Its client_id. */
  readonly id: string;
  readonly projectId: string;
  readonly name: string;
  /** The `aud` of its tokens. */
  readonly resource: string;
  /** Each scope with the sentence that people read. */
  readonly scopes: Readonly<Record<string, string>>;
  readonly tokenFormat: 'jwt' | 'opaque';
  /** Seconds. */
  readonly tokenLifetime: number;
  /** Which form of token it wants, where a dialect has several. */
  readonly tokenVersion: 1 | 2;
}

const columns = [
  'project_id',
  'kind',
  'name',
  'first_party',
  'redirect_uris',
  'post_logout_redirect_uris',
  'backchannel_logout_uri',
  'grant_types',
  'auth_method',
  'scopes',
  'resources',
  'default_resource',
  'pkce_required',
  'dialects',
  'refuses',
  'issuer_admin',
  'resource',
  'resource_scopes',
  'token_format',
  'token_lifetime',
  'token_version',
] as const;

const live = (t: string): string => `${t}.application_id = a.id and (${t}.expires_at is null or ${t}.expires_at > now())`;
// A service user that was disabled has no application either.
const FIND: Statement = {
  name: 'find application',
  text: `select a.id, ${columns.map((column) => `a.${column}`).join(', ')}, coalesce(u.organization_id, p.organization_id) as organization_id,
      array(select s.id from issuer.application s where s.project_id = a.project_id and s.disabled_at is null order by s.id) as project_clients,
      exists (select from issuer.connection_application x join issuer.connection c on c.id = x.connection_id
        where x.application_id = a.id and c.accounts and c.disabled_at is null) as reaches,
      array(select s.hash from issuer.application_secret s where ${live('s')} order by s.created_at desc) as secret_hashes,
      coalesce((select jsonb_agg(k.jwk order by k.created_at desc) from issuer.application_key k where ${live('k')}), '[]') as keys,
      (select extract(epoch from min(c.expires_at) - now())::float8 from (
        select s.expires_at from issuer.application_secret s where ${live('s')}
        union all select k.expires_at from issuer.application_key k where ${live('k')}) c) as credentials_for
    from issuer.application a left join issuer.project p on p.id = a.project_id
    left join issuer.users u on u.id = a.id and u.kind = 'service' and a.kind = 'service'
    where a.id = $1 and a.disabled_at is null and (a.kind <> 'service' or u.state = 'active')`,
};
const apiColumns = 'id, project_id, name, resource, resource_scopes, token_format, token_lifetime, token_version';
const FIND_API: Statement = {
  name: 'find api',
  text: `select ${apiColumns} from issuer.application where resource = $1 and kind = 'api' and disabled_at is null`,
};
// No client_id is a URL, so one name never means two APIs.
const FIND_API_BY_NAME: Statement = {
  name: 'find api by name',
  text: `select ${apiColumns} from issuer.application where (resource = $1 or id = $1) and kind = 'api' and disabled_at is null`,
};
const FIND_APIS: Statement = {
  name: 'find apis of project',
  text: `select ${apiColumns} from issuer.application where project_id = $1 and kind = 'api' and disabled_at is null order by id`,
};
const LEAVING: Statement = {
  name: 'application by post-logout redirect',
  text: `select id from issuer.application where $1 = any(post_logout_redirect_uris) and $2 = any(dialects) and disabled_at is null
    order by id limit 1`,
};
const DISABLE: Statement = {
  name: 'disable application',
  text: 'update issuer.application set disabled_at = now() where id = $1 and disabled_at is null returning id',
};
const ENABLE: Statement = {
  name: 'enable application',
  text: 'update issuer.application set disabled_at = null where id = $1 and disabled_at is not null returning id',
};

/** The application with this client_id, unless there is none or it is disabled. */
export async function findApplication(store: Pick<Store, 'run'>, clientId: string): Promise<RegisteredApplication | undefined> {
  const [row] = await store.run(FIND, [clientId]);
  return row && toRegistered(row);
}

function toRegistered(row: Row): RegisteredApplication {
  const application = fromRow(row);
  const secretHashes = row.secret_hashes as string[];
  const keys = row.keys as Record<string, unknown>[];
  return {
    ...application,
    authMethod: provedBy(application, { secrets: secretHashes.length > 0, keys: keys.length > 0 }),
    organizationId: String(row.organization_id),
    projectClients: row.project_clients as string[],
    reaches: row.reaches === true,
    secretHashes,
    keys,
    credentialsFor: row.credentials_for as number | null,
  };
}

/** What an application has decides how it proves itself; `orgs/credentials.ts` keeps it from having both kinds. */
function provedBy({ authMethod }: Application, has: { readonly secrets: boolean; readonly keys: boolean }): AuthMethod {
  if (has.keys) return 'private_key_jwt';
  return has.secrets && !authMethod.startsWith('client_secret') ? 'client_secret_basic' : authMethod;
}

/** The API whose resource indicator is exactly this. */
export async function apiByResource(store: Pick<Store, 'run'>, resource: string): Promise<Api | undefined> {
  const [row] = await store.run(FIND_API, [resource]);
  return row && toApi(row);
}

/** The API whose resource indicator or client_id is exactly this. */
export async function apiByName(store: Pick<Store, 'run'>, name: string): Promise<Api | undefined> {
  const [row] = await store.run(FIND_API_BY_NAME, [name]);
  return row && toApi(row);
}

/** The APIs of a project, by id. */
export async function apisOf(store: Pick<Store, 'run'>, projectId: string): Promise<Api[]> {
  return (await store.run(FIND_APIS, [projectId])).map(toApi);
}

function toApi(row: Row): Api {
  return {
    id: String(row.id),
    projectId: String(row.project_id),
    name: String(row.name),
    resource: String(row.resource),
    scopes: row.resource_scopes as Record<string, string>,
    tokenFormat: row.token_format as Api['tokenFormat'],
    tokenLifetime: Number(row.token_lifetime),
    tokenVersion: row.token_version === 1 ? 1 : 2,
  };
}

/** What an application is when nobody says otherwise: it may do nothing. */
export const plainApplication = {
  firstParty: false,
  redirectUris: [],
  postLogoutRedirectUris: [],
  backchannelLogoutUri: null,
  grantTypes: [],
  scopes: [],
  resources: [],
  defaultResource: null,
  pkceRequired: true,
  dialects: ['standard'],
  refuses: [],
  issuerAdmin: false,
  resource: null,
  resourceScopes: {},
  tokenFormat: 'jwt',
  tokenLifetime: 600,
  tokenVersion: 2,
} as const;

/** What a service user may ask for tokens with. Vendors let one send an assertion of its own as well. */
export function serviceGrants(dialects: readonly string[]): readonly string[] {
  const elsewhere = dialects.some((name) => !plainApplication.dialects.some((plain) => plain === name));
  return ['client_credentials', ...(elsewhere ? ['urn:ietf:params:oauth:grant-type:jwt-bearer'] : [])];
}

const upsert = upserter({ table: 'issuer.application', keys: ['id'], columns });

/** Writes an application. Its metadata must have been checked (`configuration/schema.ts`). */
export function upsertApplication(run: Run, application: Application): Promise<Change> {
  return upsert(run, toRow(application));
}

/**
 * Disables or enables an application or API. A disabled one cannot prove itself, and its tokens are not active; they are
 * again when it is enabled. Gives false when there is no such application or nothing changed.
 */
export async function setApplicationDisabled(run: Run, id: string, disabled: boolean): Promise<boolean> {
  return (await run(disabled ? DISABLE : ENABLE, [id])).length > 0;
}

function toRow({ resourceScopes, ...rest }: Application): Row {
  const plain = Object.entries(rest).map(([name, value]) => [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value]);
  return { ...Object.fromEntries(plain), resource_scopes: JSON.stringify(resourceScopes) };
}

function fromRow(row: Row): Application {
  const names = ['id', ...columns].map((column) => [column.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()), row[column]]);
  return Object.fromEntries(names) as Application;
}

/** client_id of an application of a dialect that people may be sent to after they signed out. */
export async function applicationLeavingTo(store: Pick<Store, 'run'>, uri: string, dialect: string): Promise<string | undefined> {
  const [row] = await store.run<{ id: string }>(LEAVING, [uri, dialect]);
  return row?.id;
}
