import type { Statement } from '../../store/database.ts';
import { SAFECONDUCT } from '../built-in.ts';
import type { Call, Handlers } from '../call.ts';
import { grants } from '../lists.ts';
import { CallRefused, unknown } from '../problem.ts';
import type { grantRoutes } from '../routes/grants.ts';
import { keepAnAdministrator, refuseHigherRole } from './administrators.ts';
import { page, shown } from './shown.ts';

const PROJECT: Statement = { name: 'organization of project', text: 'select organization_id from issuer.project where id = $1' };
const ROLE: Statement = { name: 'role of project', text: 'select key from issuer.role where project_id = $1 and key = $2' };
const GIVE: Statement = {
  name: 'give role',
  text: `insert into issuer.role_grant (organization_id, user_id, project_id, role_key) values ($1, $2, $3, $4)
    on conflict do nothing returning user_id`,
};
const TAKE: Statement = {
  name: 'take role',
  text: 'delete from issuer.role_grant where user_id = $1 and project_id = $2 and role_key = $3 returning user_id',
};

interface Named {
  readonly user: string;
  readonly project: string;
  readonly role: string;
}

export const grantHandlers: Handlers<typeof grantRoutes> = {
  'grants.list': (call) => page(call, grants),
  async 'grants.give'(call) {
    const { user, project, role } = call.body;
    await refuseForeign(call, call.body);
    const given = await call.run(GIVE, [call.organization, user, project, role]);
    if (given.length === 0) call.unchanged();
    else await call.record({ type: 'grant.given', target: user, details: { project, role } });
    return shown(call, grants, `${user} ${project} ${role}`);
  },
  async 'grants.take'(call) {
    const { user, project, role } = call.params;
    await refuseForeign(call, call.params);
    if (project === SAFECONDUCT && role === 'issuer-admin') await keepAnAdministrator(call.run, user);
    if ((await call.run(TAKE, [user, project, role])).length === 0)
      throw new CallRefused('unknown', `${user} does not have the role ${role} in the project ${project}`);
    await call.record({ type: 'grant.taken', target: user, details: { project, role } });
    return undefined;
  },
};

/** An organization-admin gives roles of its own projects, and makes others organization-admins. */
async function refuseForeign({ run, reach, caller }: Pick<Call, 'run' | 'reach' | 'caller'>, { project, role }: Named): Promise<void> {
  const [found] = await run<{ organization_id: string }>(PROJECT, [project]);
  const within = reach.everywhere || project === SAFECONDUCT || found?.organization_id === reach.organization;
  if (found === undefined || !within) throw unknown('project', project);
  if ((await run(ROLE, [project, role])).length === 0)
    throw new CallRefused('unknown', `the project ${project} has no role ${role}: add it first`);
  refuseHigherRole(caller, project, role);
}
