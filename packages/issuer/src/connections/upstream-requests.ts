/**
 * Trips of a browser to a third party and back. What must be the same on the way back (state, nonce, PKCE verifier, scopes,
 * whom it is for) stays here, sealed; the browser holds the name of the trip and a cookie that binds the trip to it.
 */
import { hash, randomBytes } from 'node:crypto';
import type { Seal } from '../secrets/seal.ts';
import type { Statement, Store } from '../store/database.ts';
import type { UpstreamAccount, UpstreamRequest, UpstreamTokens } from './third-party.ts';

/** Seconds that a trip, or the question after it, stays open. */
export const TRIP_LIFETIME = 600;

/** What each purpose carries. A trip comes back as a callback; what it brought waits as `confirm-…` for the person's last word. */
export interface Purposes {
  'sign-in': SignInTrip;
  link: LinkTrip;
  connect: ConnectTrip;
  'confirm-link': LinkTrip & { readonly account: UpstreamAccount };
  'confirm-connect': ConnectTrip & { readonly account: UpstreamAccount; readonly tokens: UpstreamTokens };
}
export type Purpose = keyof Purposes;
/** Purposes that end at `/connections/{connection}/callback`. */
export type TripPurpose = 'sign-in' | 'link' | 'connect';

/** Somebody signs in: nobody is known yet. */
export interface SignInTrip {
  readonly request: UpstreamRequest;
  /** The engine's interaction that it is for. */
  readonly interaction: string;
}

/** Whose trip it is: it ends in the session that began it, or not at all. */
export interface PersonsTrip {
  readonly request: UpstreamRequest;
  readonly userId: string;
  readonly session: string;
}

export interface LinkTrip extends PersonsTrip {}

export interface ConnectTrip extends PersonsTrip {
  readonly applicationId: string;
  /** What the application asks for; the request may hold more. */
  readonly scopes: readonly string[];
  /** Connected account that is to be renewed or widened. */
  readonly accountId?: string | undefined;
  /** Registered address of the application. */
  readonly returnTo?: string | undefined;
  /** Of the JSON API: id of the ticket's row. */
  readonly ticket?: string | undefined;
}

/** A trip that came back, or what it brought. */
export type Taken = { readonly [P in Purpose]: { readonly purpose: P; readonly carried: Purposes[P] } }[Purpose];

/** Names one kept thing in one browser, for one connection. */
export interface Whereabouts {
  /** `state`, or what names the question after the trip. */
  readonly key: string;
  readonly connectionId: string;
  /** The cookie's value; undefined when the browser sent none. */
  readonly browser: string | undefined;
}

export interface UpstreamRequests {
  /** Keeps `carried` under `key` for ten minutes. */
  put<P extends Purpose>(where: Whereabouts & { readonly browser: string }, purpose: P, carried: Purposes[P]): Promise<void>;
  /** Takes it, once: undefined when it is not there, was taken, has expired, or belongs to another browser or connection. */
  take<P extends Purpose>(where: Whereabouts, purposes: readonly P[]): Promise<Extract<Taken, { purpose: P }> | undefined>;
  /** Reads it and leaves it there. */
  look<P extends Purpose>(where: Whereabouts, purposes: readonly P[]): Promise<Extract<Taken, { purpose: P }> | undefined>;
}

const MINE = 'id = $1 and browser = $2 and connection_id = $3 and purpose = any($4::text[]) and consumed_at is null and expires_at > now()';
const PUT: Statement = {
  name: 'put upstream request',
  text: `insert into issuer.upstream_request (id, browser, connection_id, purpose, payload, expires_at)
    values ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))`,
};
const TAKE: Statement = {
  name: 'take upstream request',
  text: `update issuer.upstream_request set consumed_at = now(), payload = '' from (select payload as was from issuer.upstream_request where id = $1) as before
    where ${MINE} returning purpose, before.was as payload`,
};
const LOOK: Statement = { name: 'look at upstream request', text: `select purpose, payload from issuer.upstream_request where ${MINE}` };

/** Wires it. */
export function createUpstreamRequests({ store, seal }: { readonly store: Store; readonly seal: Seal }): UpstreamRequests {
  const read = async <P extends Purpose>(statement: Statement, where: Whereabouts, purposes: readonly P[]) => {
    if (where.browser === undefined) return undefined;
    const [row] = await store.run<{ purpose: P; payload: string }>(statement, [...places(where, where.browser), purposes]);
    if (!row) return undefined;
    const carried: unknown = JSON.parse(seal.unseal(row.payload, contextOf(where, row.purpose)), revive);
    // Only `put` seals under this context, and it takes what belongs to the purpose.
    return { purpose: row.purpose, carried } as Extract<Taken, { purpose: P }>;
  };
  return Object.freeze({
    async put(where, purpose, carried) {
      const payload = seal.seal(JSON.stringify(carried), contextOf(where, purpose));
      await store.run(PUT, [...places(where, where.browser), purpose, payload, TRIP_LIFETIME]);
    },
    take: (where, purposes) => read(TAKE, where, purposes),
    look: (where, purposes) => read(LOOK, where, purposes),
  } satisfies UpstreamRequests);
}

/** A new name or cookie value: 256 random bits. */
export const newKey = (): string => randomBytes(32).toString('base64url');

const places = ({ key, connectionId }: Whereabouts, browser: string) => [digest(key), digest(browser), connectionId];
const contextOf = ({ key, connectionId }: Whereabouts, purpose: Purpose): string =>
  `upstream_request|${digest(key)}|${purpose}|${connectionId}`;
const digest = (value: string): string => hash('sha256', value, 'base64url');

const times = new Set(['expiresAt', 'authenticatedAt']);

/** Reads times back out of JSON. */
export const revive = (name: string, value: unknown): unknown => (times.has(name) && typeof value === 'string' ? new Date(value) : value);
