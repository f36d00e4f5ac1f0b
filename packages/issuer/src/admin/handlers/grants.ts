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
const ORGANIZATION: Statement = { name: 'organization by id', text: 'select id from issuer.organization where id = $1' };
const GIVE: Statement = {
  name: 'give role',
  text: `insert into issuer.role_grant (organization_id, user_id, project_id, role_key) values ($1, $2, $3, $4)
    on conflict do nothing returning user_id`,
};
const TAKE: Statement = {
  name: 'take role',
  text: `delete from issuer.role_grant where organization_id = $1 and user_id = $2 and project_id = $3 and role_key = $4
    returning user_id`,
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
    const organization = await hostOf(call, call.body);
    const given = await call.run(GIVE, [organization, user, project, role]);
    if (given.length === 0) call.unchanged();
    else await call.record({ type: 'grant.given', target: user, details: { project, role }, organization });
    return shown(call, grants, `${user} ${organization} ${project} ${role}`);
  },
  async 'grants.take'(call) {
    const { user, project, role } = call.params;
    await refuseForeign(call, call.params);
    const organization = await hostOf(call, { project, organization: call.query.organization });
    if (project === SAFECONDUCT && role === 'issuer-admin') await keepAnAdministrator(call.run, user);
    if ((await call.run(TAKE, [organization, user, project, role])).length === 0)
      throw new CallRefused('unknown', `${user} does not have the role ${role} in the project ${project}`);
    await call.record({ type: 'grant.taken', target: user, details: { project, role }, organization });
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

/** The organization in which somebody has a role: the own one, or another one as a guest there. */
async function hostOf(
  { run, reach, organization }: Pick<Call, 'run' | 'reach' | 'organization'>,
  wanted: { readonly project: string; readonly organization?: string | undefined },
): Promise<string> {
  const { organization: host = organization, project } = wanted;
  if (host === organization) return host;
  if (!reach.everywhere)
    throw new CallRefused('forbidden', 'only an issuer-admin makes people guests of another organization, or no longer');
  if (project === SAFECONDUCT) throw new CallRefused('conflict', 'guests do not administer: give the role in the own organization');
  if ((await run(ORGANIZATION, [host])).length === 0) throw unknown('organization', host);
  return host;
}
