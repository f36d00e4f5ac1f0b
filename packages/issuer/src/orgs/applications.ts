/** OAuth clients and APIs. `id` is the client_id. */
import type { Row, Run, Statement, Store } from '../store/database.ts';
import { type Change, upserter } from '../store/upsert.ts';

export type ApplicationKind = 'web' | 'native' | 'spa' | 'service' | 'api';
export type AuthMethod = 'none' | 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt';

/** A program that speaks to the issuer. */
export interface Application {
  readonly id: string;
  readonly projectId: string;
  readonly kind: ApplicationKind;
  readonly name: string;
  /** The organization's own: nobody is asked for consent. */
  readonly firstParty: boolean;
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  readonly backchannelLogoutUri: string | null;
  readonly grantTypes: readonly string[];
  readonly authMethod: AuthMethod;
  /** Public keys for private_key_jwt. */
  readonly jwks: { readonly keys: readonly Record<string, unknown>[] } | null;
  readonly scopes: readonly string[];
  /** Resource indicators of the APIs it may call. */
  readonly resources: readonly string[];
  readonly defaultResource: string | null;
  readonly pkceRequired: boolean;
  /** How an origin must speak for this application to be served. */
  readonly dialects: readonly string[];
  /** May introspect tokens of every audience. */
  readonly issuerAdmin: boolean;
  /** The rest is for kind `api`. */
  readonly resource: string | null;
  readonly resourceScopes: Readonly<Record<string, string>>;
  readonly tokenFormat: 'jwt' | 'opaque';
  readonly tokenLifetime: number;
}

/** An application as the engine needs it: with the SHA-256 (base64url) of each secret that is live now. */
export interface RegisteredApplication extends Application {
  readonly organizationId: string;
  readonly secretHashes: readonly string[];
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
  'jwks',
  'scopes',
  'resources',
  'default_resource',
  'pkce_required',
  'dialects',
  'issuer_admin',
  'resource',
  'resource_scopes',
  'token_format',
  'token_lifetime',
] as const;

const FIND: Statement = {
  name: 'find application',
  text: `select a.id, ${columns.map((column) => `a.${column}`).join(', ')}, p.organization_id,
      coalesce(array_agg(s.hash order by s.created_at desc) filter (where s.hash is not null), '{}') as secret_hashes
    from issuer.application a join issuer.project p on p.id = a.project_id
    left join issuer.application_secret s on s.application_id = a.id and (s.expires_at is null or s.expires_at > now())
    where a.id = $1 and a.disabled_at is null group by a.id, p.organization_id`,
};
const FIND_API: Statement = {
  name: 'find api',
  text: `select id, project_id, name, resource, resource_scopes, token_format, token_lifetime
    from issuer.application where resource = $1 and kind = 'api' and disabled_at is null`,
};
const ADD_SECRETS: Statement = {
  name: 'add application secrets',
  text: `insert into issuer.application_secret (application_id, hash)
    select $1, hash from unnest($2::text[]) as hash on conflict do nothing returning hash`,
};
const DROP_SECRETS: Statement = {
  name: 'drop application secrets',
  text: 'delete from issuer.application_secret where application_id = $1 and hash <> all($2::text[]) returning hash',
};

/** The application with this client_id, unless there is none or it is disabled. */
export async function findApplication(store: Pick<Store, 'run'>, clientId: string): Promise<RegisteredApplication | undefined> {
  const [row] = await store.run(FIND, [clientId]);
  return row && { ...fromRow(row), organizationId: String(row.organization_id), secretHashes: row.secret_hashes as string[] };
}

/** The API whose resource indicator is exactly this. */
export async function apiByResource(store: Pick<Store, 'run'>, resource: string): Promise<Api | undefined> {
  const [row] = await store.run(FIND_API, [resource]);
  return (
    row && {
      id: String(row.id),
      projectId: String(row.project_id),
      name: String(row.name),
      resource: String(row.resource),
      scopes: row.resource_scopes as Record<string, string>,
      tokenFormat: row.token_format as Api['tokenFormat'],
      tokenLifetime: Number(row.token_lifetime),
    }
  );
}

const upsert = upserter({ table: 'issuer.application', keys: ['id'], columns });

/** Writes an application. Its metadata must have been checked (`configuration/schema.ts`). */
export function upsertApplication(run: Run, application: Application): Promise<Change> {
  return upsert(run, toRow(application));
}

/** Makes the live secrets of an application exactly those with these hashes. */
export async function setSecretHashes(run: Run, applicationId: string, hashes: readonly string[]): Promise<Change> {
  const dropped = await run(DROP_SECRETS, [applicationId, [...hashes]]);
  const added = await run(ADD_SECRETS, [applicationId, [...hashes]]);
  return dropped.length + added.length > 0 ? 'changed' : 'same';
}

function toRow({ jwks, resourceScopes, ...rest }: Application): Row {
  const plain = Object.entries(rest).map(([name, value]) => [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value]);
  return { ...Object.fromEntries(plain), jwks: jwks && JSON.stringify(jwks), resource_scopes: JSON.stringify(resourceScopes) };
}

function fromRow(row: Row): Application {
  const names = ['id', ...columns].map((column) => [column.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()), row[column]]);
  return Object.fromEntries(names) as Application;
}
