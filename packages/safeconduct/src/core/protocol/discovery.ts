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
  /** Where the document is. Default: under the issuer. */
  readonly discoveryUrl?: string | undefined;
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
 * Reads the provider's metadata (`/.well-known/openid-configuration`) once for all callers and keeps it for an hour.
 * A stale document goes on being used while the provider gives no good one; a failure is remembered for five seconds.
 *
 * OpenID Connect Discovery sections 4.2 and 4.3.
 */
export function discoverer(source: DiscoverySource): () => Promise<Metadata> {
  const { clock } = source;
  let known: { readonly metadata: Metadata; readonly at: number } | undefined;
  let failed: { readonly error: unknown; readonly at: number } | undefined;
  let running: Promise<Metadata> | undefined;

  const read = async (): Promise<Metadata> => {
    try {
      const metadata = await readMetadata(source);
      known = { metadata, at: clock() };
      failed = undefined;
      return metadata;
    } catch (error) {
      failed = { error, at: clock() };
      // What was checked once stays good while the provider publishes something else by mistake, or nothing.
      if (known && error instanceof SafeconductError) return known.metadata;
      throw error;
    } finally {
      running = undefined;
    }
  };

  return async () => {
    if (known && clock() - known.at < freshMs) return known.metadata;
    // Neither way: a clock that was set back must not keep the last failure for as long.
    if (failed && Math.abs(clock() - failed.at) < retryAfterMs) {
      if (known) return known.metadata;
      throw failed.error;
    }
    running ??= read();
    return running;
  };
}

async function readMetadata({ issuer, discoveryUrl, fetch }: DiscoverySource): Promise<Metadata> {
  const url = new URL(issuer);
  const place = discoveryUrl ?? issuer;
  const response = await (discoveryUrl === undefined
    ? oauth.discoveryRequest(url, {
        [oauth.customFetch]: fetch as (url: string) => Promise<Response>,
        [oauth.allowInsecureRequests]: isLoopback(url),
      })
    : fetch(discoveryUrl, { headers: { accept: 'application/json' } }));
  if (isOutage(response))
    throw new SafeconductError('provider_unreachable', { message: `discovery at ${place} answered ${response.status}` });
  const metadata = await oauth.processDiscoveryResponse(url, response).catch((cause: unknown) => {
    throw invalid(`discovery at ${place} gave no metadata of ${issuer}: is the issuer right?`, cause);
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
