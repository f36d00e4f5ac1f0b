/** To whom the things belong that a call is about. Another tenant's are answered as if they were not there. */
import type { Run, Statement } from '../store/database.ts';
import { builtIn, SAFECONDUCT } from './built-in.ts';
import { type AdminRole, type Caller, isIssuerAdmin, type Reach } from './caller.ts';
import { CallRefused, unknown } from './problem.ts';
import type { AdminRoute, Tenant } from './routes/route.ts';

interface Owner extends Record<string, unknown> {
  readonly organization: string;
  /** The person or service user who is, or holds, the thing. */
  readonly holder: string | null;
}

interface Kind {
  /** What people call it. */
  readonly noun: string;
  readonly text: string;
  /** The table whose row is locked while it is changed. */
  readonly locks: string;
}

const clientText = (kinds: string) => `select coalesce(u.organization_id, p.organization_id) as organization, u.id as holder
  from issuer.application a left join issuer.project p on p.id = a.project_id
  left join issuer.users u on u.id = a.id and a.kind = 'service' where a.id = $1 and ${kinds}`;
const userText = (kinds: string) =>
  `select u.organization_id as organization, u.id as holder from issuer.users u where u.id = $1 and ${kinds}`;

const kinds: Readonly<Record<Tenant, Kind>> = {
  organization: {
    noun: 'organization',
    text: 'select o.id as organization, null as holder from issuer.organization o where o.id = $1',
    locks: 'o',
  },
  project: {
    noun: 'project',
    text: 'select p.organization_id as organization, null as holder from issuer.project p where p.id = $1',
    locks: 'p',
  },
  person: { noun: 'person', text: userText(`u.kind = 'person'`), locks: 'u' },
  serviceUser: { noun: 'service user', text: userText(`u.kind = 'service'`), locks: 'u' },
  user: { noun: 'person or service user', text: userText('true'), locks: 'u' },
  application: { noun: 'application', text: clientText(`a.kind in ('web', 'spa', 'native')`), locks: 'a' },
  api: { noun: 'API', text: clientText(`a.kind = 'api'`), locks: 'a' },
  client: { noun: 'application, API or service user', text: clientText('true'), locks: 'a' },
  token: {
    noun: 'token',
    text: `select u.organization_id as organization, u.id as holder from issuer.personal_access_token t
      join issuer.users u on u.id = t.user_id where t.id = $1`,
    locks: 't',
  },
  connection: {
    noun: 'connection',
    text: 'select c.organization_id as organization, null as holder from issuer.connection c where c.id = $1',
    locks: 'c',
  },
  connectedAccount: {
    noun: 'connected account',
    text: `select u.organization_id as organization, null as holder from issuer.connected_account a
      join issuer.users u on u.id = a.user_id where a.id = $1`,
    locks: 'a',
  },
};

const ROLES_HERE: Statement = {
  name: 'admin roles of user',
  text: 'select role_key from issuer.role_grant where user_id = $1 and project_id = $2 and role_key <> $3',
};

export interface TenantOptions {
  readonly caller: Caller;
  readonly reach: Reach;
  /** Path parameters and, behind them, the members of the body. */
  readonly named: Readonly<Record<string, unknown>>;
  readonly inPath: (name: string) => boolean;
}

/**
 * Throws `unknown` when something that the call is about is not there or not within reach, and `forbidden` when it is built in
 * or belongs to somebody above the caller. Gives the organization that the call is about. What is changed is locked before.
 */
export async function withinReach(run: Run, route: AdminRoute, options: TenantOptions): Promise<string | undefined> {
  if (typeof route.tenant === 'string') return undefined;
  let organization: string | undefined;
  for (const tenant of route.tenant) organization = await ownerWithinReach(run, { route, tenant, ...options });
  return organization;
}

interface Asked extends TenantOptions {
  readonly route: AdminRoute;
  readonly tenant: Tenant;
}

async function ownerWithinReach(run: Run, { route, tenant, caller, reach, named, inPath }: Asked): Promise<string> {
  const id = String(named[tenant]);
  const changes = route.method !== 'GET';
  const owner = await ownerOf(run, tenant, { id, lock: changes && route.steps !== 'several' });
  if (owner === undefined || !(reach.everywhere || owner.organization === reach.organization)) throw unknown(kinds[tenant].noun, id);
  // People and service users may be added to the built-in organization; nothing else of what is built in changes.
  if (changes && builtIn.has(id) && !(tenant === 'organization' && !inPath(tenant) && route.permission === 'users:write'))
    throw new CallRefused('forbidden', `${id} is built in: it cannot be changed`);
  if (changes && owner.holder !== null) await refuseAbove(run, caller, owner.holder);
  return owner.organization;
}

async function ownerOf(run: Run, tenant: Tenant, { id, lock }: { id: string; lock: boolean }): Promise<Owner | undefined> {
  const { text, locks } = kinds[tenant];
  const statement = lock
    ? { name: `lock within reach: ${tenant}`, text: `${text} for update of ${locks}` }
    : { name: `within reach: ${tenant}`, text };
  return (await run<Owner>(statement, [id]))[0];
}

/** Whoever may set the password or make a token of an issuer-admin or an auditor is as good as one. */
async function refuseAbove(run: Run, caller: Caller, holder: string): Promise<void> {
  if (isIssuerAdmin(caller)) return;
  const above = await run(ROLES_HERE, [holder, SAFECONDUCT, 'organization-admin' satisfies AdminRole]);
  if (above.length > 0) throw new CallRefused('forbidden', `${holder} is an issuer-admin or auditor: only an issuer-admin may do this`);
}
