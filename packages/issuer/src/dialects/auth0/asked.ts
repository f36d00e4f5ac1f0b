/** What an authorization request asked for that only the shapes of tokens know what to do with. */
import { type Tenant, tenantNamed } from '../facts.ts';

/** An organization as a request meant it. */
export interface Meant {
  readonly id: string;
  /** What SDKs compare `org_name` with; '' when nobody knows. */
  readonly name: string;
}

export interface Asked {
  /** The organization that the person is to sign in to. */
  readonly organization: Meant | undefined;
  /** Scopes beyond those of OpenID Connect: permissions that a person has are among them. */
  readonly scopes: readonly string[];
}

/** Longest list of scopes that is kept. */
const MAX_SCOPES = 1_500;
const MAX_NAME = 200;

/** As text of at most 2,000 characters; '' when nothing was asked. */
export function writeAsked({ organization, scopes }: Asked): string {
  const kept = scopes.join(' ').length <= MAX_SCOPES ? scopes : [];
  if (organization === undefined && kept.length === 0) return '';
  return JSON.stringify({ ...(organization && { o: organization.id, n: organization.name.slice(0, MAX_NAME) }), s: kept.join(' ') });
}

/** Reads what `writeAsked` wrote. */
export function readAsked(text: string): Asked {
  if (text === '') return { organization: undefined, scopes: [] };
  const { o, n, s } = JSON.parse(text) as { o?: unknown; n?: unknown; s?: unknown };
  return {
    organization: typeof o === 'string' ? { id: o, name: typeof n === 'string' ? n : '' } : undefined,
    scopes: typeof s === 'string' ? s.split(' ').filter(Boolean) : [],
  };
}

/** The organization that a request means by its id, its domain, or a name that only one has. */
export function organizationMeant(all: readonly Tenant[], spelled: string): Meant | undefined {
  const [exact, small] = [spelled.trim(), spelled.trim().toLowerCase()];
  const [called, ...more] = all.filter(({ name }) => name.toLowerCase() === small);
  const found = tenantNamed(all, exact) ?? (more.length === 0 ? called : undefined);
  // SDKs take what does not begin so for a name, and compare it as they asked for it.
  return found && { id: found.id, name: exact.startsWith('org_') ? nameOf(found) : small };
}

/** As Auth0 has names: in small letters. */
export const nameOf = ({ name }: Tenant): string => name.trim().toLowerCase();
