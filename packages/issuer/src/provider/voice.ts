/** How one issuer speaks: a dialect, at its place below an origin. */
import type { Dialect } from '../dialects/dialect.ts';
import type { Place, Tenant } from '../dialects/facts.ts';
import type { Store } from '../store/database.ts';
import { tenantRealm } from './artifact.ts';

export interface Voice {
  readonly dialect: Dialect;
  /** Scheme, host and port. */
  readonly origin: string;
  readonly place: Place;
  /** The organization whose issuer this is; undefined where the dialect has one issuer for all. */
  readonly tenant: Tenant | undefined;
  /** Name of a place where people of every tenant sign in. */
  readonly shared: string | undefined;
  /** Ids of the organizations that are tenants at such a place; undefined: every organization. */
  readonly tenants: readonly string[] | undefined;
  /** Where people connect accounts and see their own: the main issuer's origin. */
  readonly home: string;
}

export interface VoiceOptions {
  readonly dialect: Dialect;
  readonly origin: string;
  readonly tenant?: Tenant | undefined;
  readonly shared?: string | undefined;
  readonly tenants?: readonly string[] | undefined;
  /** Default: the origin. */
  readonly home?: string | undefined;
}

export function createVoice({ dialect, origin, tenant, shared, tenants, home = origin }: VoiceOptions): Voice {
  return Object.freeze({ dialect, origin, tenant, shared, tenants, home, place: dialect.place(origin, tenant, shared) });
}

/** What one issuer gives out is unknown to every other. */
export function realmOf(voice: Voice): string {
  const around = realmAround(voice);
  return voice.tenant === undefined || !isShared(voice.dialect) ? around : tenantRealm(around, voice.tenant.id);
}

/**
 * Where tenants have places that all of them share, a browser goes from there to the tenants' own and back: it has one session,
 * and what was begun at a shared place is finished at the issuer of the person's tenant.
 */
export function realmAround({ dialect, origin, tenant, home }: Voice): string {
  if (origin === home) return '';
  return dialect.tenancy && tenant && !isShared(dialect) ? `${origin} ${dialect.name} ${tenant.id}` : `${origin} ${dialect.name}`;
}

const isShared = ({ tenancy }: Dialect): boolean => tenancy !== undefined && tenancy.shared.length > 0;

/** The store in which this issuer finds what it gave out, and nothing of any other's. */
export const inRealmOf = (store: Store, voice: Voice): Store =>
  Object.freeze({ ...store, realm: realmOf(voice), realmAround: realmAround(voice) });

/** Whether a dialect writes access tokens in other words than RFC 9068. */
export const rewrites = ({ shapes }: Dialect): boolean => shapes.headerType !== 'at+jwt';

/** Whether a dialect has words of its own for requests, so that each is translated before the engine. */
export const translates = ({ request, policy }: Dialect): boolean => request !== undefined || policy.jsonBodies;
