import type { MiddlewareHandler } from 'hono';
import type { Settings } from './settings.ts';

/** The headers of every page: our own stylesheet and icon, no script at all, in nobody's frame, in no cache. */
export function securityHeaders({ app, issuer }: Pick<Settings, 'app' | 'issuer'>): MiddlewareHandler {
  const policy = [
    "default-src 'none'",
    "style-src 'self'",
    "img-src 'self'",
    // Connecting and signing out are forms whose answers lead to the provider, and browsers check that, too.
    `form-action 'self' ${new URL(issuer).origin}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ');
  const headers = {
    'content-security-policy': policy,
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    ...(app.startsWith('https:') ? { 'strict-transport-security': 'max-age=31536000' } : {}),
  };
  return async (context, next) => {
    await next();
    for (const [name, value] of Object.entries(headers)) context.res.headers.set(name, value);
    if (!context.res.headers.has('cache-control')) context.res.headers.set('cache-control', 'no-store');
  };
}
