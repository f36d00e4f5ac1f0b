import * as oauth from 'oauth4webapi';
import { SafeconductError } from '../identity/errors.ts';
import type { Clock } from './clock.ts';
import { type Fetch, isLoopback, isOutage, isSafeUrl } from './fetch.ts';

/** A provider's metadata after its issuer and its URLs were checked. */
export type Metadata = oauth.AuthorizationServer;

/** Where metadata comes from, and how. */
export interface DiscoverySource {
  /** Exactly as the provider writes it, to the slash. */
  readonly issuer: string;
  /** Bounded: see `boundedFetch`. */
  readonly fetch: Fetch;
  readonly clock: Clock;
}

const freshMs = 60 * 60_000;
const retryAfterMs = 5_000;

const urlMembers = [
  'authorization_endpoint',
  'token_endpoint',
  'jwks_uri',
  'userinfo_endpoint',
  'end_session_endpoint',
  'revocation_endpoint',
  'introspection_endpoint',
  'device_authorization_endpoint',
] as const satisfies readonly (keyof Metadata)[];

/**
 * Reads `/.well-known/openid-configuration` once for all callers and keeps it for an hour.
 * A stale document goes on being used while the provider cannot be reached; a failure is remembered for five seconds.
 *
 * OpenID Connect Discovery sections 4.2 and 4.3.
 */
export function discoverer({ issuer, fetch, clock }: DiscoverySource): () => Promise<Metadata> {
  let known: { readonly metadata: Metadata; readonly at: number } | undefined;
  let failed: { readonly error: unknown; readonly at: number } | undefined;
  let running: Promise<Metadata> | undefined;

  const read = async (): Promise<Metadata> => {
    try {
      const metadata = await readMetadata(issuer, fetch);
      known = { metadata, at: clock() };
      failed = undefined;
      return metadata;
    } catch (error) {
      failed = { error, at: clock() };
      if (known && error instanceof SafeconductError && error.code === 'provider_unreachable') return known.metadata;
      throw error;
    } finally {
      running = undefined;
    }
  };

  return async () => {
    if (known && clock() - known.at < freshMs) return known.metadata;
    if (failed && clock() - failed.at < retryAfterMs) {
      if (known) return known.metadata;
      throw failed.error;
    }
    running ??= read();
    return running;
  };
}

async function readMetadata(issuer: string, fetch: Fetch): Promise<Metadata> {
  const url = new URL(issuer);
  const response = await oauth.discoveryRequest(url, {
    [oauth.customFetch]: fetch as (url: string) => Promise<Response>,
    [oauth.allowInsecureRequests]: isLoopback(url),
  });
  if (isOutage(response))
    throw new SafeconductError('provider_unreachable', { message: `discovery at ${issuer} answered ${response.status}` });
  const metadata = await oauth.processDiscoveryResponse(url, response).catch((cause: unknown) => {
    throw invalid(`discovery at ${issuer} gave no metadata of this issuer: is the issuer right?`, cause);
  });
  checkIssuer(metadata, issuer);
  for (const member of urlMembers) checkUrl(metadata, member, url);
  return metadata;
}

// The library compares parsed URLs; an issuer is a string, and a slash makes it another one.
function checkIssuer(metadata: Metadata, issuer: string): void {
  if (metadata.issuer === issuer) return;
  throw invalid(
    `the provider calls itself "${metadata.issuer}" but the configuration says "${issuer}": write it exactly as the provider does`,
  );
}

function checkUrl(metadata: Metadata, member: (typeof urlMembers)[number], issuer: URL): void {
  const value = metadata[member];
  if (value === undefined) return;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  // An https issuer that sends its users to plain http, even on loopback, is misconfigured or worse.
  const safe = url !== undefined && isSafeUrl(url) && (url.protocol === 'https:' || issuer.protocol === 'http:');
  if (!safe) throw invalid(`${member} of ${issuer.href} is not an https URL`);
}

function invalid(message: string, cause?: unknown): SafeconductError {
  return new SafeconductError('provider_invalid', { message, cause });
}
