/** Who travels: the tour plays the shop's own web application, so that it can show what a server usually keeps to itself. */
import { createLogin, type Login, type SignedIn } from 'safeconduct/login';
import { safeconduct } from 'safeconduct/providers';
import { demoClientSecret } from '../demo-client.ts';
import { type DemoPerson, demoPeople } from '../demo-people.ts';
import { type Browser, createBrowser, type Page } from './browser.ts';
import { expect } from './journey.ts';

export interface Places {
  readonly issuerUrl: string;
  readonly shopUrl: string;
  /** A third party with accounts of its own. */
  readonly calendarUrl: string;
  /** File that the calendar logs its requests to. */
  readonly calendarLog: string;
}

/** What every step may use. */
export interface Traveller extends Places {
  readonly login: Login;
  readonly browser: Browser;
  /** The registered redirect address. The tour reads the answer there instead of the shop. */
  readonly callback: string;
  /** `Authorization` of the application itself. */
  readonly clientAuthorization: string;
  readonly metadata: Metadata;
  /** Who signs in, and whose order is asked for. */
  readonly ada: DemoPerson;
  readonly ben: DemoPerson;
}

/** A traveller who has signed in. */
export interface Bearer extends Traveller {
  readonly signedIn: SignedIn;
  /** `Authorization` of the person. */
  readonly bearer: Readonly<Record<string, string>>;
}

/** The members of the metadata documents that the tour reads. */
export interface Metadata {
  readonly issuer: string;
  readonly token_endpoint: string;
  readonly userinfo_endpoint: string;
  readonly introspection_endpoint: string;
  readonly code_challenge_methods_supported: readonly string[];
  readonly authorization_response_iss_parameter_supported: boolean;
}

export function equip(places: Places, metadata: Metadata): Traveller {
  const { issuerUrl, shopUrl } = places;
  const callback = `${shopUrl}/auth/callback`;
  const login = createLogin({
    provider: safeconduct({ issuer: issuerUrl }),
    clientId: 'shop-web',
    clientSecret: demoClientSecret,
    redirectUri: callback,
    postLogoutRedirectUri: `${shopUrl}/`,
    scopes: ['openid', 'profile', 'email', 'offline_access', 'orders:read', 'orders:write', 'profile:read'],
    resource: `${shopUrl}/api`,
  });
  const [ada, ben] = demoPeople as readonly [DemoPerson, DemoPerson];
  const clientAuthorization = `Basic ${Buffer.from(`shop-web:${demoClientSecret}`).toString('base64')}`;
  return { ...places, login, browser: createBrowser(), callback, clientAuthorization, metadata, ada, ben };
}

/** Asks for JSON and expects success. */
export async function json<Body>(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Body> {
  const answer = await fetch(url, { headers });
  expect(answer.ok, `${url} answered ${answer.status}`);
  return (await answer.json()) as Body;
}

export interface FormAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Posts a form as the application. */
export async function post(url: string, authorization: string, fields: Readonly<Record<string, string>>): Promise<FormAnswer> {
  const answer = await fetch(url, { method: 'POST', headers: { authorization }, body: new URLSearchParams(fields) });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

export async function statusOf(url: string, headers: Readonly<Record<string, string>>): Promise<number> {
  const answer = await fetch(url, { headers });
  await answer.body?.cancel();
  return answer.status;
}

export const headline = (page: Page): string => /<h1[^>]*>([^<]*)/.exec(page.html)?.[1] ?? 'no heading';
