/** What an authorization request asked for that only the shapes of tokens know what to do with. */
import type { Tenant } from '../facts.ts';

export interface Asked {
  /** Id or name of the organization that the person is to sign in to. */
  readonly organization: string | undefined;
  /** Scopes beyond those of OpenID Connect: permissions that a person has are among them. */
  readonly scopes: readonly string[];
}

/** Longest list of scopes that is kept. */
const MAX_SCOPES = 1_500;
const MAX_ORGANIZATION = 200;

/** As text of at most 2,000 characters; '' when nothing was asked. */
export function writeAsked({ organization, scopes }: Asked): string {
  const kept = scopes.join(' ').length <= MAX_SCOPES ? scopes : [];
  if (organization === undefined && kept.length === 0) return '';
  return JSON.stringify({ ...(organization !== undefined && { o: organization.slice(0, MAX_ORGANIZATION) }), s: kept.join(' ') });
}

/** Reads what `writeAsked` wrote. */
export function readAsked(text: string): Asked {
  if (text === '') return { organization: undefined, scopes: [] };
  const { o, s } = JSON.parse(text) as { o?: unknown; s?: unknown };
  return {
    organization: typeof o === 'string' ? o : undefined,
    scopes: typeof s === 'string' ? s.split(' ').filter(Boolean) : [],
  };
}

/** Whether a request means this organization: by its id, its name or its domain. */
export function isMeant({ id, uuid, name, domain }: Tenant, organization: string): boolean {
  const asked = organization.trim().toLowerCase();
  return organization.trim() === id || [uuid, name.toLowerCase(), domain?.toLowerCase()].includes(asked);
}
