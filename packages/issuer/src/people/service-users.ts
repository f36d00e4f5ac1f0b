/** Service users: programs that act for themselves. One is a user and, under the same id, the application with which it gets tokens. */
import { type Application, type AuthMethod, plainApplication, serviceGrants, upsertApplication } from '../orgs/applications.ts';
import type { Row, Run, Statement } from '../store/database.ts';
import { newId } from '../store/ids.ts';
import { Refused } from '../store/refused.ts';
import type { Change } from '../store/upsert.ts';

/** A program that acts for itself. `id` is `sub` and client_id. */
export interface ServiceUser {
  readonly id: string;
  readonly organizationId: string;
  /** Null when it belongs to its organization alone. */
  readonly projectId: string | null;
  readonly name: string;
  readonly state: 'active' | 'disabled';
  /** Resource indicators of the APIs for which it may get tokens by client credentials. */
  readonly resources: readonly string[];
  /** The scopes that it may ask for. */
  readonly scopes: readonly string[];
  /** How it proves itself: what it has decides. */
  readonly authMethod: AuthMethod;
  /** How an origin must speak for it to be served there. */
  readonly dialects: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly createdAt: Date;
}

export interface NewServiceUser {
  /** Letters, digits, `_`, `-` and `.`. Default: `svc_` and a UUID version 7. */
  readonly id?: string | undefined;
  readonly organizationId: string;
  readonly projectId?: string | undefined;
  readonly name: string;
  readonly resources?: readonly string[] | undefined;
  readonly scopes?: readonly string[] | undefined;
  /** Default: `standard`. */
  readonly dialects?: readonly string[] | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

const TAKEN: Statement = {
  name: 'id taken',
  text: 'select id from issuer.users where id = $1 union all select id from issuer.application where id = $1',
};
const PLACE: Statement = {
  name: 'place of service user',
  text: `select o.id from issuer.organization o where o.id = $1
    and ($2::text is null or exists (select from issuer.project p where p.id = $2 and p.organization_id = o.id))`,
};
const SAVE_USER: Statement = {
  name: 'save service user',
  text: `insert into issuer.users (id, kind, organization_id, name, metadata) values ($1, 'service', $2, $3, $4)
    on conflict (id) do update set organization_id = excluded.organization_id, name = excluded.name, metadata = excluded.metadata,
        updated_at = now()
      where users.kind = 'service' and (users.organization_id <> excluded.organization_id or users.name is distinct from excluded.name
        or users.metadata <> excluded.metadata)
    returning id`,
};
const columns = `u.id, u.organization_id, a.project_id, u.name, u.state, a.resources, a.scopes, a.dialects, u.metadata, u.created_at,
  case when exists (select from issuer.application_key k where k.application_id = a.id and (k.expires_at is null or k.expires_at > now()))
    then 'private_key_jwt' else a.auth_method end as auth_method`;
const FIND: Statement = {
  name: 'service user',
  text: `select ${columns} from issuer.users u join issuer.application a on a.id = u.id and a.kind = 'service' where u.id = $1 and u.kind = 'service'`,
};

/**
 * Creates a service user, which has no credential yet: give it one by `addSecret` or `addKey`, or make it a personal access
 * token. Needs a transaction. Throws `Refused` when the id is taken or there is no such organization or project.
 */
export async function createServiceUser(run: Run, wanted: NewServiceUser): Promise<ServiceUser> {
  const {
    id = newId('svc'),
    organizationId,
    projectId = null,
    name,
    resources = [],
    scopes = [],
    dialects = plainApplication.dialects,
    metadata,
  } = wanted;
  if ((await run(TAKEN, [id])).length > 0) throw new Refused('conflict', `the id ${id} is taken: choose another one`);
  if ((await run(PLACE, [organizationId, projectId])).length === 0)
    throw new Refused('unknown', `there is no organization ${organizationId}${projectId === null ? '' : ` with a project ${projectId}`}`);
  const method = { authMethod: 'client_secret_basic', grantTypes: serviceGrants(dialects), dialects } as const;
  const application: Application = { ...plainApplication, ...method, id, projectId, kind: 'service', name, resources, scopes };
  await upsertApplication(run, application);
  await ensureServiceUser(run, { id, organizationId, name, metadata });
  const created = await findServiceUser(run, id);
  if (!created) throw new TypeError(`the service user ${id} was not stored`);
  return created;
}

/** Makes sure that an application of kind `service` is a user, too. Whether it is disabled stays as it is. */
export async function ensureServiceUser(
  run: Run,
  { id, organizationId, name, metadata = {} }: Pick<NewServiceUser, 'organizationId' | 'name' | 'metadata'> & { readonly id: string },
): Promise<Change> {
  return (await run(SAVE_USER, [id, organizationId, name, JSON.stringify(metadata)])).length > 0 ? 'changed' : 'same';
}

/** The service user with this id. */
export async function findServiceUser(run: Run, id: string): Promise<ServiceUser | undefined> {
  const [row] = await run(FIND, [id]);
  return row && fromRow(row);
}

function fromRow(row: Row): ServiceUser {
  return {
    id: String(row.id),
    organizationId: String(row.organization_id),
    projectId: (row.project_id as string | null) ?? null,
    name: String(row.name ?? row.id),
    state: row.state === 'active' ? 'active' : 'disabled',
    resources: row.resources as string[],
    scopes: row.scopes as string[],
    authMethod: row.auth_method as AuthMethod,
    dialects: row.dialects as string[],
    metadata: row.metadata as ServiceUser['metadata'],
    createdAt: row.created_at as Date,
  };
}
