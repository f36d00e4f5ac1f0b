/** How our own library is pointed at an origin of each dialect: nothing else differs between the tests that run over this table. */

import { createLogin, finishLogin, type Login, type LoginOptions, type SignedIn, startLogin } from 'safeconduct/login';
import { type Guard, protect, type TrustedIssuer } from 'safeconduct/protect';
import type { ProviderPreset } from 'safeconduct/providers';
import { auth0, entra, keycloak, safeconduct, zitadel } from 'safeconduct/providers';
import { API, API_ID, CALLBACK, POST_LOGOUT, SECRET, SHOP_ORG, Visitor, type World } from './world.fixtures.test.ts';

/** A dialect, and what the vendor's documentation has a program say. */
export interface Vendor {
  readonly dialect: string;
  readonly provider: (world: Pick<World, 'at' | 'home'>, sharedSubject?: boolean) => ProviderPreset;
  /** How a sign-in names the API. */
  readonly asks: Pick<LoginOptions, 'scopes' | 'resource'>;
  /** How access tokens name the API. */
  readonly audience: string;
  /** The web application. Default: `shop-web`. */
  readonly client?: string;
  /** How a program that acts for itself names the API. */
  readonly robot: Readonly<Record<string, string>>;
}

const project = 'urn:zitadel:iam:org:project:id:shop:aud';

export const vendors: readonly Vendor[] = [
  {
    dialect: 'standard',
    provider: ({ home }, sharedSubject = false) => safeconduct({ issuer: home, sharedSubject }),
    asks: { scopes: ['openid', 'profile', 'offline_access', 'orders:read'], resource: API },
    audience: API,
    robot: { resource: API, scope: 'orders:read' },
  },
  {
    dialect: 'zitadel',
    provider: ({ at }, sharedSubject = false) => zitadel({ issuer: at('zitadel'), sharedSubject }),
    asks: {
      scopes: ['openid', 'profile', 'offline_access', project, 'urn:zitadel:iam:org:projects:roles', 'urn:zitadel:iam:user:resourceowner'],
    },
    audience: 'shop',
    robot: { scope: `openid ${project}` },
  },
  {
    dialect: 'auth0',
    provider: ({ at }, sharedSubject = false) => auth0({ domain: new URL(at('auth0')).host, sharedSubject }),
    asks: { scopes: ['openid', 'profile', 'offline_access', 'orders:read'], resource: API },
    audience: API,
    robot: { audience: API },
  },
  {
    dialect: 'entra',
    provider: ({ at }, sharedSubject = false) => entra({ tenant: SHOP_ORG, authority: at('entra'), sharedSubject }),
    asks: { scopes: ['openid', 'profile', 'offline_access', `${API}/orders:read`] },
    audience: API_ID,
    robot: { scope: `${API}/.default` },
  },
  {
    dialect: 'keycloak',
    provider: ({ at }, sharedSubject = false) =>
      keycloak({ issuer: `${at('keycloak')}/realms/${SHOP_ORG}`, apiClientId: API_ID, sharedSubject }),
    asks: { scopes: ['openid', 'profile', 'offline_access', 'organization', 'orders:read'] },
    audience: API_ID,
    robot: { scope: 'orders:read' },
  },
];

/** The web application at a vendor. */
export function loginAt(world: World, { provider, asks, client = 'shop-web' }: Vendor, sharedSubject?: boolean): Login {
  const web = { clientId: client, clientSecret: SECRET, redirectUri: CALLBACK, postLogoutRedirectUri: POST_LOGOUT };
  return createLogin({ provider: provider(world, sharedSubject), ...web, ...asks });
}

/** The program in a terminal, which has no secret. */
export function terminalAt(world: World, { provider, asks }: Vendor): Login {
  return createLogin({ provider: provider(world), clientId: 'shop-terminal', redirectUri: 'http://127.0.0.1/callback', ...asks });
}

/** Signs somebody in, over HTTP. */
export async function signInAt(login: Login, visitor = new Visitor()): Promise<SignedIn> {
  const { url, transaction } = await startLogin(login);
  const { url: back, body } = await visitor.visit(url.href);
  if (back.origin !== new URL(CALLBACK).origin) throw new Error(`the sign-in ended at ${back.href}:\n${body}`);
  return finishLogin(login, back, transaction);
}

/** The API at a vendor. Where the preset asks about tokens, it asks as itself. */
export function trustAt(world: World, { provider, audience }: Vendor, sharedSubject?: boolean): TrustedIssuer {
  const preset = provider(world, sharedSubject);
  const introspection = { clientId: API_ID, clientSecret: SECRET };
  return { provider: preset, audience, ...(preset.accessTokens === 'introspection' && { introspection }) };
}

export const guardAt = (world: World, vendor: Vendor, sharedSubject?: boolean): Guard => protect(trustAt(world, vendor, sharedSubject));

/** The provider's metadata. */
export async function metadataOf(world: World, { provider }: Vendor): Promise<Readonly<Record<string, string>>> {
  const { issuer, discoveryUrl = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration` } = provider(world);
  return (await fetch(discoveryUrl)).json() as Promise<Record<string, string>>;
}

/** Posts a form as an application that has the secret of the tests. */
export function post(url: string | undefined, fields: Readonly<Record<string, string>>, client = 'shop-web'): Promise<Response> {
  const authorization = `Basic ${Buffer.from(`${client}:${SECRET}`).toString('base64')}`;
  return fetch(url ?? '', { method: 'POST', body: new URLSearchParams(fields), headers: { authorization } });
}

/** An access token of a program that acts for itself. */
export async function robotAt(world: World, vendor: Vendor): Promise<string> {
  const { token_endpoint: url } = await metadataOf(world, vendor);
  const response = await post(url, { grant_type: 'client_credentials', ...vendor.robot }, 'shop-robot');
  const { access_token: token, ...rest } = (await response.json()) as { readonly access_token?: string };
  if (token === undefined) throw new Error(`${vendor.dialect} answered ${response.status} ${JSON.stringify(rest)}`);
  return token;
}

/** A request with the access token of a sign-in. */
export function bearing(token: string): Request {
  return new Request('https://orders.example/orders', { headers: { authorization: `Bearer ${token}` } });
}
