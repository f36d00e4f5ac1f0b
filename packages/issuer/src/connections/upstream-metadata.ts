/** Where a third party's endpoints are: declared, or discovered and remembered. */
import type * as oauth from 'oauth4webapi';
import type { Connection } from './connection.ts';
import type { OutboundFetch } from './outbound-fetch.ts';
import { OutboundFailed } from './outbound-fetch.ts';
import { UpstreamFailed } from './third-party.ts';

/** Metadata of one third party. For plain OAuth 2.0 its `issuer` is the origin of its authorization endpoint: a name, not a promise. */
export type Metadata = oauth.AuthorizationServer;

export interface MetadataSource {
  readonly fetch: OutboundFetch;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

const FRESH_MS = 60 * 60_000;
const RETRY_AFTER_MS = 5_000;
const REMEMBERED = 500;

interface Entry {
  metadata?: Metadata;
  at: number;
  failed?: { readonly error: unknown; readonly at: number };
  running?: Promise<Metadata> | undefined;
}

/**
 * Reads metadata once for all callers and keeps it for an hour. What was checked once goes on being used while the third party
 * publishes none, or something else by mistake; a failure is remembered for five seconds.
 */
export function createMetadata(source: MetadataSource): (connection: Connection) => Promise<Metadata> {
  const entries = new Map<string, Entry>();
  return async (connection) => {
    const { issuer } = connection;
    if (issuer === undefined) return declaredMetadata(connection);
    const entry = entries.get(issuer) ?? { at: Number.NEGATIVE_INFINITY };
    if (!entries.has(issuer)) remember(entries, issuer, entry);
    return withDeclared(await known(source, issuer, entry), connection);
  };
}

function remember(entries: Map<string, Entry>, issuer: string, entry: Entry): void {
  const [oldest] = entries.keys();
  if (entries.size >= REMEMBERED && oldest !== undefined) entries.delete(oldest);
  entries.set(issuer, entry);
}

async function known(source: MetadataSource, issuer: string, entry: Entry): Promise<Metadata> {
  const { clock } = source;
  if (entry.metadata && clock() - entry.at < FRESH_MS) return entry.metadata;
  // Neither way: a clock that was set back must not keep the last failure for as long.
  if (entry.failed && Math.abs(clock() - entry.failed.at) < RETRY_AFTER_MS) {
    if (entry.metadata) return entry.metadata;
    throw entry.failed.error;
  }
  entry.running ??= read(source, issuer, entry).finally(() => {
    entry.running = undefined;
  });
  return entry.running;
}

async function read(source: MetadataSource, issuer: string, entry: Entry): Promise<Metadata> {
  try {
    entry.metadata = await discovered(source, issuer);
    entry.at = source.clock();
    delete entry.failed;
    return entry.metadata;
  } catch (error) {
    entry.failed = { error, at: source.clock() };
    if (entry.metadata) return entry.metadata;
    throw error;
  }
}

/** Where the document of an issuer is. Microsoft publishes one for all tenants, under a name that stands for any. */
const discoveryIssuer = (issuer: string) => issuer.replace('{tenantid}', 'common');

async function discovered({ fetch }: MetadataSource, issuer: string): Promise<Metadata> {
  const place = `${discoveryIssuer(issuer).replace(/\/$/, '')}/.well-known/openid-configuration`;
  const response = await fetch(place, { headers: { accept: 'application/json' } }).catch((cause: unknown) => {
    throw failed(`the metadata of ${issuer} cannot be read`, cause);
  });
  const metadata = await response.json().catch((cause: unknown) => {
    throw failed(`${place} gave no JSON`, cause);
  });
  if (response.status !== 200 || !isRecord(metadata)) throw failed(`${place} gave no metadata: is the issuer right?`);
  // Plain string comparison: a slash makes it another issuer (OpenID Connect Discovery section 4.3).
  if (metadata.issuer !== issuer)
    throw failed(`${place} is of another issuer than ${issuer}: write it in the connection exactly as the third party does`);
  return checkedEndpoints(metadata as Record<string, unknown> & { issuer: string }, issuer);
}

const endpoints = ['authorization_endpoint', 'token_endpoint', 'jwks_uri', 'userinfo_endpoint', 'revocation_endpoint'];

// Whether the hosts may be reached is the outbound fetch's part; to a browser only https goes, unless the issuer itself has none.
function checkedEndpoints(metadata: Record<string, unknown> & { issuer: string }, issuer: string): Metadata {
  const plain = issuer.startsWith('http:');
  for (const name of endpoints) {
    const value = metadata[name];
    if (value === undefined) continue;
    const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
    if (url?.protocol !== 'https:' && !(plain && url?.protocol === 'http:')) throw failed(`${name} of ${issuer} is not an https URL`);
  }
  return metadata as unknown as Metadata;
}

function declaredMetadata(connection: Connection): Metadata {
  const { authorization = '', token = '' } = connection.endpoints;
  if (!URL.canParse(authorization) || !URL.canParse(token))
    throw failed(`the connection ${connection.id} has no authorization or token endpoint: declare its endpoints`);
  return withDeclared({ issuer: new URL(authorization).origin }, connection);
}

function withDeclared(metadata: Metadata, { endpoints: { authorization, token, userinfo, revocation } }: Connection): Metadata {
  return {
    ...metadata,
    ...(authorization !== undefined && { authorization_endpoint: authorization }),
    ...(token !== undefined && { token_endpoint: token }),
    ...(userinfo !== undefined && { userinfo_endpoint: userinfo }),
    ...(revocation !== undefined && { revocation_endpoint: revocation }),
  };
}

/** A failure before anything that counts was sent. */
function failed(message: string, cause?: unknown): UpstreamFailed {
  const reason = cause instanceof OutboundFailed ? `${message}: ${cause.message}` : message;
  return new UpstreamFailed(reason, { sent: false, cause });
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The endpoint, or an error that says which one is missing. */
export function endpointOf(metadata: Metadata, name: 'authorization_endpoint' | 'token_endpoint'): string {
  const value = metadata[name];
  if (value === undefined) throw failed(`${metadata.issuer} publishes no ${name}`);
  return value;
}
