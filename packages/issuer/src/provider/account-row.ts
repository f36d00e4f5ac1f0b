/** Who an account is at this moment, with its roles: it rides along on the read of whatever names it. */
import type { Row, Statement } from '../store/database.ts';

export interface AccountRow extends Row {
  readonly id: string;
  readonly kind: 'person' | 'service';
  readonly organization: string;
  readonly email: string | null;
  readonly email_verified: boolean;
  readonly name: string | null;
  readonly given_name: string | null;
  readonly family_name: string | null;
  readonly locale: string | null;
  /** Seconds since the epoch. */
  readonly updated_at: number;
  /** Seconds since the epoch: what it got for itself before then has ended. */
  readonly access_ended_at: number | null;
  /** Role keys by project, as a member of the person's own organization. */
  readonly roles: Readonly<Record<string, readonly string[]>>;
  readonly organization_name: string;
  readonly organization_domain: string | null;
  /** Role keys by project, by the other organizations that gave the person a role. */
  readonly guest_of: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  /** Further standard claims (OpenID Connect Core, 5.1). */
  readonly claims: Row;
  readonly metadata: Readonly<Record<string, string>>;
  /** `sub` by dialect, where it is not what the dialect would make of the id. */
  readonly subjects: Readonly<Record<string, string>>;
  /** The account elsewhere that the person first came with. */
  readonly came_with: { readonly connection: string; readonly subject: string } | null;
}

/** SQL that gives the account in `column` as one jsonb value; null when nobody has this id or the person is disabled. */
export const accountOf = (column: string): string => `(select jsonb_build_object('id', u.id, 'kind', u.kind,
    'organization', u.organization_id, 'email', u.email, 'email_verified', u.email_verified, 'name', u.name,
    'given_name', u.given_name, 'family_name', u.family_name, 'locale', u.locale,
    'updated_at', floor(extract(epoch from u.updated_at)), 'access_ended_at', floor(extract(epoch from u.access_ended_at)),
    'organization_name', o.name, 'organization_domain', o.domain, 'claims', u.claims, 'metadata', u.metadata,
    'subjects', u.subjects, 'came_with', u.came_with,
    'roles', (select coalesce(jsonb_object_agg(r.project_id, r.keys), '{}') from (
      select project_id, jsonb_agg(role_key order by role_key) as keys from issuer.role_grant
      where user_id = u.id and organization_id = u.organization_id group by project_id) r),
    'guest_of', (select coalesce(jsonb_object_agg(g.organization_id, g.roles), '{}') from (
      select r.organization_id, jsonb_object_agg(r.project_id, r.keys) as roles
      from (select organization_id, project_id, jsonb_agg(role_key order by role_key) as keys from issuer.role_grant
        where user_id = u.id and organization_id <> u.organization_id group by organization_id, project_id) r
      group by r.organization_id) g))
  from issuer.users u join issuer.organization o on o.id = u.organization_id where u.id = ${column} and u.state = 'active')`;

export const FIND_ACCOUNT: Statement = { name: 'account', text: `select ${accountOf('$1')} as account` };

/** SQL that gives the kind of the application in `column`; null when there is none or it is disabled. */
export const clientKindOf = (column: string): string =>
  `(select p.kind from issuer.application p where p.id = ${column} and p.disabled_at is null)`;
