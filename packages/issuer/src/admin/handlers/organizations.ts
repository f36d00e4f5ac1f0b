import { upsertOrganization } from '../../orgs/organizations.ts';
import { newId } from '../../store/ids.ts';
import type { Handlers } from '../call.ts';
import { isIssuerAdmin } from '../caller.ts';
import { organizations } from '../lists.ts';
import { CallRefused } from '../problem.ts';
import type { organizationRoutes } from '../routes/organizations.ts';
import { refuseTaken } from './ids.ts';
import { alreadyThere, page, shown } from './shown.ts';

export const organizationHandlers: Handlers<typeof organizationRoutes> = {
  'organizations.list': (call) => page(call, organizations),
  'organizations.show': (call) => shown(call, organizations, call.params.organization),
  async 'organizations.create'(call) {
    const found = await alreadyThere(call, organizations, call.body);
    if (found) return found;
    const { id = newId('org'), name, domain } = call.body;
    await refuseTaken(call.run, 'organization', id);
    await upsertOrganization(call.run, { id, name, domain });
    await call.record({ type: 'organization.created', target: id, organization: id });
    return shown(call, organizations, id);
  },
  async 'organizations.change'(call) {
    const id = call.params.organization;
    const before = await shown(call, organizations, id);
    const { name = String(before.name), domain = before.domain as string | null } = call.body;
    // Programs believe that whoever is of a domain is its people: no organization gives itself one.
    if (domain !== before.domain && domain !== null && !isIssuerAdmin(call.caller))
      throw new CallRefused('forbidden', 'only an issuer-admin may give an organization a domain');
    const change = await upsertOrganization(call.run, { id, name, domain: domain ?? undefined });
    if (change === 'same') call.unchanged();
    else await call.record({ type: 'organization.changed', target: id, details: { changed: Object.keys(call.body) } });
    return shown(call, organizations, id);
  },
};
