/** The one statement of the short way, for each kind of subject token: is it alive, whose is it, and what is in the vault. */
import { hotVaultRow } from '../connections/vault-row.ts';
import type { Statement } from '../store/database.ts';
import { alive } from './statements.ts';

// As one value: each column of an answer is described anew, which costs more than its content.
const found = 'person.organization_id as organization, to_json(v) as held';
// Names of tables here differ from those inside `hotVaultRow`, which would hide them.
const person = "person.state = 'active' and person.kind = 'person'";

/** Grant, revocation, person, client of the token; then connection, caller, account. */
export const BY_ACCESS_TOKEN: Statement = {
  name: 'exchange by access token',
  text: `select ${found}
    from issuer.users person
    join issuer.artifact g on g.id = $1 and ${alive('g')}
    join issuer.application p on p.id = $4 and p.disabled_at is null
    join lateral (${hotVaultRow({ user: '$3', connection: '$5', application: '$6', account: '$7' })}) v on true
    where person.id = $3 and ${person} and not exists (select from issuer.artifact r where r.id = $2)`,
};

/** Refresh token, grace; then connection, caller, account, realm. A refresh token is its own client's alone. */
export const BY_REFRESH_TOKEN: Statement = {
  name: 'exchange by refresh token',
  text: `select ${found}
    from issuer.artifact t
    join issuer.artifact g on g.id = t.grant_id and ${alive('g')}
    join issuer.users person on person.id = t.account_id and ${person}
    join issuer.application p on p.id = $4 and p.disabled_at is null
    join lateral (${hotVaultRow({ user: 'person.id', connection: '$3', application: '$4', account: '$5' })}) v on true
    where t.id = $1 and ${alive('t')} and t.payload ->> 'clientId' = $4 and coalesce(t.payload ->> 'realm', '') = $6
      and (t.consumed_at is null or t.consumed_at >= now() - make_interval(secs => $2))`,
};
