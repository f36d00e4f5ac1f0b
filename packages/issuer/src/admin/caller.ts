/** Who calls the admin API, and how far this person or program reaches. */
import type { Identity } from 'safeconduct/identity';
import type { AdminRoute } from './routes/route.ts';

/** The roles of administrators, each with the name that people read. */
export const adminRoles = {
  'issuer-admin': 'Administrator of the whole issuer',
  'organization-admin': 'Administrator of the own organization',
  auditor: 'Reads everything, changes nothing',
} as const;

export type AdminRole = keyof typeof adminRoles;

/** The caller, as every rule of the admin API sees it. */
export interface Caller {
  readonly id: string;
  readonly kind: Identity['kind'];
  /** Undefined for a token that names none: such a caller has no organization of its own. */
  readonly organization: string | undefined;
  /** The application that somebody signed in to; undefined for a personal access token, and for a service user, which is its own. */
  readonly client: string | undefined;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  readonly expiresAt: Date;
}

export function callerOf({ subject, kind, organization, roles, scopes, claims, expiresAt }: Identity): Caller {
  const client = typeof claims.client_id === 'string' && claims.client_id !== subject ? claims.client_id : undefined;
  return { id: subject, kind, organization, client, roles, scopes, expiresAt };
}

/** Everywhere, or in the organization with this id alone. */
export type Reach = { readonly everywhere: true } | { readonly everywhere: false; readonly organization: string | undefined };

export function reachOf({ roles, organization }: Caller, { method }: Pick<AdminRoute, 'method'>): Reach {
  const wide: readonly AdminRole[] = method === 'GET' ? ['issuer-admin', 'auditor'] : ['issuer-admin'];
  return wide.some((role) => roles.includes(role)) ? { everywhere: true } : { everywhere: false, organization };
}

export const isIssuerAdmin = ({ roles }: Caller): boolean => roles.includes('issuer-admin' satisfies AdminRole);

/** The roles of which a caller needs one to use a route at all. Empty: the token is enough. */
export function rolesFor({ access, method, tenant }: AdminRoute): readonly AdminRole[] {
  if (access === 'everybody') return [];
  const reading: readonly AdminRole[] = method === 'GET' ? ['auditor'] : [];
  // The first is the one that a refusal names.
  return tenant === 'issuer' ? ['issuer-admin', ...reading] : ['organization-admin', 'issuer-admin', ...reading];
}
