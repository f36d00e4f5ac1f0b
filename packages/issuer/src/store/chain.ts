/**
 * The seal of the audit log. Events are written by many at once and never wait for each other; a step under a lock then
 * gives each its place in a chain: hash = SHA-256(hash before it, event). Changing, removing or moving one breaks the chain.
 */
import { hash } from 'node:crypto';
import type { Row, Run, Statement, Store } from './database.ts';

/** The end of the chain. Whoever keeps a copy of it elsewhere can also tell that the newest events were cut off. */
export interface ChainHead {
  readonly position: number;
  readonly hash: string;
}

/** What a check found. */
export interface ChainReport {
  readonly events: number;
  readonly head: ChainHead;
  /** One sentence per finding. Empty when the log is whole. */
  readonly findings: readonly string[];
}

const BATCH = 500;
const genesis: ChainHead = { position: 0, hash: hash('sha256', 'safeconduct audit log v1', 'base64url') };

const columns = `e.id, to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, e.type, e.outcome, e.actor, e.client,
  e.organization, e.target, e.reason, e.request_id, e.ip_prefix, e.details`;
const LOCK: Statement = { name: 'lock audit chain', text: `select from issuer.lease where name = 'audit' for update` };
const HEAD: Statement = {
  name: 'audit head',
  text: 'select position::float8 as position, hash from issuer.event_chain order by position desc limit 1',
};
// No statement lives longer than a few seconds, so whatever is older than the window and committed was seen before.
const UNSEALED: Statement = {
  name: 'unsealed events',
  text: `select ${columns} from issuer.event e left join issuer.event_chain c on c.event_id = e.id
    where c.event_id is null and e.at > coalesce((select s.at from issuer.event s join issuer.event_chain l on l.event_id = s.id
      order by l.position desc limit 1), '-infinity') - interval '10 minutes'
    order by e.at, e.id limit ${BATCH}`,
};
const APPEND: Statement = {
  name: 'append to audit chain',
  text: `insert into issuer.event_chain (position, event_id, hash)
    select position, event_id, hash from jsonb_to_recordset($1::jsonb) as l(position bigint, event_id text, hash text)`,
};
const LINKS: Statement = {
  name: 'audit links',
  text: `select c.position::float8 as position, c.event_id, c.hash as link, ${columns} from issuer.event_chain c
    left join issuer.event e on e.id = c.event_id where c.position > $1 order by c.position limit ${BATCH}`,
};
const STRAY: Statement = {
  name: 'stray events',
  text: `select e.id from issuer.event e left join issuer.event_chain c on c.event_id = e.id where c.event_id is null order by e.at limit 10`,
};

/** Gives every event without a place its place. Safe in any number of processes at once. Gives how many it sealed. */
export async function sealEvents(store: Store): Promise<number> {
  let sealed = 0;
  for (;;) {
    const count = await store.transaction(sealBatch);
    sealed += count;
    if (count < BATCH) return sealed;
  }
}

async function sealBatch(run: Run): Promise<number> {
  await run(LOCK, []);
  const events = await run(UNSEALED, []);
  if (events.length === 0) return 0;
  let head = await readHead(run);
  const links = events.map((event) => {
    head = { position: head.position + 1, hash: linkHash(head.hash, event) };
    return { position: head.position, event_id: event.id, hash: head.hash };
  });
  await run(APPEND, [JSON.stringify(links)]);
  return links.length;
}

/** The chain's end now. */
export async function readHead(run: Run): Promise<ChainHead> {
  const [row] = await run<{ position: number; hash: string }>(HEAD, []);
  return row ?? genesis;
}

/**
 * Seals what is new, then walks the whole chain. Finds events that were changed, removed, moved or slipped in.
 * With `expected`, an end of the chain that was noted earlier, it also finds that the newest events were cut off.
 */
export async function verifyEvents(store: Store, expected?: ChainHead): Promise<ChainReport> {
  await sealEvents(store);
  const findings: string[] = [];
  let head = genesis;
  let met = expected === undefined || expected.position === 0;
  for (;;) {
    const links = await store.run<LinkRow>(LINKS, [head.position]);
    for (const link of links) {
      findings.push(...examine(link, head));
      head = { position: link.position, hash: link.link };
      met ||= expected?.position === head.position && expected.hash === head.hash;
    }
    if (links.length < BATCH) break;
  }
  if (!met)
    findings.push(
      `the noted end of the chain (position ${expected?.position}) is not in it: events after some point were cut off or rewritten`,
    );
  for (const { id } of await store.run(STRAY, []))
    findings.push(`event ${id} has no place in the chain: it was slipped in with an old time`);
  return { events: head.position, head, findings };
}

type LinkRow = Row & { position: number; event_id: string; link: string; id: string | null };

function examine(link: LinkRow, before: ChainHead): string[] {
  if (link.position !== before.position + 1) return [`positions ${before.position + 1} to ${link.position - 1} are missing from the chain`];
  if (link.id === null) return [`event ${link.event_id} (position ${link.position}) was removed`];
  if (linkHash(before.hash, link) === link.link) return [];
  return [`event ${link.event_id} (position ${link.position}) was changed, or the chain before it was`];
}

function linkHash(
  before: string,
  { id, at, type, outcome, actor, client, organization, target, reason, request_id, ip_prefix, details }: Row,
): string {
  const entry = [before, id, at, type, outcome, actor, client, organization, target, reason, request_id, ip_prefix, sorted(details)];
  return hash('sha256', JSON.stringify(entry), 'base64url');
}

// jsonb keeps no key order that we may rely on.
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Array.isArray(value)
    ? value.map(sorted)
    : Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, one]) => [key, sorted(one)]);
}
