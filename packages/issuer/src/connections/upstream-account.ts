/** Who somebody is at a third party: out of a verified ID token, out of userinfo, or out of the token answer. */
import type { Connection } from './connection.ts';
import type { OutboundFetch } from './outbound-fetch.ts';
import { type Profile, presets } from './presets.ts';
import { type UpstreamAccount, UpstreamFailed } from './third-party.ts';
import { isRecord, type Metadata } from './upstream-metadata.ts';

type Members = Readonly<Record<string, unknown>>;

export interface AccountSource {
  readonly connection: Connection;
  readonly metadata: Metadata;
  readonly fetch: OutboundFetch;
  readonly accessToken: string;
  /** Ends all of it. */
  readonly signal: AbortSignal;
}

/** OpenID Connect: the ID token says who; userinfo may add a name and an e-mail, of the same subject only (Core section 5.3.2). */
export async function accountOfIdToken(source: AccountSource, claims: Members): Promise<UpstreamAccount> {
  const { connection, metadata } = source;
  const { profile } = presets[connection.preset];
  const more =
    read(claims, profile.email) === undefined && metadata.userinfo_endpoint !== undefined ? await addition(source, claims.sub) : {};
  const known = account({ ...more, ...claims }, { issuer: String(claims.iss), subject: idOf(claims.sub), connection });
  return { ...known, authenticatedAt: timeOf(claims.auth_time) };
}

/** Plain OAuth 2.0: what the preset says. */
export async function accountOfProfile(source: AccountSource, answer: Members): Promise<UpstreamAccount> {
  const { connection, metadata } = source;
  const { profile } = presets[connection.preset];
  const members = profile.from === 'answer' ? answer : await userinfo(source);
  const parts = profile.subject.map((names) => idOf(read(members, names)));
  const subject = parts.some((part) => part === undefined) ? undefined : parts.join('/');
  return account(members, { issuer: `oauth2:${metadata.issuer}`, subject, connection });
}

interface Known {
  readonly issuer: string;
  readonly subject: string | undefined;
  readonly connection: Connection;
}

function account(members: Members, { issuer, subject, connection }: Known): UpstreamAccount {
  if (subject === undefined) throw untrusted(`${connection.id} does not say who somebody is there: its answer has no id`);
  const { profile, emailClaims } = presets[connection.preset];
  const email = addressOf(read(members, profile.email));
  return {
    issuer,
    subject,
    name: textOf(read(members, profile.name)),
    email,
    emailVerified: email !== undefined && emailClaims === 'verified' && members.email_verified === true,
    fullName: textOf(read(members, profile.fullName)),
    authenticatedAt: undefined,
  };
}

/** Userinfo that cannot be had costs a name; userinfo of somebody else costs the whole. */
async function addition(source: AccountSource, subject: unknown): Promise<Members> {
  const members = await userinfo(source).catch(() => undefined);
  if (members === undefined) return {};
  if (members.sub !== subject) throw untrusted(`userinfo of ${source.connection.id} is of somebody else than the ID token`);
  return members;
}

async function userinfo({ connection, metadata, fetch, accessToken, signal }: AccountSource): Promise<Members> {
  const { userinfo_endpoint: endpoint } = metadata;
  if (endpoint === undefined) throw untrusted(`${connection.id} does not say who somebody is there: declare its userinfo endpoint`);
  const response = await fetch(endpoint, { headers: { accept: 'application/json', authorization: `Bearer ${accessToken}` }, signal });
  const members: unknown = response.status === 200 ? await response.json().catch(() => undefined) : undefined;
  if (!isRecord(members)) throw new UpstreamFailed(`userinfo of ${connection.id} answered ${response.status}`, { sent: true });
  return members;
}

/** The first of these members that is there. */
function read(members: Members, names: Profile['name']): unknown {
  for (const name of names) {
    const value = name.split('.').reduce<unknown>((at, part) => (isRecord(at) && Object.hasOwn(at, part) ? at[part] : undefined), members);
    if (value !== undefined && value !== null && value !== '') return value;
  }
  return undefined;
}

/** An id: text without control characters, or a number that is exact. */
function idOf(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : undefined;
  return typeof value === 'string' && /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/.test(value) ? value : undefined;
}

const timeOf = (seconds: unknown): Date | undefined =>
  typeof seconds === 'number' && seconds >= 0 && seconds < 1e11 ? new Date(seconds * 1000) : undefined;

// Written by whoever it tells of: bounded, and without what forges lines.
const textOf = (value: unknown): string | undefined =>
  typeof value === 'string'
    ? value
        .toWellFormed()
        .replace(/[\p{C}]+/gu, ' ')
        .trim()
        .slice(0, 200) || undefined
    : undefined;

const addressOf = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[^\s\p{C}@]{1,64}@[^\s\p{C}@]{1,255}$/u.test(value) ? value : undefined;

const untrusted = (message: string) => new UpstreamFailed(message, { sent: true, reason: 'untrusted' });
