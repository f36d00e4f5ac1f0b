/** The people of the vault's races, in a browser without script: they sign in, and connect their account at the calendar. */
import { hash, randomBytes } from 'node:crypto';
import { CALLBACK, CONNECTION, type RacingPerson, SCOPE, SECRET, WEB } from './vault-races-configuration.ts';

interface Page {
  readonly url: URL;
  readonly text: string;
}

/** Fills in whatever form it meets, until it is sent to an address where nobody listens. */
export class Browser {
  readonly #jar = new Map<string, string>();
  readonly #person: RacingPerson;
  readonly #issuer: string;

  constructor(issuer: string, person: RacingPerson) {
    this.#issuer = issuer;
    this.#person = person;
  }

  /** Goes on until there is no form left to answer. */
  async go(address: string | URL): Promise<Page> {
    let page = await this.#visit(new URL(address));
    for (let step = 0; step < 10; step++) {
      const form = page.text.slice(page.text.lastIndexOf('<form method="post"'));
      const action = /^<form[^>]*action="([^"]*)"/.exec(form)?.[1];
      if (action === undefined || page.url.href.startsWith(CALLBACK)) return page;
      const hidden = [...form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(([, name, value]) => [
        name,
        unescaped(value),
      ]);
      const body = new URLSearchParams({ ...Object.fromEntries(hidden), ...this.#answers(page) });
      page = await this.#visit(new URL(action, page.url), { method: 'POST', body });
    }
    throw new Error(`no end at ${page.url.pathname}`);
  }

  #answers({ url, text }: Page): Record<string, string> {
    const here = url.origin === this.#issuer;
    const { email, password } = here ? this.#person : this.#person.there;
    if (text.includes('name="password"')) return { email, password, ...(!here && { do: 'sign-in' }) };
    return here ? { decision: 'allow' } : { do: 'allow' };
  }

  async #visit(url: URL, init: RequestInit = {}): Promise<Page> {
    const cookie = [...this.#jar]
      .filter(([name]) => name.startsWith(`${url.origin} `))
      .map(([name, value]) => `${name.split(' ')[1]}=${value}`);
    const headers = { accept: 'text/html', cookie: cookie.join('; '), ...(init.method && { origin: url.origin }) };
    const response = await fetch(url, { ...init, redirect: 'manual', headers });
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';', 1)[0] ?? '').split(/=(.*)/s);
      this.#jar.set(`${url.origin} ${name}`, value);
    }
    const text = await response.text();
    const to = response.headers.get('location') ?? /^0; url=(.*)$/.exec(response.headers.get('refresh') ?? '')?.[1];
    if (to === undefined) return { url, text };
    const next = new URL(to, url);
    return next.href.startsWith(CALLBACK) ? { url: next, text: '' } : this.#visit(next);
  }
}

const unescaped = (text = ''): string =>
  text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&amp;', '&');

/** Connects a person's account, for the first time or again. */
export async function connectAccount(issuer: string, person: RacingPerson): Promise<void> {
  const link = new URL(`/connect/${CONNECTION}?${new URLSearchParams({ client_id: WEB, scope: SCOPE, return_to: CALLBACK })}`, issuer);
  const { url, text } = await new Browser(issuer, person).go(link);
  if (url.searchParams.get('connected') !== CONNECTION)
    throw new Error(`not connected: ${url.pathname} ${/<h1>(.*?)<\/h1>/s.exec(text)?.[1] ?? ''}`);
}

/** Signs a person in; gives the refresh token that the application proves the person with. */
export async function signIn(issuer: string, person: RacingPerson): Promise<string> {
  const verifier = randomBytes(32).toString('base64url');
  const query = {
    client_id: WEB,
    response_type: 'code',
    scope: 'openid offline_access',
    redirect_uri: CALLBACK,
    state: 's',
    code_challenge: hash('sha256', verifier, 'base64url'),
    code_challenge_method: 'S256',
  };
  const { url } = await new Browser(issuer, person).go(new URL(`/oauth2/authorize?${new URLSearchParams(query)}`, issuer));
  const form = {
    grant_type: 'authorization_code',
    code: url.searchParams.get('code') ?? '',
    redirect_uri: CALLBACK,
    code_verifier: verifier,
  };
  const proof = { client_id: WEB, client_secret: SECRET };
  const answer = await fetch(new URL('/oauth2/token', issuer), { method: 'POST', body: new URLSearchParams({ ...form, ...proof }) });
  const { refresh_token: token } = (await answer.json()) as { refresh_token?: string };
  if (token === undefined) throw new Error(`${person.email} was not signed in: ${answer.status}`);
  return token;
}
