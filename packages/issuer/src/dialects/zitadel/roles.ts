/** Roles and organizations as Zitadel writes them: objects that say in which organization somebody has a role. */
import type { AccountFacts, Facts, Tenant } from '../facts.ts';
import { roleOrganizationsIn, rolesIn } from './scopes.ts';

/** `{role: {organization id: its primary domain}}`. */
type Roles = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Zitadel gives every organization a domain below the instance's. */
export const primaryDomain = ({ id, domain }: Pick<Tenant, 'id' | 'domain'>, origin: string): string =>
  domain ?? `${id.toLowerCase()}.${new URL(origin).hostname}`;

export interface RoleQuestion {
  /** The project whose roles also go by the name without an id. */
  readonly own: string | undefined;
  readonly projects: readonly string[];
  readonly scopes: readonly string[];
}

/** The claims that tell of roles, one for each project. Where somebody has no role there is no claim. */
export function roleClaims(facts: Facts, { own, projects, scopes }: RoleQuestion): Record<string, Roles> {
  const claims: Record<string, Roles> = {};
  for (const project of projects) {
    const roles = rolesOf(facts, project, scopes);
    if (Object.keys(roles).length === 0) continue;
    if (project === own) claims['urn:zitadel:iam:org:project:roles'] = roles;
    claims[`urn:zitadel:iam:org:project:${project}:roles`] = roles;
  }
  return claims;
}

function rolesOf({ account, origin }: Facts, project: string, scopes: readonly string[]): Roles {
  const named = rolesIn(scopes);
  const within = roleOrganizationsIn(scopes);
  const roles: Record<string, Record<string, string>> = {};
  for (const { organization, domain, keys } of account ? held(account, project, origin) : []) {
    if (within.length > 0 && !within.includes(organization)) continue;
    for (const key of keys) if (named.length === 0 || named.includes(key)) roles[key] = { ...roles[key], [organization]: domain };
  }
  return roles;
}

interface Held {
  readonly organization: string;
  readonly domain: string;
  readonly keys: readonly string[];
}

function held({ organization, roles, guestOf }: AccountFacts, project: string, origin: string): Held[] {
  const atHome = { organization: organization.id, domain: primaryDomain(organization, origin), keys: roles[project] ?? [] };
  const asGuest = Object.entries(guestOf).map(([id, byProject]) => ({
    organization: id,
    domain: primaryDomain({ id, domain: undefined }, origin),
    keys: byProject[project] ?? [],
  }));
  return [atHome, ...asGuest];
}
