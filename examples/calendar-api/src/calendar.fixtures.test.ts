/** A calendar of its own for a test, and a person who connects to it without a browser. */
import { createHash, randomBytes } from 'node:crypto';
import { type CalendarApi, type CalendarApiOptions, createCalendarApi } from './calendar-api.ts';

export const client = {
  id: 'app',
  secret: randomBytes(16).toString('hex'),
  redirectUris: ['http://127.0.0.1:9/callback'],
  name: 'Some app',
};

export const startCalendar = (options: Partial<CalendarApiOptions> = {}) => createCalendarApi({ clients: [client], ...options });

export const ada = { id: 'alm-3107', email: 'ada@almanac.example', password: 'demo-paper-calendar' };
export const ben = { id: 'alm-4211', email: 'ben@almanac.example', password: 'demo-wall-calendar' };

export interface Tokens {
  readonly status: number;
  readonly access_token: string;
  readonly refresh_token: string;
  readonly expires_in: number;
  readonly scope: string;
  readonly id_token?: string;
  readonly error?: string;
}

/** Sends a form to the server as the application. */
export async function post(url: string, form: Record<string, string>, secret = client.secret): Promise<Response> {
  const authorization = `Basic ${Buffer.from(`${client.id}:${secret}`).toString('base64')}`;
  return fetch(url, { method: 'POST', headers: { authorization }, body: new URLSearchParams(form) });
}

async function tokens(answer: Response): Promise<Tokens> {
  return { ...((await answer.json()) as Omit<Tokens, 'status'>), status: answer.status };
}

export const refresh = async (calendar: CalendarApi, token: string): Promise<Tokens> =>
  tokens(await post(`${calendar.url}/token`, { grant_type: 'refresh_token', refresh_token: token }));

export const allScopes = 'openid profile email offline_access calendar.read calendar.write';

/** A browser that keeps cookies and follows redirects until it leaves the calendar. */
export function createVisitor(calendar: CalendarApi) {
  const jar = new Map<string, string>();
  const go = async (path: string, form?: Record<string, string>): Promise<{ status: number; html: string; path: string }> => {
    const answer = await fetch(new URL(path, calendar.url), {
      redirect: 'manual',
      headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const [name = '', value = ''] = pair.split(/=(.*)/s);
      value === '' ? jar.delete(name) : jar.set(name, value);
    }
    const location = answer.headers.get('location');
    if (location === null) return { status: answer.status, html: await answer.text(), path };
    const next = new URL(location, calendar.url);
    if (next.origin !== calendar.url) return { status: answer.status, html: '', path: next.href };
    return go(next.pathname + next.search);
  };
  return { go, jar };
}

export type Visitor = ReturnType<typeof createVisitor>;

export const csrfIn = (html: string) => /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? '';

export const verifier = randomBytes(32).toString('base64url');

export function authorization(scope = allScopes, more: Record<string, string> = {}): string {
  const parameters = {
    client_id: client.id,
    response_type: 'code',
    redirect_uri: client.redirectUris[0] ?? '',
    scope,
    state: 'some-state',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...more,
  };
  return `/authorize?${new URLSearchParams(parameters)}`;
}

export const exchange = async (calendar: CalendarApi, code: string): Promise<Tokens> =>
  tokens(
    await post(`${calendar.url}/token`, {
      grant_type: 'authorization_code',
      code,
      redirect_uri: client.redirectUris[0] ?? '',
      code_verifier: verifier,
    }),
  );

/** Signs in, allows, and exchanges the code. */
export async function connect(calendar: CalendarApi, person = ada, scope = allScopes): Promise<Tokens & { readonly visitor: Visitor }> {
  const visitor = createVisitor(calendar);
  const login = await visitor.go(authorization(scope));
  const { email, password } = person;
  const consent = await visitor.go(login.path, { csrf: csrfIn(login.html), do: 'sign-in', email, password });
  const back = await visitor.go(consent.path, { csrf: csrfIn(consent.html), do: 'allow' });
  return { ...(await exchange(calendar, new URL(back.path).searchParams.get('code') ?? '')), visitor };
}

export const events = (calendar: CalendarApi, token: string, init: RequestInit = {}) =>
  fetch(`${calendar.url}/calendar/events`, { ...init, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' } });
