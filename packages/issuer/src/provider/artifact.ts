/** What the engine remembers between requests, as rows. */
import { hashOf } from '../secrets/token-format.ts';
import type { Row } from '../store/database.ts';
import type { AccountRow } from './account-row.ts';

/** An artifact as the engine's code sees it. */
export interface Artifact {
  readonly id: string;
  readonly kind: string;
  readonly payload: Row;
  readonly grantId: string | undefined;
  /** Seconds since the epoch, by the database's clock. */
  readonly consumedAt: number | undefined;
  /** Seconds since it was consumed, by the database's clock. */
  readonly consumedFor: number | undefined;
  /** Refresh tokens: the child's value, sealed. */
  readonly successor: string | undefined;
}

/** An artifact to be written. Times to live are seconds from the database's now. */
export interface Write {
  readonly id: string;
  readonly kind: string;
  readonly payload: Row;
  readonly ttl: number;
  readonly grantId?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly accountId?: string | undefined;
  readonly handle?: string | undefined;
}

/** A row as the statements give it. */
export interface ArtifactRow extends Row {
  readonly id: string;
  readonly kind: string;
  readonly payload: Row;
  readonly grant_id: string | null;
  readonly account_id: string | null;
  readonly successor: string | null;
  readonly consumed_at: number | null;
  readonly consumed_for: number | null;
  readonly expired: boolean;
  readonly grant_payload: Row | null;
  readonly account: AccountRow | null;
}

/** The key of an artifact: its kind and the SHA-256 of the value that people and programs hold. */
export const artifactId = (kind: string, value: string): string => `${kind}:${hashOf(value)}`;

export function toArtifact(row: ArtifactRow): Artifact {
  return {
    id: row.id,
    kind: row.kind,
    // The engine compares `exp` with this machine's clock; the database's has the last word.
    payload: row.expired ? { ...row.payload, exp: 1 } : row.payload,
    grantId: row.grant_id ?? undefined,
    consumedAt: row.consumed_at ?? undefined,
    consumedFor: row.consumed_for ?? undefined,
    successor: row.successor ?? undefined,
  };
}

/** The grant that came along with an artifact, or undefined when it has ended. */
export function grantOf(row: ArtifactRow): Artifact | undefined {
  if (!row.grant_id || !row.grant_payload) return undefined;
  return {
    id: row.grant_id,
    kind: 'Grant',
    payload: row.grant_payload,
    grantId: undefined,
    consumedAt: undefined,
    consumedFor: undefined,
    successor: undefined,
  };
}

/** A write in the spelling of the commit statement. */
export function toRow({ id, kind, payload, ttl, grantId, sessionId, accountId, handle }: Write): Row {
  return { id, kind, payload, ttl, grant_id: grantId, session_id: sessionId, account_id: accountId, handle };
}

/** What an application is given or told: it is of the issuer that it knows. All else belongs to a browser, or is read by way of these. */
const given = new Set(['AuthorizationCode', 'RefreshToken', 'DeviceCode', 'AccessToken', 'ClientCredentials', 'LogoutNotice']);

/** The realm that an artifact is written in. */
export const realmFor = (kind: string, { realm = '', realmAround = realm }: Realms): string => (given.has(kind) ? realm : realmAround);

export interface Realms {
  readonly realm?: string | undefined;
  readonly realmAround?: string | undefined;
}

/** The realms whose artifacts are found. */
export const realmsIn = ({ realm = '', realmAround = realm }: Realms): readonly string[] => [realm, realmAround];

/** Whether a payload was written in a realm: what one issuer gives out is good nowhere else (RFC 9700, 4.4). */
export const inRealm = ({ realm: written = '' }: Row, realms: Realms): boolean => realmsIn(realms).includes(String(written));

/** The realm of one tenant among those that share places. */
export const tenantRealm = (around: string, tenant: string): string => `${around} ${tenant}`;

/** Whether this tenant's issuer may take it: what an application was given at a shared place is good at that of the person's own alone. */
export function isForTenant({ kind, payload, account }: ArtifactRow, { realm = '', realmAround = realm }: Realms): boolean {
  if (realm === realmAround || payload.realm !== realmAround || !given.has(kind)) return true;
  return account !== null && realm === tenantRealm(realmAround, account.organization);
}
