/** The names that paths have in the log: what varies in a path, or was never a route, is not written. */
import { ADMIN_PATH, routes as adminRoutes } from '../admin/routes/table.ts';
import type { Place } from '../dialects/facts.ts';

const variable = [
  [/^\/connect\/[^/]+/, '/connect/:connection'],
  [/^\/connections\/[^/]+/, '/connections/:connection'],
  [/^\/me\/v1\/connected-accounts\/accounts\/.+/, '/me/v1/connected-accounts/accounts/:account'],
  [/^\/proxy\/.*/, '/proxy/:connection'],
  [/^\/account\/connected\/[^/]+/, '/account/connected/:account'],
  [/^\/account\/link\/[^/]+/, '/account/link/:connection'],
  [/^\/interaction\/[^/]+/, '/interaction/:uid'],
  [/^\/assets\/.*/, '/assets/:file'],
] as const;
const me = ['/connect', '/complete', '/accounts', '/connections'].map((path) => `/me/v1/connected-accounts${path}`);
const account = ['/account', '/account/signed-in', '/account/unlink'];
const admin = ['/setup', '/openapi.json', ...adminRoutes.map(({ path }) => path)];

/** Makes the function that names a path of an issuer. */
export function createRouteOf({ routes, aliases = {} }: Place): (path: string) => string {
  const known = new Set([
    ...Object.values(routes).flat(),
    ...Object.keys(aliases),
    '/',
    '/livez',
    '/readyz',
    '/connect',
    ...account,
    ...me,
  ]);
  // Later steps of a sign-in are below where it began.
  const steps = [routes.authorization, routes.deviceVerification, routes.endSession];
  return (path) => {
    if (known.has(path)) return path;
    const above = steps.find((route) => path.startsWith(`${route}/`));
    if (above !== undefined) return `${above}/:uid`;
    for (const [pattern, name] of variable) if (pattern.test(path)) return path.replace(pattern, name).slice(0, 64);
    return path.startsWith(`${ADMIN_PATH}/`) ? adminRouteOf(path.slice(ADMIN_PATH.length)) : 'unknown';
  };
}

/** `/people/usr_ada` is `/admin/v1/people/:person`. */
function adminRouteOf(path: string): string {
  const parts = path.split('/');
  const found = admin.includes(path) ? path : admin.find((pattern) => fits(pattern.split('/'), parts));
  return found === undefined ? `${ADMIN_PATH}/unknown` : ADMIN_PATH + found.replace(/\{(\w+)\}/g, ':$1');
}

function fits(pattern: readonly string[], parts: readonly string[]): boolean {
  return pattern.length === parts.length && pattern.every((part, index) => part.startsWith('{') || part === parts[index]);
}
