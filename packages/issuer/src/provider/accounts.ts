/** People and service users as the engine knows them, and the standard claims that OpenID Connect has for them. */
import type { Account, AccountClaims } from 'oidc-provider';
import type { AccountRow } from './account-row.ts';
import { unit } from './unit.ts';

/** Claims by scope (OpenID Connect Core 5.4). */
export const claimsByScope: Readonly<Record<string, readonly string[]>> = {
  openid: ['sub', 'org_id', 'auth_time', 'amr'],
  profile: ['name', 'given_name', 'family_name', 'locale', 'updated_at'],
  email: ['email', 'email_verified'],
};

/** An account with what access tokens say about it. */
export interface KnownAccount extends Account {
  readonly row: AccountRow;
}

/** Finds an account that may act now: a disabled person is nobody. */
export async function findAccount(_ctx: unknown, id: string): Promise<KnownAccount | undefined> {
  const row = await unit().account(id);
  return row && { accountId: row.id, row, claims: async () => standardClaims(row) };
}

function standardClaims(row: AccountRow): AccountClaims {
  const claims: Record<string, unknown> = {
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
