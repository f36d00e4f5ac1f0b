/**
 * Connecting that an application began over the JSON API: from the ticket that a browser opens to the code that the
 * application takes the result with. Each step happens once, for the person and the application that began it.
 */
import { hash, timingSafeEqual } from 'node:crypto';
import type { Seal } from '../secrets/seal.ts';
import type { Row, Statement, Store } from '../store/database.ts';
import type { UpstreamAccount, UpstreamTokens } from './third-party.ts';
import { newKey, revive } from './upstream-requests.ts';

/** Seconds for which a ticket may be opened, and the whole trip may take. */
export const TICKET_LIFETIME = 600;
/** Tickets that one person may have open. */
const MOST_OPEN = 100;
/** Seconds in which the application takes the result. */
const CODE_LIFETIME = 300;

/** What an application asks for, and for whom. */
export interface TicketAsked {
  readonly userId: string;
  readonly applicationId: string;
  readonly connectionId: string;
  /** Registered address of the application. */
  readonly redirectUri: string;
  readonly state: string | undefined;
  /** S256 (RFC 7636). */
  readonly codeChallenge: string;
  readonly scopes: readonly string[];
  readonly params: Readonly<Record<string, string>>;
}

/** A ticket that is open: its code is not given out yet. */
export interface Ticket extends TicketAsked {
  /** Of its row. It is no secret, and no ticket. */
  readonly id: string;
}

/** What the third party gave, until the application takes it. */
export interface TicketResult {
  readonly account: UpstreamAccount;
  readonly tokens: UpstreamTokens;
}

/** What the application shows to take the result. */
export interface TicketProof {
  readonly userId: string;
  readonly applicationId: string;
  readonly authSession: string;
  readonly connectCode: string;
  readonly redirectUri: string;
  readonly codeVerifier: string;
}

/** A new ticket, as the application gets it. */
export interface Opened {
  readonly ticket: string;
  readonly authSession: string;
  /** Seconds. */
  readonly expiresIn: number;
}

export interface Tickets {
  /** Makes one, unless the person has too many. Its values are shown once; their hashes are kept. */
  open(asked: TicketAsked): Promise<Opened | undefined>;
  /** The ticket that somebody holds, unless it was used or has expired. */
  find(ticket: string): Promise<Ticket | undefined>;
  /** The ticket of a trip that is under way. */
  underWay(id: string): Promise<Ticket | undefined>;
  /** Uses it: the trip begins. False when somebody was first. */
  use(id: string, userId: string): Promise<boolean>;
  /** Keeps what the trip brought. Gives the code for it, or undefined when the ticket has ended. */
  arrive(id: string, result: TicketResult): Promise<string | undefined>;
  /** Gives the result once. Whoever has session and code and a wrong verifier or address gets nothing, and neither does anybody later. */
  complete(proof: TicketProof): Promise<{ readonly ticket: Ticket; readonly result: TicketResult } | undefined>;
}

const columns =
  't.id, t.user_id, t.application_id, t.connection_id, t.redirect_uri, t.state, t.code_challenge, t.scopes, t.authorization_params';
const OPEN: Statement = {
  name: 'open connect ticket',
  text: `insert into issuer.connect_ticket (id, auth_session, user_id, application_id, connection_id, redirect_uri, state, code_challenge,
      scopes, authorization_params, expires_at)
    select $1, $2, $3, $4, $5, $6, $7, $8, $9::text[], $10::jsonb, now() + make_interval(secs => $11)
    where (select count(*) from issuer.connect_ticket where user_id = $3 and expires_at > now()) < $12 returning id`,
};
const FIND: Statement = {
  name: 'find connect ticket',
  text: `select ${columns} from issuer.connect_ticket t where t.id = $1 and t.opened_at is null and t.expires_at > now()`,
};
const UNDER_WAY: Statement = {
  name: 'connect ticket under way',
  text: `select ${columns} from issuer.connect_ticket t
    where t.id = $1 and t.opened_at is not null and t.connect_code is null and t.expires_at > now()`,
};
const USE: Statement = {
  name: 'use connect ticket',
  text: `update issuer.connect_ticket set opened_at = now()
    where id = $1 and user_id = $2 and opened_at is null and expires_at > now() returning id`,
};
const ARRIVE: Statement = {
  name: 'connect ticket arrived',
  text: `update issuer.connect_ticket set connect_code = $2, result = $3, expires_at = now() + make_interval(secs => $4)
    where id = $1 and opened_at is not null and connect_code is null and expires_at > now() returning id`,
};
const COMPLETE: Statement = {
  name: 'complete connect ticket',
  text: `update issuer.connect_ticket t set completed_at = now(), result = null
    from (select id, result from issuer.connect_ticket where auth_session = $1) as before
    where t.id = before.id and t.auth_session = $1 and t.connect_code = $2 and t.user_id = $3 and t.application_id = $4
      and t.completed_at is null and t.expires_at > now()
    returning ${columns}, before.result`,
};

/** Wires it. */
export function createTickets({ store, seal }: { readonly store: Pick<Store, 'run'>; readonly seal: Seal }): Tickets {
  const one = async (statement: Statement, values: readonly unknown[]) => {
    const [row] = await store.run(statement, values);
    return row && toTicket(row);
  };
  return Object.freeze({
    async open({ userId, applicationId, connectionId, redirectUri, state, codeChallenge, scopes, params }) {
      const [ticket, authSession] = [newKey(), newKey()];
      const row = [digest(ticket), digest(authSession), userId, applicationId, connectionId, redirectUri, state ?? null, codeChallenge];
      const opened = await store.run(OPEN, [...row, scopes, JSON.stringify(params), TICKET_LIFETIME, MOST_OPEN]);
      return opened.length > 0 ? { ticket, authSession, expiresIn: TICKET_LIFETIME } : undefined;
    },
    find: (ticket) => one(FIND, [digest(ticket)]),
    underWay: (id) => one(UNDER_WAY, [id]),
    use: async (id, userId) => (await store.run(USE, [id, userId])).length > 0,
    async arrive(id, result) {
      const code = newKey();
      const box = seal.seal(JSON.stringify(result), contextOf(id));
      return (await store.run(ARRIVE, [id, digest(code), box, CODE_LIFETIME])).length > 0 ? code : undefined;
    },
    async complete({ authSession, connectCode, userId, applicationId, redirectUri, codeVerifier }) {
      const [row] = await store.run(COMPLETE, [digest(authSession), digest(connectCode), userId, applicationId]);
      if (!row) return undefined;
      const ticket = toTicket(row);
      if (ticket.redirectUri !== redirectUri || !proves(codeVerifier, ticket.codeChallenge)) return undefined;
      // `arrive` alone seals under this context.
      return { ticket, result: JSON.parse(seal.unseal(String(row.result), contextOf(ticket.id)), revive) as TicketResult };
    },
  } satisfies Tickets);
}

function proves(verifier: string, challenge: string): boolean {
  const expected = Buffer.from(challenge);
  const actual = Buffer.from(digest(verifier));
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

function toTicket(row: Row): Ticket {
  return {
    id: String(row.id),
    userId: String(row.user_id),
    applicationId: String(row.application_id),
    connectionId: String(row.connection_id),
    redirectUri: String(row.redirect_uri),
    state: (row.state as string | null) ?? undefined,
    codeChallenge: String(row.code_challenge),
    scopes: row.scopes as string[],
    params: row.authorization_params as Record<string, string>,
  };
}

const contextOf = (id: string): string => `connect_ticket|${id}`;
const digest = (value: string): string => hash('sha256', value, 'base64url');
