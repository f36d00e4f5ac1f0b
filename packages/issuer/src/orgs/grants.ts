/** Which roles people have. */
import type { Run, Statement } from '../store/database.ts';
import type { Change } from '../store/upsert.ts';

const ROLES: Statement = {
  name: 'roles of user',
  text: 'select role_key from issuer.role_grant where user_id = $1 and project_id = $2 order by role_key',
};
const GRANT: Statement = {
  name: 'grant roles',
  text: `insert into issuer.role_grant (organization_id, user_id, project_id, role_key)
    select $1, $2, $3, key from unnest($4::text[]) as key on conflict do nothing returning role_key`,
};
const WITHDRAW: Statement = {
  name: 'withdraw roles',
  text: 'delete from issuer.role_grant where user_id = $1 and project_id = $2 and role_key <> all($3::text[]) returning role_key',
};

/** The keys of the roles that a person has in a project, sorted. Empty when there are none. */
export async function rolesFor(run: Run, userId: string, projectId: string): Promise<string[]> {
  const rows = await run<{ role_key: string }>(ROLES, [userId, projectId]);
  return [...new Set(rows.map(({ role_key }) => role_key))];
}

/** Whom the roles are given to, and where. */
export interface RoleGrant {
  /** The organization in which the person has them. */
  readonly organizationId: string;
  readonly userId: string;
  readonly projectId: string;
}

/** Makes a person's roles in a project exactly these. */
export async function setRoles(run: Run, { organizationId, userId, projectId }: RoleGrant, roles: readonly string[]): Promise<Change> {
  const withdrawn = await run(WITHDRAW, [userId, projectId, [...roles]]);
  const granted = await run(GRANT, [organizationId, userId, projectId, [...roles]]);
  return withdrawn.length + granted.length > 0 ? 'changed' : 'same';
}
