import { createServiceUser } from '../../people/service-users.ts';
import type { Handlers } from '../call.ts';
import { serviceUsers } from '../lists.ts';
import { invalid } from '../problem.ts';
import type { serviceUserRoutes } from '../routes/service-users.ts';
import { refuseUnknownDialects } from './declared.ts';
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
    const { id, organization, project, name, resources = [], scopes = [], dialects, metadata } = call.body;
    if (id?.startsWith('usr_')) throw invalid(['id must not begin with usr_: that is how the ids of people begin']);
    if (id !== undefined) await refuseTaken(call.run, 'subject', id);
    refuseUnknownDialects(dialects);
    await refuseUnusable(call, { resources, scopes });
    const place = { organizationId: organization, projectId: project };
    const user = await createServiceUser(call.run, { ...place, id, name, resources, scopes, dialects, metadata });
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
