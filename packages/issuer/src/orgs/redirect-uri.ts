/** Which URIs an application may register. What is refused here can never become a redirect. */

/** Kinds of application that people are sent back to. */
export type RedirectingKind = 'web' | 'spa' | 'native';

/**
 * Says what is wrong with a redirect URI, and what to write instead; undefined when it may be registered.
 * Source: OAuth 2.1 section 2.3.1, RFC 8252 sections 7 and 8.
 */
export function redirectUriProblem(uri: string, kind: RedirectingKind): string | undefined {
  const checks = [checkText, checkFragment, checkWildcard, checkCredentials, checkScheme];
  for (const check of checks) {
    const problem = check(uri, kind);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Says what is wrong with the URL of an endpoint that the issuer calls; undefined when it may be registered. */
export function calledUrlProblem(url: string): string | undefined {
  const problem = checkText(url) ?? checkFragment(url) ?? checkCredentials(url);
  if (problem !== undefined) return problem;
  const { protocol, hostname } = new URL(url);
  if (protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))) return undefined;
  return 'must begin with https:// (http:// is for this computer only)';
}

/** Whether a host name is this computer: 127.0.0.0/8, [::1] or localhost. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

function checkText(uri: string): string | undefined {
  if (uri.length > 2_048) return 'is longer than 2048 characters';
  // Whitespace, control characters and backslashes are read differently by different parsers.
  if (!/^[!-[\]-~]+$/.test(uri)) return 'must be plain ASCII without spaces or backslashes';
  return URL.canParse(uri) ? undefined : 'is no absolute URI: write it out, such as https://app.example/callback';
}

function checkFragment(uri: string): string | undefined {
  return uri.includes('#') ? 'must not have a fragment: leave out # and what follows it' : undefined;
}

function checkWildcard(uri: string): string | undefined {
  return uri.includes('*') ? 'must not have a wildcard: list each URI by itself' : undefined;
}

function checkCredentials(uri: string): string | undefined {
  const { username, password } = new URL(uri);
  return username || password ? 'must not hold a user name or password' : undefined;
}

function checkScheme(uri: string, kind: RedirectingKind): string | undefined {
  const { protocol, hostname } = new URL(uri);
  // A browser takes https:shop.example for a path on the issuer.
  if (/^https?:$/.test(protocol) && !/^https?:\/\/[^/]/.test(uri)) return `must be written out as ${protocol}//${hostname}/…`;
  if (protocol === 'https:') return undefined;
  if (protocol === 'http:') {
    return isLoopback(hostname) ? undefined : 'must begin with https:// (http:// is for 127.0.0.1, [::1] and localhost only)';
  }
  const scheme = protocol.slice(0, -1);
  if (kind !== 'native') return `must begin with https://, not ${scheme}:`;
  // RFC 8252 section 7.1: a domain name under the application's control, in reverse order.
  return scheme.includes('.') ? undefined : `must use a scheme with a dot in it, such as com.example.app:/callback, not ${scheme}:`;
}
