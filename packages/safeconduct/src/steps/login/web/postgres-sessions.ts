import { endingLifetimeMs, type ProviderSession, type SessionStore, type StoredSession } from './session-store.ts';

/** The part of a `pg.Pool` that is used. */
export interface SessionPool {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: unknown[]; readonly rowCount: number | null }>;
}

/** A session store with the statement that makes its tables. */
export interface PostgresSessions extends SessionStore {
  /** Runs `sessionsSchema`. Safe to repeat, and when several processes start together. Needs the right to create a schema. */
  migrate(): Promise<void>;
}

/**
 * The tables of `postgresSessions`, in a schema of their own. `session` holds a signed-in browser until it is swept,
 * `ending` for a day that a session at the provider was ended, `used` single-use keys for as long as they could be used.
 * The role that serves requests needs `usage` on the schema and `select, insert, update, delete` on its tables.
 */
export const sessionsSchema = `
select pg_advisory_xact_lock(5219620241);
create schema if not exists safeconduct_login;
create table if not exists safeconduct_login.session (
  id text primary key,
  issuer text not null,
  subject text not null,
  provider_session text,
  content text not null,
  version integer not null,
  started_at bigint not null,
  idle_until bigint not null,
  ends_at bigint not null,
  lease_holder text,
  lease_until bigint not null default 0
);
create index if not exists session_ends_at on safeconduct_login.session (ends_at);
create table if not exists safeconduct_login.ending (
  issuer text not null,
  kind text not null,
  value text not null,
  at bigint not null,
  primary key (issuer, kind, value)
);
create table if not exists safeconduct_login.used (
  key text primary key,
  until bigint not null
);
`;

// Whether a session was ended is asked in each statement that reads or writes it, and not only written on it when it ends:
// so an ending and a creation that run side by side cannot miss each other.
const wasEnded = `ending.issuer = session.issuer and ending.at >= session.started_at
    and ((ending.kind = 'sid' and ending.value = session.provider_session) or (ending.kind = 'sub' and ending.value = session.subject))`;
const lives = `idle_until > $2 and ends_at > $2 and not exists (
  select 1 from safeconduct_login.ending as ending where ${wasEnded})`;

const columns = 'id, issuer, subject, provider_session, content, version, started_at, idle_until, ends_at';

const sql = {
  create: `insert into safeconduct_login.session (${columns}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
  read: `select ${columns} from safeconduct_login.session as session where id = $1 and ${lives}`,
  touch: `update safeconduct_login.session as session set idle_until = $3 where id = $1 and ${lives}`,
  replace: `update safeconduct_login.session as session set content = $4, version = version + 1 where id = $1 and version = $3 and ${lives}`,
  lease: `update safeconduct_login.session as session set lease_holder = $3, lease_until = $4 where id = $1 and lease_until <= $2 and ${lives}`,
  release: 'update safeconduct_login.session set lease_until = 0 where id = $1 and lease_holder = $2',
  end: 'delete from safeconduct_login.session where id = $1',
  endAtProvider: `insert into safeconduct_login.ending as ending (issuer, kind, value, at) values ($1, $2, $3, $4)
    on conflict (issuer, kind, value) do update set at = greatest(ending.at, excluded.at)`,
  wasEnded: `select 1 from safeconduct_login.ending
    where issuer = $1 and at >= $4 and ((kind = 'sid' and value = $2) or (kind = 'sub' and value = $3)) limit 1`,
  useOnce: `insert into safeconduct_login.used as used (key, until) values ($1, $2)
    on conflict (key) do update set until = excluded.until where used.until <= $3`,
  sweepSessions: 'delete from safeconduct_login.session where ends_at <= $1 or idle_until <= $1',
  // What was ended goes before its ending is forgotten, which alone keeps it from coming back.
  sweepEnded: `delete from safeconduct_login.session as session using safeconduct_login.ending as ending where ending.at <= $1 and ${wasEnded}`,
  sweepEndings: 'delete from safeconduct_login.ending where at <= $1',
  sweepUsed: 'delete from safeconduct_login.used where until <= $1',
} as const;

/** Keeps sessions in PostgreSQL: a restart signs nobody out, and several processes serve one person. */
export function postgresSessions(pool: SessionPool): PostgresSessions {
  const changed = async (text: string, values: unknown[]): Promise<boolean> => ((await pool.query(text, values)).rowCount ?? 0) > 0;
  const run = async (text: string, values: unknown[]): Promise<void> => {
    await pool.query(text, values);
  };
  return Object.freeze({
    migrate: async () => {
      await pool.query(sessionsSchema);
    },
    create: (session: StoredSession) => run(sql.create, rowOf(session)),
    read: async (id: string, now: number) => sessionOf((await pool.query(sql.read, [id, now])).rows[0]),
    touch: (id: string, idleUntil: number, now: number) => run(sql.touch, [id, now, idleUntil]),
    replace: (id: string, version: number, content: string, now: number) => changed(sql.replace, [id, now, version, content]),
    lease: (id: string, holder: string, until: number, now: number) => changed(sql.lease, [id, now, holder, until]),
    release: (id: string, holder: string) => run(sql.release, [id, holder]),
    end: (id: string) => run(sql.end, [id]),
    endAtProvider: ({ issuer, subject, session }: ProviderSession, now: number) =>
      run(sql.endAtProvider, session === undefined ? [issuer, 'sub', subject, now] : [issuer, 'sid', session, now]),
    wasEnded: async ({ issuer, subject, session }: ProviderSession, since: number) =>
      (await pool.query(sql.wasEnded, [issuer, session ?? null, subject ?? null, since])).rows.length > 0,
    useOnce: (key: string, until: number, now: number) => changed(sql.useOnce, [key, until, now]),
    sweep: async (now: number) => {
      await run(sql.sweepSessions, [now]);
      await run(sql.sweepEnded, [now - endingLifetimeMs]);
      await run(sql.sweepEndings, [now - endingLifetimeMs]);
      await run(sql.sweepUsed, [now]);
    },
  });
}

function rowOf(session: StoredSession): unknown[] {
  const { id, issuer, subject, providerSession, content, version, startedAt, idleUntil, endsAt } = session;
  return [id, issuer, subject, providerSession ?? null, content, version, startedAt, idleUntil, endsAt];
}

function sessionOf(row: unknown): StoredSession | undefined {
  if (typeof row !== 'object' || row === null) return undefined;
  const { id, issuer, subject, provider_session, content, version, started_at, idle_until, ends_at } = row as Record<string, unknown>;
  return {
    id: String(id),
    issuer: String(issuer),
    subject: String(subject),
    ...(typeof provider_session === 'string' && { providerSession: provider_session }),
    content: String(content),
    version: Number(version),
    // int8 comes as text from pg.
    startedAt: Number(started_at),
    idleUntil: Number(idle_until),
    endsAt: Number(ends_at),
  };
}
