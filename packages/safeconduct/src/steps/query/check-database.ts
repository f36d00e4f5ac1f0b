import { SafeconductError } from '../../core/identity/errors.ts';
import { DEFAULT_ROLE } from './as-user.ts';
import { CHECKS, type DatabaseFinding, type DatabaseFindingCode, GIVEN, SIGNED } from './findings.ts';
import { outdated } from './server-version.ts';

/** What the check asks through: a `pg.Pool` that logs in as the program does. */
export interface CheckedPool {
  query(text: string, values: unknown[]): Promise<{ readonly rows: readonly object[] }>;
}

export interface CheckDatabaseOptions {
  /** Role that statements run as. Default: `safeconduct_user`. */
  readonly role?: string;
  /** Set where `asUser` gets the same. */
  readonly runAsLoginRole?: boolean;
  /** The database is PGlite inside of this process: only the role is checked, because the session is always a superuser's. */
  readonly embedded?: boolean;
  /** Tables and views that belong to nobody (`products`, `shop.countries`): everybody may read all of them, nobody may write. */
  readonly shared?: readonly string[];
  /**
   * Makes a warning of a `set_config` that everybody may call. Then whoever can put SQL into a query can become another
   * person: only for databases whose administrator may not revoke it, and where every statement is fixed. It is always
   * so with `runAsLoginRole`.
   */
  readonly allowSetConfigForEverybody?: boolean;
}

/** A database that separates people. */
export interface DatabaseReport {
  readonly engine: 'PostgreSQL' | 'PGlite';
  /** As `server_version` spells it. */
  readonly version: string;
  /** Identities are signed there. */
  readonly signed: boolean;
  /** What the operator should know, although nothing stands open. */
  readonly warnings: readonly DatabaseFinding[];
}

/**
 * Looks, at start, whether this database separates people, through the login role that the program uses.
 *
 * Throws `database_unsafe` when it does not: the message lists every finding with the SQL that puts it right, and
 * `cause` holds the same as a list of `DatabaseFinding`. Throws a `TypeError` for `embedded` on a server.
 */
export async function checkDatabase(pool: CheckedPool, options: CheckDatabaseOptions = {}): Promise<DatabaseReport> {
  const { role = DEFAULT_ROLE, embedded = false, allowSetConfigForEverybody = options.runAsLoginRole } = options;
  const server = await describe(pool, options.runAsLoginRole ? undefined : role);
  if (embedded && !server.pglite) throw new TypeError('this is a PostgreSQL server, not PGlite: leave `embedded` out');
  if (!server.role) refuse([ROLE_MISSING(role)]);
  const found = await findings(pool, { ...options, login: server.login });
  const lesser = (finding: DatabaseFinding): boolean => allowSetConfigForEverybody === true && finding.code === 'set_config_open';
  const grave = found.filter((finding) => !lesser(finding));
  if (grave.length > 0) refuse(grave);
  const warnings = [...found, ...aged(server), ...(embedded ? [EMBEDDED] : [])];
  return { engine: embedded ? 'PGlite' : 'PostgreSQL', version: server.version, signed: server.signed, warnings };
}

interface Server {
  readonly login: string;
  readonly version: string;
  readonly number: number;
  readonly signed: boolean;
  readonly pglite: boolean;
  readonly role: boolean;
}

async function describe(pool: CheckedPool, role: string | undefined): Promise<Server> {
  const { rows } = await pool.query(
    `select session_user::text as login, pg_catalog.current_setting('server_version') as version,
      pg_catalog.current_setting('server_version_num')::int as number,
      ${SIGNED} as signed, pg_catalog.version() like '%PGlite%' as pglite,
      exists (select from pg_catalog.pg_roles where rolname = coalesce($1::name, session_user)) as role`,
    [role ?? null],
  );
  return rows[0] as unknown as Server;
}

async function findings(pool: CheckedPool, options: CheckDatabaseOptions & { readonly login: string }): Promise<DatabaseFinding[]> {
  const { role = DEFAULT_ROLE, runAsLoginRole = false, embedded = false, shared = [], login } = options;
  const acting = runAsLoginRole ? login : role;
  const told = runAsLoginRole || embedded ? null : login;
  const found: DatabaseFinding[] = [];
  for (const [code, { says, question }] of Object.entries(CHECKS)) {
    const { rows } = await pool.query(`${GIVEN} ${question}`, [acting, told, [...shared]]);
    for (const { object, fix } of rows as { object: string; fix: string }[]) {
      found.push({ code: code as DatabaseFindingCode, object, message: `${object} ${says}`, fix });
    }
  }
  return found;
}

function refuse(found: readonly DatabaseFinding[]): never {
  const lines = found.map(({ code, message, fix }) => `- ${code}: ${message}\n  fix: ${fix};`);
  const message = `this database does not separate people (${found.length} finding${found.length === 1 ? '' : 's'})\n${lines.join('\n')}`;
  throw new SafeconductError('database_unsafe', { message, cause: found });
}

const ROLE_MISSING = (role: string): DatabaseFinding => ({
  code: 'role_missing',
  object: role,
  message: `${role} does not exist: statements have no role to run as`,
  fix: 'run installQuery as the database administrator',
});

const EMBEDDED: DatabaseFinding = {
  code: 'embedded_engine',
  object: 'PGlite',
  message:
    'PGlite keeps people apart for fixed statements only: its one session is a superuser, a query outside of asUser sees every row, timeouts are ignored, and SQL that nobody trusts is refused',
  fix: 'use a PostgreSQL server in production',
};

function aged({ number, version }: Server): DatabaseFinding[] {
  const reason = outdated(number);
  if (reason === undefined) return [];
  return [
    {
      code: 'outdated_server',
      object: version,
      message: `${reason}; SQL that nobody trusts is refused until then`,
      fix: 'install the newest minor release',
    },
  ];
}
