/** Which roles people have. */
import type { Run, Statement } from '../store/database.ts';
import type { Change } from '../store/upsert.ts';

const ROLES: Statement = {
  name: 'roles of user',
  text: `select g.role_key from issuer.role_grant g join issuer.users u on u.id = g.user_id and u.organization_id = g.organization_id
    where g.user_id = $1 and g.project_id = $2 order by g.role_key`,
};
const GRANT: Statement = {
  name: 'grant roles',
  text: `insert into issuer.role_grant (organization_id, user_id, project_id, role_key)
    select $1, $2, $3, key from unnest($4::text[]) as key on conflict do nothing returning role_key`,
};
const WITHDRAW: Statement = {
  name: 'withdraw roles',
  text: `delete from issuer.role_grant where organization_id = $1 and user_id = $2 and project_id = $3 and role_key <> all($4::text[])
    returning role_key`,
};
const LEAVE: Statement = { name: 'leave organization', text: 'delete from issuer.role_grant where organization_id = $1 and user_id = $2' };

/** The keys of the roles that a user has in a project as a member of its own organization, sorted. */
export async function rolesFor(run: Run, userId: string, projectId: string): Promise<string[]> {
  return (await run<{ role_key: string }>(ROLES, [userId, projectId])).map(({ role_key }) => role_key);
}

/** Whom the roles are given to, and where. */
export interface RoleGrant {
  /** The organization in which the person has them: the person's own, or another one that invited the person. */
  readonly organizationId: string;
  readonly userId: string;
  readonly projectId: string;
}

/** Makes a person's roles in a project, in one organization, exactly these. */
export async function setRoles(run: Run, { organizationId, userId, projectId }: RoleGrant, roles: readonly string[]): Promise<Change> {
  const withdrawn = await run(WITHDRAW, [organizationId, userId, projectId, [...roles]]);
  const granted = await run(GRANT, [organizationId, userId, projectId, [...roles]]);
  return withdrawn.length + granted.length > 0 ? 'changed' : 'same';
}

/** Takes away every role that a person has in an organization. */
export async function leaveOrganization(run: Run, { organizationId, userId }: Omit<RoleGrant, 'projectId'>): Promise<void> {
  await run(LEAVE, [organizationId, userId]);
}
