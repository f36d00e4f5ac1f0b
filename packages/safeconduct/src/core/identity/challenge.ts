import type { SafeconductError } from './errors.ts';

/** What a challenge may tell besides the error. */
export interface ChallengeOptions {
  /** Default `api`. */
  readonly realm?: string;
  /** RFC 9728 protected resource metadata: its URL, or what `resourceMetadata` of `safeconduct/http` gave. */
  readonly resourceMetadata?: string | { readonly url: string };
}

/**
 * The `WWW-Authenticate` value that answers `error`, or undefined where a challenge has no place (503, 500).
 *
 * A request without credentials gets no error code, 403 names the scopes that are missing: RFC 6750 section 3.
 * A sign-in that is too old or too weak is told how fresh or strong it must be: RFC 9470 section 3.
 */
export function challengeOf(error: SafeconductError, { realm = 'api', resourceMetadata }: ChallengeOptions = {}): string | undefined {
  if (![400, 401, 403].includes(error.status)) return undefined;
  const parameters = [
    parameter('realm', realm),
    parameter('error', error.oauth),
    parameter('error_description', error.oauth === null ? null : describe(error)),
    parameter('scope', error.code === 'scope_missing' ? error.missing.join(' ') : null),
    parameter('max_age', error.authentication?.maxAge?.toString()),
    parameter('acr_values', error.authentication?.acrValues?.join(' ')),
    parameter('resource_metadata', typeof resourceMetadata === 'object' ? resourceMetadata.url : resourceMetadata),
  ];
  return `Bearer ${parameters.filter((one) => one !== undefined).join(', ')}`;
}

// RFC 6750 section 3: error_description and scope hold neither quotes nor backslashes nor anything beyond printable ASCII.
function parameter(name: string, value: string | null | undefined): string | undefined {
  return typeof value === 'string' ? `${name}="${value.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '?')}"` : undefined;
}

/** A sentence for anybody: the generic text, with the names that are missing. */
export function describe(error: SafeconductError): string {
  return error.missing.length === 0 ? error.publicMessage : `${error.publicMessage} Missing: ${error.missing.join(', ')}.`;
}
