/** For tests of the Keycloak dialect: a realm with a program, a page and an API, and roles of the realm beside those of a project. */
import { defineConfig, type IssuerConfiguration } from '@safeconduct/issuer';
import { ADA, API, OTHER_ORG, SECRET, SHOP_ORG, startWorld, type World } from './world.fixtures.test.ts';

/** Where the tests' programs listen. */
export interface Ports {
  readonly program: number;
  readonly page: number;
}

export interface Realm {
  /** The server, as adapters are told it. */
  readonly url: string;
  /** The realm's name. */
  readonly realm: string;
  readonly issuer: string;
  readonly world: World;
  post(path: string, form: Readonly<Record<string, string>>, headers?: Readonly<Record<string, string>>): Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: answers are read by tests, which check what they read
  readonly json: any;
}

export async function startRealm(ports: Ports): Promise<Realm> {
  const world = await startWorld({ dialects: ['keycloak'], tls: false, declare: (base) => withRealm(base, ports) });
  const url = world.at('keycloak');
  const issuer = `${url}/realms/${SHOP_ORG}`;
  return {
    ...{ url, realm: SHOP_ORG, issuer, world },
    post: async (path, form, headers = {}) =>
      answerOf(await fetch(`${issuer}${path}`, { method: 'POST', body: new URLSearchParams(form), headers, redirect: 'manual' })),
  };
}

export async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  return { status: response.status, headers: response.headers, json: /^[[{]/.test(text) ? JSON.parse(text) : text };
}

export const basic = (id: string) => ({ authorization: `Basic ${btoa(`${id}:${SECRET}`)}` });

export const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());

/** Roles of the realm are those of the project that has its name. */
function withRealm(base: IssuerConfiguration, { program, page }: Ports): IssuerConfiguration {
  const shared = { firstParty: true, dialects: ['keycloak'], resources: [API] } as const;
  const [shop] = base.projects ?? [];
  if (!shop) throw new Error('the world has no project any more');
  const [site, spa] = [`http://localhost:${program}`, `http://localhost:${page}`];
  const applications = [
    ...(shop.applications ?? []),
    {
      ...shared,
      id: 'orders-site',
      name: 'Orders site',
      kind: 'web',
      secret: SECRET,
      redirectUris: ['/orders', '/admin', '/greeting'].map((path) => `${site}${path}?auth_callback=1`),
      postLogoutRedirectUris: [`${site}/`],
    } as const,
    {
      ...shared,
      id: 'orders-page',
      name: 'Orders page',
      kind: 'spa',
      redirectUris: ['/', '/?quiet', '/silent.html'].map((path) => `${spa}${path}`),
      postLogoutRedirectUris: [`${spa}/`],
    } as const,
    { ...shared, id: 'bare-page', name: 'A page without an API', kind: 'spa', redirectUris: [`${spa}/`], resources: [] } as const,
  ];
  const realm = { id: SHOP_ORG, organization: SHOP_ORG, name: 'Realm', roles: { admin: 'Administrator' } } as const;
  const users = [...(base.users ?? []), { ...OLA, organization: OTHER_ORG }].map((one) =>
    one.id === ADA.id ? { ...one, roles: { ...one.roles, [SHOP_ORG]: ['admin'] } } : one,
  );
  return defineConfig({ ...base, projects: [realm, { ...shop, applications }], users });
}

/** Of another organization, and nobody's guest. */
export const OLA = { id: 'usr_ola', email: 'ola@other.example', password: 'four ferries before dawn', name: 'Ola Nordmann' };
