// Only the shape of a path matters: any origin that no real address has will do.
const somewhere = 'https://return.invalid';

/**
 * Gives the path, query and fragment of `target` if it stays on the same origin, else `/`.
 * It is parsed as a browser would: `//evil.example`, `/\evil.example` and `https:evil.example` all leave, and are refused.
 */
export function safeReturnTo(target: string | null | undefined): string {
  if (!target?.startsWith('/') || target.length > 1_024 || !URL.canParse(target, somewhere)) return '/';
  const { origin, pathname, search, hash } = new URL(target, somewhere);
  // A path can itself begin with two slashes after dots are resolved; as a Location it would name a host.
  return origin === somewhere && !pathname.startsWith('//') ? pathname + search + hash : '/';
}
