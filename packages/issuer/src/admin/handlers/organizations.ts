import { upsertOrganization } from '../../orgs/organizations.ts';
import { newId } from '../../store/ids.ts';
import type { Handlers } from '../call.ts';
import { organizations } from '../lists.ts';
import type { organizationRoutes } from '../routes/organizations.ts';
import { refuseTaken } from './ids.ts';
import { alreadyThere, page, shown } from './shown.ts';

export const organizationHandlers: Handlers<typeof organizationRoutes> = {
  'organizations.list': (call) => page(call, organizations),
  'organizations.show': (call) => shown(call, organizations, call.params.organization),
  async 'organizations.create'(call) {
    const found = await alreadyThere(call, organizations, call.body);
    if (found) return found;
    const { id = newId('org'), name } = call.body;
    await refuseTaken(call.run, 'organization', id);
    await upsertOrganization(call.run, { id, name });
    await call.record({ type: 'organization.created', target: id, organization: id });
    return shown(call, organizations, id);
  },
  async 'organizations.change'(call) {
    const id = call.params.organization;
    const change = await upsertOrganization(call.run, { id, name: call.body.name });
    if (change === 'same') call.unchanged();
    else await call.record({ type: 'organization.changed', target: id });
    return shown(call, organizations, id);
  },
};
