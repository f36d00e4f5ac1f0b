/** People and service users as the engine knows them, and the standard claims that OpenID Connect has for them. */
import type { Account, AccountClaims, KoaContextWithOIDC } from 'oidc-provider';
import type { AccountRow } from './account-row.ts';
import { unit } from './unit.ts';
import type { Voice } from './voice.ts';
import { TENANT } from './wire.ts';

/** Claims by scope (OpenID Connect Core 5.4). */
export const claimsByScope: Readonly<Record<string, readonly string[]>> = {
  openid: ['sub', 'org_id', 'auth_time', 'amr'],
  profile: [
    'name',
    'given_name',
    'family_name',
    'middle_name',
    'nickname',
    'preferred_username',
    'profile',
    'picture',
    'website',
    'gender',
    'birthdate',
    'zoneinfo',
    'locale',
    'updated_at',
  ],
  email: ['email', 'email_verified'],
  phone: ['phone_number', 'phone_number_verified'],
  address: ['address'],
};

/** An account with what access tokens say about it. */
export interface KnownAccount extends Account {
  readonly row: AccountRow;
}

/** Gives what finds an account that may act now: a disabled person is nobody, and so is a stranger at a tenant's own issuer. */
export function findAccount(voice: Voice) {
  return async ({ oidc }: KoaContextWithOIDC, id: string): Promise<KnownAccount | undefined> => {
    const row = await unit().account(id);
    // While somebody signs in, a stranger is asked for another account (grants.ts).
    if (!row || (redeems.includes(oidc.route) && !belongs(row, voice.tenant?.id))) return undefined;
    return { accountId: row.id, row, claims: async () => standardClaims(row) };
  };
}

const redeems = ['token', 'userinfo'];

/** Whether somebody may sign in at a tenant's issuer: its own people, and those whom it gave a role. */
export function belongs({ organization, guest_of }: AccountRow, tenant: string | undefined): boolean {
  return tenant === undefined || organization === tenant || Object.hasOwn(guest_of, tenant);
}

/** Whether somebody may sign in for this request: of the organization that it asks for, or of one that is a tenant here. */
export function mayBegin(row: AccountRow, begun: Begun, { dialect, tenant, shared, tenants }: Voice): boolean {
  const asked = tenantBehind(begun) ?? tenant?.id;
  if (shared !== undefined && tenants !== undefined && !tenants.includes(row.organization)) return false;
  if (asked !== tenant?.id && dialect.policy.guests === false) return row.organization === asked;
  return belongs(row, asked);
}

/** A sign-in under way, in the engine or in its pages. */
interface Begun {
  readonly params?: Readonly<Record<string, unknown>> | undefined;
}

/** The organization at whose issuer a sign-in began; undefined where there is one issuer for all. */
export function tenantBehind({ params }: Begun): string | undefined {
  const tenant = params?.[TENANT];
  return typeof tenant === 'string' ? tenant : undefined;
}

function standardClaims(row: AccountRow): AccountClaims {
  const claims: Record<string, unknown> = {
    ...row.claims,
    org_id: row.organization,
    name: row.name,
    given_name: row.given_name,
    family_name: row.family_name,
    locale: row.locale,
    updated_at: row.updated_at,
    email: row.email,
    email_verified: row.email === null ? null : row.email_verified,
  };
  // A claim that nobody filled in is absent, not null (OpenID Connect Core 5.3.2).
  return { ...Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== null)), sub: row.id };
}
