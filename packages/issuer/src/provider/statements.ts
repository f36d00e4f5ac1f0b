/** The engine's SQL: one statement reads an artifact with its grant and its account, one statement commits a unit of work. */
import type { Statement } from '../store/database.ts';
import { insertEvents } from '../store/events.ts';
import { accountOf } from './account-row.ts';

/** Alive: not revoked, not expired, and the session it ends with has not ended. */
export const alive = (t: string): string => `${t}.revoked_at is null and ${t}.expires_at > now()
  and not exists (select from issuer.artifact e where e.id = ${t}.session_id and e.kind = 'SessionEnd')`;

const columns = `a.id, a.kind, a.payload, a.grant_id, a.account_id, a.successor,
  extract(epoch from a.consumed_at)::float8 as consumed_at, extract(epoch from now() - a.consumed_at)::float8 as consumed_for,
  a.expires_at <= now() as expired, g.payload as grant_payload, ${accountOf('a.account_id')} as account`;
const source = `issuer.artifact a left join issuer.artifact g on g.id = a.grant_id and ${alive('g')}`;

// A device that comes too late is told so, which is why its code is found even then.
export const FIND: Statement = {
  name: 'artifact',
  text: `select ${columns} from ${source} where a.id = $1 and ((${alive('a')}) or (a.kind = 'DeviceCode' and a.revoked_at is null))`,
};

export const FIND_SESSION: Statement = {
  name: 'session by uid',
  text: `select ${columns} from ${source} where a.session_id = $1 and a.kind = 'Session' and ${alive('a')} order by a.created_at desc limit 1`,
};

/** Finds a device code by what a person typed and claims it for that person's browser, in one statement. */
export const CLAIM_USER_CODE: Statement = {
  name: 'claim user code',
  text: `update issuer.artifact a set claimed_by = $2
  where a.handle = $1 and a.kind = 'DeviceCode' and (a.claimed_by is null or a.claimed_by = $2) and ${alive('a')}
    and coalesce(a.payload ->> 'realm', '') = any($3::text[])
  returning a.id, a.kind, a.payload, a.grant_id, a.account_id, a.successor, extract(epoch from a.consumed_at)::float8 as consumed_at,
    extract(epoch from now() - a.consumed_at)::float8 as consumed_for, false as expired,
    null::jsonb as grant_payload, null::jsonb as account`,
};

/** Notes that a device asked, and says whether it asked sooner than it may. */
export const POLLED: Statement = {
  name: 'device polled',
  text: `with before as (select id, polled_at from issuer.artifact where id = $1 for update)
  update issuer.artifact a set polled_at = now() from before b where a.id = b.id
  returning coalesce(b.polled_at > now() - make_interval(secs => $2), false) as too_soon`,
};

/** Records an identifier that may be seen once; no row comes back when it was there. */
export const RECORD_ONCE: Statement = {
  name: 'record once',
  text: `insert into issuer.artifact (id, kind, payload, expires_at) values ($1, $2, '{}', now() + make_interval(secs => $3))
  on conflict (id) do nothing returning id`,
};

/** What a commit can do, in the order of its parameters. */
export type Part = 'consume' | 'write' | 'revoke' | 'record' | 'notify';

const order: readonly Part[] = ['consume', 'write', 'revoke', 'record', 'notify'];

/** Columns that an upsert replaces. */
const replaced = ['payload', 'grant_id', 'session_id', 'account_id', 'expires_at'];

interface PartOptions {
  /** Gives the next parameter. */
  readonly next: () => string;
  /** SQL that is true when nobody else consumed the artifact first. */
  readonly won: string;
}

const texts: Record<Part, (options: PartOptions) => string> = {
  consume: ({ next }) => `consumed as (update issuer.artifact set consumed_at = now(), successor = ${next()}
    where id = ${next()} and consumed_at is null and revoked_at is null returning id),
  won as (select exists (select from consumed) as ok)`,
  write: ({
    next,
    won,
  }) => `written as (insert into issuer.artifact (id, kind, payload, grant_id, session_id, account_id, handle, expires_at)
    select id, kind, payload, grant_id, session_id, account_id, handle, now() + make_interval(secs => ttl)
    from jsonb_to_recordset(${next()}::jsonb)
      as w(id text, kind text, payload jsonb, grant_id text, session_id text, account_id text, handle text, ttl float8)
    where ${won}
    on conflict (id) do update set ${replaced.map((column) => `${column} = excluded.${column}`).join(', ')},
      handle = coalesce(excluded.handle, artifact.handle)
    where artifact.revoked_at is null)`,
  revoke: ({ next, won }) => `revoked as (update issuer.artifact set revoked_at = now()
    where id = any(${next()}::text[]) and revoked_at is null and ${won})`,
  record: ({ next, won }) => `recorded as (${insertEvents(next())} where ${won})`,
  notify: ({ next, won }) => `notified as (insert into issuer.logout_notice (id, client_id, account_id, sid, realm, expires_at)
    select id, client_id, account_id, sid, realm, now() + interval '1 day'
    from jsonb_to_recordset(${next()}::jsonb) as n(id text, client_id text, account_id text, sid text, realm text) where ${won})`,
};

const built = new Map<string, Statement>();

/** The one statement that does the parts asked for, all or nothing. It answers `ok`; a lost race changes nothing. */
export function commitStatement(parts: ReadonlySet<Part>): Statement {
  const wanted = order.filter((part) => parts.has(part));
  const name = `commit ${wanted.join('+')}`;
  const known = built.get(name);
  if (known) return known;
  let parameter = 0;
  const won = parts.has('consume') ? '(select ok from won)' : 'true';
  const options = { won, next: () => `$${++parameter}` };
  const statement = { name, text: `with ${wanted.map((part) => texts[part](options)).join(',\n')}\nselect ${won} as ok` };
  built.set(name, statement);
  return statement;
}
