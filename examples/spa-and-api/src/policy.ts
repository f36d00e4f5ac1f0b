/** What the built page may do: load from its own origin, talk to the provider and the API, and nothing else. */
export function policy({ issuer, api }: { issuer: string; api: string }): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src ${new URL(issuer).origin} ${new URL(api).origin}`,
    "base-uri 'none'",
    "form-action 'none'",
    // No script of ours writes markup, so no script may.
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}

/** The headers of every answer of whoever serves the built page. Framing cannot be forbidden by the page itself. */
export function pageHeaders(places: { issuer: string; api: string }): Record<string, string> {
  return {
    'content-security-policy': `${policy(places)}; frame-ancestors 'none'`,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  };
}
