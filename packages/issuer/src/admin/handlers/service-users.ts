import { createServiceUser } from '../../people/service-users.ts';
import type { Handlers } from '../call.ts';
import { serviceUsers } from '../lists.ts';
import { invalid } from '../problem.ts';
import type { serviceUserRoutes } from '../routes/service-users.ts';
import { refuseTaken } from './ids.ts';
import { refuseUnusable } from './resources.ts';
import { changeServiceUser } from './service-user-changes.ts';
import { alreadyThere, page, shown } from './shown.ts';
import { disable, enable } from './states.ts';

export const serviceUserHandlers: Handlers<typeof serviceUserRoutes> = {
  'service-users.list': (call) => page(call, serviceUsers),
  'service-users.show': (call) => shown(call, serviceUsers, call.params.serviceUser),
  async 'service-users.create'(call) {
    const found = await alreadyThere(call, serviceUsers, call.body);
    if (found) return found;
    const { id, organization, project, name, resources = [], scopes = [] } = call.body;
    if (id?.startsWith('usr_')) throw invalid(['id must not begin with usr_: that is how the ids of people begin']);
    if (id !== undefined) await refuseTaken(call.run, 'subject', id);
    await refuseUnusable(call, { resources, scopes });
    const user = await createServiceUser(call.run, { id, organizationId: organization, projectId: project, name, resources, scopes });
    await call.record({ type: 'user.created', target: user.id, details: { kind: 'service', resources, scopes } });
    return shown(call, serviceUsers, user.id);
  },
  async 'service-users.change'(call) {
    await changeServiceUser(call, call.params.serviceUser, call.body);
    return shown(call, serviceUsers, call.params.serviceUser);
  },
  async 'service-users.disable'(call) {
    await disable(call, call.params.serviceUser);
    return shown(call, serviceUsers, call.params.serviceUser);
  },
  async 'service-users.enable'(call) {
    await enable(call, call.params.serviceUser);
    return shown(call, serviceUsers, call.params.serviceUser);
  },
};
