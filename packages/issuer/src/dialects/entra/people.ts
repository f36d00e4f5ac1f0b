/** How a person or a program is named here: `oid` in every application, `sub` in one of them. */
import { createHash } from 'node:crypto';
import type { AccountFacts, Facts, Tenant } from '../facts.ts';

type Claims = Readonly<Record<string, unknown>>;

/** Key of `AccountFacts.subjects`: the object id of people who moved here. */
const NAME = 'entra';

/** Object id: the same in every application. */
export const objectId = ({ subjects, uuid }: AccountFacts): string => subjects[NAME] ?? uuid;

/** `sub`: a person is another one for each application, a program is always its object id. */
export function subject(account: AccountFacts, client: string): string {
  if (account.kind === 'service' || subjectIsKept(account)) return objectId(account);
  return createHash('sha256').update(`${NAME}\n${account.id}\n${client}`).digest('base64url');
}

const subjectIsKept = ({ subjects }: AccountFacts): boolean => subjects[NAME] !== undefined;

/** Object id of an application that is no account: a UUID (RFC 9562, version 8) of its client id. */
export function programId(client: string): string {
  const bytes = createHash('sha256').update(client).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** The tenant whose token it is. */
export const tenantOf = ({ tenant, account }: Facts): Tenant | undefined => tenant ?? account?.organization;

/** Whether somebody acts in a tenant that is not their own. */
export function isGuest(facts: Facts): boolean {
  const { account, tenant } = facts;
  return account?.kind === 'person' && tenant !== undefined && account.organization.id !== tenant.id;
}

/** Where a guest comes from. */
export function guestClaims(facts: Facts): Claims {
  return isGuest(facts) ? { idp: `${facts.origin}/${facts.account?.organization.uuid}/`, acct: 1 } : {};
}

/** Role keys in a project, in the tenant whose token it is. */
export function rolesIn(project: string | undefined, facts: Facts): readonly string[] {
  const { account, tenant } = facts;
  if (account === undefined || project === undefined) return [];
  const roles = isGuest(facts) ? account.guestOf[tenant?.id ?? ''] : account.roles;
  return roles?.[project] ?? [];
}

/** By which people know whom they look at, and which they type to sign in: not to be relied on. */
export function userName({ claims, email, uuid }: AccountFacts): string {
  const { preferred_username: preferred } = claims;
  return email ?? (typeof preferred === 'string' ? preferred : uuid);
}

/** `client_info`: base64url of a JSON document, by which MSAL knows one person in all tenants. */
export function clientInfo(account: AccountFacts): string {
  return Buffer.from(JSON.stringify({ uid: objectId(account), utid: account.organization.uuid })).toString('base64url');
}
