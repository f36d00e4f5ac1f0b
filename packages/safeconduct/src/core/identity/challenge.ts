import type { SafeconductError } from './errors.ts';

/** What a challenge may tell besides the error. */
export interface ChallengeOptions {
  /** Default `api`. */
  readonly realm?: string;
  /** URL of the RFC 9728 protected resource metadata. */
  readonly resourceMetadata?: string;
}

/**
 * The `WWW-Authenticate` value that answers `error`, or undefined where a challenge has no place (503, 500).
 *
 * A request without credentials gets no error code, and 403 names the scopes that are missing: RFC 6750 section 3.
 */
export function challengeOf(error: SafeconductError, { realm = 'api', resourceMetadata }: ChallengeOptions = {}): string | undefined {
  if (![400, 401, 403].includes(error.status)) return undefined;
  const parts: [string, string | undefined][] = [
    ['realm', realm],
    ['error', error.oauth ?? undefined],
    ['error_description', error.oauth === null ? undefined : describe(error)],
    ['scope', error.code === 'scope_missing' ? error.missing.join(' ') : undefined],
    ['resource_metadata', resourceMetadata],
  ];
  return `Bearer ${parts.flatMap(([name, value]) => (value === undefined ? [] : `${name}="${quotable(value)}"`)).join(', ')}`;
}

/** A sentence for anybody: the generic text, with the names that are missing. */
export function describe(error: SafeconductError): string {
  return error.missing.length === 0 ? error.publicMessage : `${error.publicMessage} Missing: ${error.missing.join(', ')}.`;
}

// RFC 6750 section 3: error_description and scope hold neither quotes nor backslashes nor anything beyond printable ASCII.
function quotable(value: string): string {
  return value.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '?');
}
