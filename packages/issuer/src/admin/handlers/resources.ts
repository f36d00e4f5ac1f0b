/** For which APIs, and with which scopes, a caller may make a token or let a program ask for one. */
import type { Run, Statement } from '../../store/database.ts';
import { adminAudience } from '../built-in.ts';
import type { Call } from '../call.ts';
import { CallRefused, invalid } from '../problem.ts';
import { permissions } from '../routes/permissions.ts';

/** An API that tokens may be for, with its scopes and the sentence for each. */
export interface KnownApi extends Record<string, unknown> {
  readonly id: string;
  readonly name: string;
  readonly resource: string;
  readonly scopes: Readonly<Record<string, string>>;
  readonly organization: string;
}

const APIS: Statement = {
  name: 'apis of resources',
  text: `select a.id, a.name, a.resource, a.resource_scopes as scopes, p.organization_id as organization
    from issuer.application a join issuer.project p on p.id = a.project_id
    where a.resource = any($1::text[]) and a.kind = 'api' and a.disabled_at is null`,
};

type Asking = Pick<Call, 'run' | 'caller' | 'reach' | 'desk'>;

export interface Use {
  readonly resources: readonly string[];
  readonly scopes: readonly string[];
}

/**
 * The APIs of these resources. Throws `invalid` when one is not there or not in the caller's reach, or no API knows a scope, and
 * `forbidden` for scopes of the admin API that the caller's own token does not have.
 */
export async function refuseUnusable(call: Asking, { resources, scopes }: Use): Promise<readonly KnownApi[]> {
  const apis = await apisOf(call.run, resources);
  const admin = adminAudience(call.desk.issuer);
  const usable = apis.filter(({ organization, resource }) => resource === admin || within(call, organization));
  const missing = resources.filter((wanted) => !usable.some(({ resource }) => resource === wanted));
  if (missing.length > 0) throw invalid(missing.map((one) => `resources: no API has the resource ${one}`));
  const known = new Set(usable.flatMap((api) => Object.keys(api.scopes)));
  const strange = scopes.filter((scope) => !known.has(scope));
  if (strange.length > 0) throw invalid(strange.map((one) => `scopes: none of these APIs knows the scope ${one}`));
  refuseWider(call, { resources, scopes });
  return usable;
}

/** Throws `forbidden` when it is for the admin API, with a scope that the caller's own token does not have. */
export function refuseWider({ caller, desk }: Pick<Call, 'caller' | 'desk'>, { resources, scopes }: Use): void {
  if (!resources.includes(adminAudience(desk.issuer))) return;
  const wider = scopes.filter((scope) => scope in permissions && !caller.scopes.includes(scope));
  if (wider.length > 0)
    throw new CallRefused('forbidden', `your own token does not have the scopes ${wider.join(', ')}: it cannot give them`);
}

export function apisOf(run: Run, resources: readonly string[]): Promise<KnownApi[]> {
  return run<KnownApi>(APIS, [[...resources]]);
}

const within = ({ reach }: Asking, organization: string): boolean => reach.everywhere || reach.organization === organization;
