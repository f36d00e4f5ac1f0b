/** Rules about the roles of administrators: who may give them, and that somebody always has the highest. */
import type { Run, Statement } from '../../store/database.ts';
import { SAFECONDUCT } from '../built-in.ts';
import { type AdminRole, type Caller, isIssuerAdmin } from '../caller.ts';
import { CallRefused } from '../problem.ts';

const LOCK: Statement = { name: 'lock role', text: 'select from issuer.role where project_id = $1 and key = $2 for update' };
const ADMINISTRATORS: Statement = {
  name: 'administrators',
  text: `select distinct g.user_id from issuer.role_grant g join issuer.users u on u.id = g.user_id
    where g.project_id = $1 and g.role_key = $2 and g.organization_id = u.organization_id and u.state = 'active'`,
};

const highest: AdminRole = 'issuer-admin';

/** Throws `conflict` when this user is the only one left who is an issuer-admin. Two who leave at once wait for each other here. */
export async function keepAnAdministrator(run: Run, leaving: string): Promise<void> {
  await run(LOCK, [SAFECONDUCT, highest]);
  const ids = (await run<{ user_id: string }>(ADMINISTRATORS, [SAFECONDUCT, highest])).map(({ user_id }) => user_id);
  if (ids.length === 1 && ids[0] === leaving)
    throw new CallRefused('conflict', `${leaving} is the last issuer-admin: give somebody else this role first`);
}

/** Throws `forbidden` when a caller would give, or take, a role of administrators that is above its own. */
export function refuseHigherRole(caller: Caller, project: string, role: string): void {
  const lower: AdminRole = 'organization-admin';
  if (project === SAFECONDUCT && role !== lower && !isIssuerAdmin(caller))
    throw new CallRefused('forbidden', `only an issuer-admin may give or take the role ${role}`);
}
