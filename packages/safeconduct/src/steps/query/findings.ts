/** One way in which a database does not separate people, or might stop to. */
export interface DatabaseFinding {
  readonly code: DatabaseFindingCode;
  /** The role, table, function or setting it is about. */
  readonly object: string;
  /** What is wrong, in a sentence. */
  readonly message: string;
  /** SQL that puts it right. */
  readonly fix: string;
}

interface Check {
  readonly says: string;
  /** Rows of (object, fix). $1: the role that statements run as. $2: the role it is told from, or null. $3: shared tables. */
  readonly question: string;
}

const FUNCTIONS = `pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace`;

/** Whether identities are signed here. By the catalog: the login role may not look into the schema. */
export const SIGNED = `exists (select from ${FUNCTIONS} where n.nspname = 'safeconduct' and p.proname = 'unsealed')`;

/** Goes in front of every question: PostgreSQL cannot tell the type of a parameter that the text does not use. */
export const GIVEN = 'with given as (select $1::name as acting, $2::name as told, $3::text[] as shared)';

// Everything that the role can reach, by whatever privilege.
const REACHABLE = `(
  select c.*, n.nspname, pg_catalog.format('%I.%I', n.nspname, c.relname) as name,
    n.nspname || '.' || c.relname = any ($3) or (n.nspname = 'public' and c.relname = any ($3)) as shared
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'
    and c.relkind in ('r', 'p', 'v', 'm', 'f') and pg_catalog.has_schema_privilege($1::name, n.oid, 'usage')
    and (pg_catalog.has_table_privilege($1::name, c.oid, 'select, insert, update, delete, truncate, references, trigger')
      or pg_catalog.has_any_column_privilege($1::name, c.oid, 'select, insert, update, references'))
) t`;
const TABLE = `t.relkind in ('r', 'p') and not t.shared`;
const SESSION = `(select r.* from pg_catalog.pg_roles r where r.rolname = $2::name) me`;
const IS_OWNER = `(pg_catalog.pg_has_role($1::name, t.relowner, 'member')
  or (not (select rolsuper from pg_catalog.pg_roles where rolname = coalesce($2::name, $1::name))
    and pg_catalog.pg_has_role(coalesce($2::name, $1::name), t.relowner, 'member')))`;
const SIGNATURE = `pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid))`;
const HELPERS = `(values ('identity', ''), ('subject', ''), ('organization', ''), ('has_role', 'role text')) h(name, arguments)`;
const AGAIN = `'run installQuery as the database administrator'`;

export const CHECKS = {
  superuser: {
    says: 'is a superuser, and row security never applies to one',
    question: `select r.rolname as object, pg_catalog.format('alter role %I nosuperuser', r.rolname) as fix
      from pg_catalog.pg_roles r where r.rolname in ($1::name, $2::name) and r.rolsuper`,
  },
  bypasses_row_security: {
    says: 'has BYPASSRLS, and row security never applies to it',
    question: `select r.rolname as object, pg_catalog.format('alter role %I nobypassrls', r.rolname) as fix
      from pg_catalog.pg_roles r where r.rolname in ($1::name, $2::name) and r.rolbypassrls and not r.rolsuper`,
  },
  may_become_powerful: {
    says: 'is a role without row security, and the login role may become it',
    question: `select r.rolname as object, pg_catalog.format('revoke %I from %I', r.rolname, me.rolname) as fix
      from ${SESSION}, pg_catalog.pg_roles r
      where not me.rolsuper and r.oid <> me.oid and (r.rolsuper or r.rolbypassrls) and pg_catalog.pg_has_role(me.oid, r.oid, 'member')`,
  },
  role_not_granted: {
    says: 'may not be taken by the login role, so that no statement would run',
    question: `select $1::text as object, pg_catalog.format('grant %I to %I', $1::text, me.rolname) as fix
      from ${SESSION} where not pg_catalog.pg_has_role(me.oid, $1::name, 'member')`,
  },
  owner: {
    says: 'belongs to the role that statements run as or log in as, which may switch row security off',
    question: `select t.name as object, pg_catalog.format('alter table %s owner to %s', t.name, '<a role that never logs in>') as fix
      from ${REACHABLE} where ${TABLE} and ${IS_OWNER}`,
  },
  row_security_off: {
    says: 'is reachable and has no row security: everybody sees every row',
    question: `select t.name as object, pg_catalog.format('alter table %s enable row level security', t.name) as fix
      from ${REACHABLE} where ${TABLE} and not t.relrowsecurity`,
  },
  row_security_not_forced: {
    says: 'is reachable and does not force row security on its owner',
    question: `select t.name as object, pg_catalog.format('alter table %s force row level security', t.name) as fix
      from ${REACHABLE} where ${TABLE} and t.relrowsecurity and not t.relforcerowsecurity`,
  },
  no_policy: {
    says: 'is reachable and has no policy for the role, so that nobody sees anything',
    question: `select t.name as object,
        pg_catalog.format('create policy own on %s using (owner = (select safeconduct.subject()))', t.name) as fix
      from ${REACHABLE} where ${TABLE} and t.relrowsecurity and not exists (
        select from pg_catalog.pg_policy p, pg_catalog.unnest(p.polroles) r(oid)
        where p.polrelid = t.oid and (r.oid = 0 or pg_catalog.pg_has_role($1::name, r.oid, 'usage')))`,
  },
  policy_compares_database_role: {
    says: 'compares a database role, which is the same for everybody',
    question: `select p.polname || ' on ' || t.name as object,
        pg_catalog.format('alter policy %I on %s using (owner = (select safeconduct.subject()))', p.polname, t.name) as fix
      from ${REACHABLE} join pg_catalog.pg_policy p on p.polrelid = t.oid
      where pg_catalog.regexp_replace(
        pg_catalog.concat_ws(' ', pg_catalog.pg_get_expr(p.polqual, t.oid), pg_catalog.pg_get_expr(p.polwithcheck, t.oid)),
        '''[^'']*''|"[^"]*"', '', 'g')
        ~ '\\m(CURRENT_USER|SESSION_USER|CURRENT_ROLE|USER)\\M'`,
  },
  shared_table_writable: {
    says: 'is shared by everybody without row security, and may be written',
    question: `select t.name as object,
        pg_catalog.format('revoke insert, update, delete, truncate, references, trigger on %s from %I, public', t.name, $1::text) as fix
      from ${REACHABLE} where t.shared and not t.relrowsecurity
        and (pg_catalog.has_table_privilege($1::name, t.oid, 'insert, update, delete')
          or pg_catalog.has_any_column_privilege($1::name, t.oid, 'insert, update'))`,
  },
  view_runs_as_owner: {
    says: 'is a view that reads with the rights of its owner',
    question: `select t.name as object, pg_catalog.format('alter view %s set (security_invoker = true)', t.name) as fix
      from ${REACHABLE} where t.relkind = 'v' and not t.shared and not exists (
        select from pg_catalog.pg_options_to_table(t.reloptions) o
        where o.option_name = 'security_invoker' and o.option_value in ('true', 'on', 'yes', '1'))`,
  },
  materialized_view: {
    says: 'is a materialized view, which knows no row security',
    question: `select t.name as object, pg_catalog.format('revoke all on %s from %I, public', t.name, $1::text) as fix
      from ${REACHABLE} where t.relkind = 'm' and not t.shared`,
  },
  foreign_table: {
    says: 'is a foreign table, which knows no row security',
    question: `select t.name as object, pg_catalog.format('revoke all on %s from %I, public', t.name, $1::text) as fix
      from ${REACHABLE} where t.relkind = 'f' and not t.shared`,
  },
  dangerous_grant: {
    says: 'may be truncated, referenced or given triggers, none of which row security sees',
    question: `select t.name as object,
        pg_catalog.format('revoke truncate, references, trigger on %s from %I, public', t.name, $1::text) as fix
      from ${REACHABLE} where t.relkind in ('r', 'p')
        and pg_catalog.has_table_privilege($1::name, t.oid, 'truncate, references, trigger')`,
  },
  definer_function: {
    says: 'runs with the rights of its owner',
    question: `select ${SIGNATURE} as object,
        pg_catalog.format('revoke execute on function %s from %I, public', ${SIGNATURE}, $1::text) as fix
      from ${FUNCTIONS} where p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema')
        and p.prorettype <> 'pg_catalog.trigger'::pg_catalog.regtype and (n.nspname, p.proname) <> ('safeconduct', 'unsealed')
        and pg_catalog.has_schema_privilege($1::name, n.oid, 'usage') and pg_catalog.has_function_privilege($1::name, p.oid, 'execute')`,
  },
  helper_missing: {
    says: 'is missing, or the role may not call it',
    question: `select 'safeconduct.' || h.name as object, case when p.oid is null then ${AGAIN}
        else pg_catalog.format('grant usage on schema safeconduct to %I; grant execute on function %s to %1$I', $1::text, ${SIGNATURE}) end as fix
      from ${HELPERS}
      left join (${FUNCTIONS}) on n.nspname = 'safeconduct' and p.proname = h.name
        and pg_catalog.pg_get_function_identity_arguments(p.oid) = h.arguments
      where p.oid is null or not pg_catalog.has_schema_privilege($1::name, n.oid, 'usage')
        or not pg_catalog.has_function_privilege($1::name, p.oid, 'execute')`,
  },
  helper_not_stable: {
    says: "is not STABLE: it is asked again for every row or, where it is IMMUTABLE, one person's answer is kept for the next",
    question: `select ${SIGNATURE} as object, pg_catalog.format('alter function %s stable', ${SIGNATURE}) as fix
      from ${FUNCTIONS} where (n.nspname = 'safeconduct' and p.provolatile <> 's')
        or case when p.provolatile = 'i' and p.prokind = 'f' and n.nspname not in ('pg_catalog', 'information_schema')
          then pg_catalog.pg_get_functiondef(p.oid) ~* 'current_setting|safeconduct\\.' end`,
  },
  helper_changeable: {
    says: 'belongs to the role that statements run as or log in as, which may rewrite it',
    question: `select ${SIGNATURE} as object, pg_catalog.format('alter function %s owner to %s', ${SIGNATURE}, '<an administrator>') as fix
      from ${FUNCTIONS} where n.nspname = 'safeconduct' and exists (
        select from pg_catalog.pg_roles r where r.rolname in ($1::name, $2::name) and not r.rolsuper
          and pg_catalog.pg_has_role(r.oid, p.proowner, 'member'))`,
  },
  may_create: {
    says: 'is a schema where the role may create things that others then use',
    question: `select n.nspname as object, pg_catalog.format('revoke create on schema %I from %I, public', n.nspname, r.rolname) as fix
      from pg_catalog.pg_namespace n join pg_catalog.pg_roles r on r.rolname in ($1::name, $2::name) and not r.rolsuper
      where n.nspname !~ '^pg_(toast|temp)' and pg_catalog.has_schema_privilege(r.oid, n.oid, 'create')`,
  },
  may_create_temporary_tables: {
    says: "may be given temporary tables, which would shadow the next person's tables",
    question: `select pg_catalog.current_database() as object,
        pg_catalog.format('revoke temporary on database %I from %I, public', pg_catalog.current_database(), $1::text) as fix
      where pg_catalog.has_database_privilege($1::name, pg_catalog.current_database(), 'temporary')`,
  },
  search_path_not_pinned: {
    says: 'is where the server found the search path: nobody has fixed it for this login role',
    question: `select s.source as object, pg_catalog.format('alter role %I in database %I set search_path = public, pg_temp',
        me.rolname, pg_catalog.current_database()) as fix
      from ${SESSION}, pg_catalog.pg_settings s where s.name = 'search_path' and s.source in ('default', 'configuration file')`,
  },
  set_config_open: {
    says: 'may be called by the role, so that SQL can take another identity',
    question: `select 'pg_catalog.set_config' as object, 'revoke execute on function pg_catalog.set_config(text, text, boolean) from public; '
        || 'where the database does not allow that, give installQuery and asUser a key' as fix
      where pg_catalog.has_function_privilege($1::name, 'pg_catalog.set_config(text, text, boolean)', 'execute')
        and not ${SIGNED}`,
  },
  identity_by_default: {
    says: 'is set without a person: every connection starts as somebody',
    question: `select 'safeconduct.identity' as object, pg_catalog.format('alter role %I in database %I reset safeconduct.identity; '
        || 'alter database %2$I reset safeconduct.identity; alter role %1$I reset safeconduct.identity',
        session_user, pg_catalog.current_database()) as fix
      where coalesce(pg_catalog.current_setting('safeconduct.identity', true), '') <> ''`,
  },
  login_has_rights: {
    says: 'may be used by the login role itself, so that a forgotten asUser is no error',
    question: `select t.name as object, pg_catalog.format('alter role %I noinherit; revoke all on %s from %1$I, public', me.rolname, t.name) as fix
      from ${SESSION}, ${REACHABLE} where ${TABLE} and not me.rolsuper
        and (pg_catalog.has_table_privilege(me.oid, t.oid, 'select, insert, update, delete')
          or pg_catalog.has_any_column_privilege(me.oid, t.oid, 'select, insert, update'))`,
  },
} as const satisfies Record<string, Check>;

/** What `checkDatabase` looks for. */
export type DatabaseFindingCode = keyof typeof CHECKS | 'role_missing' | 'outdated_server' | 'embedded_engine';
