/**
 * Headers of the docs page. Its scripts and stylesheets are files of its own origin; Swagger UI sets styles through the DOM
 * only, which a policy without `unsafe-inline` allows. `connect` are the places that it may call.
 */
export function pageHeaders(connect: readonly string[]): Record<string, string> {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    `connect-src 'self'${connect
      .filter(isOneSource)
      .map((origin) => ` ${origin}`)
      .join('')}`,
    "form-action 'none'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ];
  return {
    'content-security-policy': policy.join('; '),
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    // The window that signs people in answers over a channel of this origin, so nobody needs a handle on the other's window.
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  };
}

// The host of a URL may hold what divides a policy.
function isOneSource(origin: string): boolean {
  return !/[;,\s]/.test(origin);
}
