/** The names that paths have in the log: what varies in a path, or was never a route, is not written. */
import type { Dialect } from '../dialects/dialect.ts';

const discovery = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'];
const variable = [
  [/^\/interaction\/[^/]+/, '/interaction/:uid'],
  [/^\/assets\/.*/, '/assets/:file'],
] as const;

/** Makes the function that names a path of a dialect. */
export function createRouteOf({ routes }: Dialect): (path: string) => string {
  const known = new Set([...Object.values(routes), ...discovery, '/', '/livez', '/readyz']);
  return (path) => {
    if (known.has(path)) return path;
    for (const [pattern, name] of variable) if (pattern.test(path)) return path.replace(pattern, name).slice(0, 64);
    return 'unknown';
  };
}
