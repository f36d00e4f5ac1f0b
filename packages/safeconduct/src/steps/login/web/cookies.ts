/** Where and how cookies are set. */
export interface CookieScope {
  /** https: `Secure`, and the `__Host-` prefix that no other host and no plain http can write. */
  readonly secure: boolean;
}

/** A cookie's full name in its scope: RFC 6265bis section 4.1.3.2. */
export function cookieName(name: string, { secure }: CookieScope): string {
  return secure ? `__Host-${name}` : name;
}

/** The `Set-Cookie` value of a cookie that only the server reads. `seconds` 0 removes it. */
export function setCookie(name: string, value: string, seconds: number, { secure }: CookieScope): string {
  return `${name}=${value}; Path=/; Max-Age=${Math.floor(seconds)}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
}

/** Every cookie of a request, without those that came twice: nobody can tell which of two is ours. */
export function readCookies(request: Pick<Request, 'headers'>): Map<string, string> {
  const cookies = new Map<string, string>();
  const twice = new Set<string>();
  for (const pair of (request.headers.get('cookie') ?? '').split(';')) {
    const [name = '', ...rest] = pair.trim().split('=');
    if (name === '') continue;
    if (cookies.has(name)) twice.add(name);
    cookies.set(name, rest.join('='));
  }
  for (const name of twice) cookies.delete(name);
  return cookies;
}
