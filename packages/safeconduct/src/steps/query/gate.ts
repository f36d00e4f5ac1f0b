import { SafeconductError } from '../../core/identity/errors.ts';
import { SIGNED } from './findings.ts';
import type { Gate } from './person-pool.ts';
import { isEmbedded, type PgPool } from './pg-shapes.ts';
import { outdated } from './server-version.ts';

const fit = new WeakSet<PgPool>();
const fitThoughOutdated = new WeakSet<PgPool>();

// Asked of the login role, before any person: what keeps untrusted SQL in must be there.
const QUESTION = `select pg_catalog.current_setting('server_version_num')::int as version,
  ${SIGNED} as signed,
  (select r.rolsuper or r.rolbypassrls from pg_catalog.pg_roles r where r.rolname = session_user) as powerful`;

interface Answer {
  readonly version: number;
  readonly signed: boolean;
  readonly powerful: boolean;
}

/** Throws `database_unsafe` for PGlite: its one session is a superuser's, and it ignores timeouts. */
export function refuseEmbedded(pool: PgPool): void {
  if (!isEmbedded(pool)) return;
  const message = 'PGlite cannot keep SQL that nobody trusts in: its session is a superuser and ignores timeouts. Use a PostgreSQL server.';
  throw new SafeconductError('database_unsafe', { message });
}

/** Looks once at the server behind a pool before SQL that nobody trusts runs there. */
export function gateOf(pool: PgPool, allowOutdated: boolean): Gate {
  const passed = allowOutdated ? fitThoughOutdated : fit;
  return (done) => {
    if (passed.has(pool)) {
      done();
      return;
    }
    ask(pool, (error, answer) => {
      const reason = error ?? (answer && unfit(answer, allowOutdated));
      if (reason === undefined) passed.add(pool);
      done(reason);
    });
  };
}

function ask(pool: PgPool, done: (error?: Error, answer?: Answer) => void): void {
  pool.connect((error, client) => {
    if (client === undefined) {
      done(error ?? new Error('the pool gave no client'));
      return;
    }
    client.query(QUESTION, undefined, (problem, result) => {
      client.release(problem ?? undefined);
      if (problem) done(problem);
      else done(undefined, (result as { rows: Answer[] }).rows[0]);
    });
  });
}

function unfit({ version, signed, powerful }: Answer, allowOutdated: boolean): SafeconductError | undefined {
  const refuse = (message: string): SafeconductError => new SafeconductError('database_unsafe', { message });
  if (powerful) return refuse('untrusted SQL may not run for a login role that is a superuser or has BYPASSRLS');
  if (!signed) return refuse('untrusted SQL needs signed identities: run installQuery with the key');
  const reason = outdated(version);
  return reason === undefined || allowOutdated ? undefined : refuse(`untrusted SQL may not run here: ${reason}`);
}
