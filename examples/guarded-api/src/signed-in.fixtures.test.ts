/** Signs a person in as a browser would, over plain HTTP, and gives the access token. */
import { createLogin, finishLogin, startLogin } from 'safeconduct/login';
import { safeconduct } from 'safeconduct/providers';

export interface SignIn {
  readonly issuer: string;
  readonly clientId: string;
  readonly email: string;
  readonly password: string;
  readonly resource: string;
}

const redirectUri = 'http://127.0.0.1/callback';

export async function accessTokenOf({ issuer, clientId, email, password, resource }: SignIn): Promise<string> {
  const login = createLogin({ provider: safeconduct({ issuer }), clientId, redirectUri, scopes: ['openid', 'profile'], resource });
  const { url, transaction } = await startLogin(login);
  const jar = new Map<string, string>();
  const page = await visit(jar, new URL(url));
  const [, action = '', form = ''] = /<form\b[^>]*\baction="([^"]*login)"[^>]*>([\s\S]*?)<\/form>/.exec(page.html) ?? [];
  const csrf = /name="csrf" value="([^"]+)"/.exec(form)?.[1] ?? '';
  const body = new URLSearchParams({ csrf, email, password });
  const back = await visit(jar, new URL(action, page.url), { method: 'POST', body });
  const { tokens } = await finishLogin(login, back.url, transaction);
  return tokens.accessToken.reveal();
}

/** Follows redirects up to the application's own address. */
async function visit(jar: Map<string, string>, url: URL, init: RequestInit = {}): Promise<{ url: URL; html: string }> {
  if (url.href.startsWith(redirectUri)) return { url, html: '' };
  const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
  const answer = await fetch(url, {
    ...init,
    headers: { cookie, origin: url.origin, 'sec-fetch-site': 'same-origin' },
    redirect: 'manual',
  });
  for (const line of answer.headers.getSetCookie()) {
    const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=', 2);
    jar.set(name, value);
  }
  const next = answer.headers.get('location');
  return next === null ? { url, html: await answer.text() } : visit(jar, new URL(next, url));
}
