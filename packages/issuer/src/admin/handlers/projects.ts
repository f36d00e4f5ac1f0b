import { upsertProject } from '../../orgs/projects.ts';
import { upsertRole } from '../../orgs/roles.ts';
import type { Statement } from '../../store/database.ts';
import { newId } from '../../store/ids.ts';
import type { Handlers } from '../call.ts';
import { projects, roles } from '../lists.ts';
import { CallRefused, unknown } from '../problem.ts';
import type { projectRoutes } from '../routes/projects.ts';
import { refuseTaken } from './ids.ts';
import { alreadyThere, page, shown } from './shown.ts';

const HOLDERS: Statement = {
  name: 'holders of role',
  text: 'select count(*)::int as holders from issuer.role_grant where project_id = $1 and role_key = $2',
};
const REMOVE_ROLE: Statement = {
  name: 'remove role',
  text: 'delete from issuer.role where project_id = $1 and key = $2 returning key',
};

export const projectHandlers: Handlers<typeof projectRoutes> = {
  'projects.list': (call) => page(call, projects),
  'projects.show': (call) => shown(call, projects, call.params.project),
  async 'projects.create'(call) {
    const found = await alreadyThere(call, projects, call.body);
    if (found) return found;
    const { id = newId('prj'), organization, name } = call.body;
    await refuseTaken(call.run, 'project', id);
    await upsertProject(call.run, { id, organizationId: organization, name });
    await call.record({ type: 'project.created', target: id });
    return shown(call, projects, id);
  },
  async 'projects.change'(call) {
    const id = call.params.project;
    const change = await upsertProject(call.run, { id, organizationId: call.organization, name: call.body.name });
    if (change === 'same') call.unchanged();
    else await call.record({ type: 'project.changed', target: id });
    return shown(call, projects, id);
  },
  'roles.list': (call) => page(call, roles, { project: call.params.project }),
  async 'roles.add'(call) {
    const { project } = call.params;
    const { key, name = key } = call.body;
    const change = await upsertRole(call.run, { projectId: project, key, name });
    if (change === 'changed') throw new CallRefused('conflict', `the project ${project} has a role ${key} already, with another name`);
    if (change === 'same') call.unchanged();
    else await call.record({ type: 'role.added', target: project, details: { role: key } });
    return shown(call, roles, `${project} ${key}`);
  },
  async 'roles.remove'(call) {
    const { project, role } = call.params;
    const [found] = await call.run<{ holders: number }>(HOLDERS, [project, role]);
    const holders = found?.holders ?? 0;
    if (holders > 0)
      throw new CallRefused('conflict', `the role ${role} is given ${holders} times: take it away first (grants list --role ${role})`);
    if ((await call.run(REMOVE_ROLE, [project, role])).length === 0) throw unknown('role', role);
    await call.record({ type: 'role.removed', target: project, details: { role } });
    return undefined;
  },
};
