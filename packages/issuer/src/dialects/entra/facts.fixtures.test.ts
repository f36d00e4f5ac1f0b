/** For tests of this dialect: a tenant with an API, its applications and people, as the issuer would tell of them. */
import type { AnswerFacts, Known } from '../dialect.ts';
import type { AccountFacts, Facts, KnownApi, KnownApplication, Tenant } from '../facts.ts';
import { place } from './paths.ts';

export const ORIGIN = 'https://id.example:8443';

export const contoso: Tenant = {
  id: 'contoso',
  uuid: '72f988bf-86f1-41af-91ab-2d7cd011db47',
  name: 'Contoso',
  domain: 'contoso.example',
};
export const fabrikam: Tenant = {
  id: 'fabrikam',
  uuid: '1f0ad9f4-7b53-4d7c-8f0b-2f5b1a7f7c11',
  name: 'Fabrikam',
  domain: 'fabrikam.example',
};

export const orders: KnownApi = {
  id: 'orders-api',
  resource: 'https://orders.example',
  project: 'shop',
  scopes: ['orders.read', 'orders.write'],
  tokenVersion: 2,
};
export const billing: KnownApi = {
  ...orders,
  id: 'billing-api',
  resource: 'api://billing',
  scopes: ['user_impersonation'],
  tokenVersion: 1,
};

export const web: KnownApplication = {
  id: 'web',
  kind: 'web',
  firstParty: true,
  confidential: true,
  project: 'shop',
  organization: 'contoso',
  resources: [orders.resource, billing.resource],
  defaultResource: undefined,
  scopes: ['openid', 'profile', 'email', 'offline_access', 'orders.read', 'user_impersonation'],
  refuses: [],
  redirectUris: ['http://localhost:3000/callback'],
  postLogoutRedirectUris: ['http://localhost:3000/bye'],
};
export const spa: KnownApplication = { ...web, id: 'spa', kind: 'spa', confidential: false };

export const ada: AccountFacts = {
  id: 'usr_ada',
  uuid: '0f8fad5b-d9cb-469f-a165-70867728950e',
  kind: 'person',
  organization: contoso,
  email: 'ada@contoso.example',
  emailVerified: true,
  name: 'Ada Byron',
  givenName: 'Ada',
  familyName: 'Byron',
  locale: 'en',
  updatedAt: 1_700_000_000,
  roles: { shop: ['buyer'] },
  guestOf: { fabrikam: { shop: ['auditor'] } },
  claims: {},
  metadata: {},
  subjects: {},
  cameWith: undefined,
};

const apis = [orders, billing];

export const known: Known = {
  application: async (id) => [web, spa].find((one) => one.id === id),
  api: async (name) => apis.find(({ id, resource }) => id === name || resource === name),
  organizations: async () => [contoso, fabrikam],
  apis: async (project) => apis.filter((one) => one.project === project),
  leavingTo: async (uri) => (web.postLogoutRedirectUris.includes(uri) ? web.id : undefined),
};

export function facts(given: Partial<AnswerFacts> = {}): AnswerFacts {
  const tenant = given.tenant ?? contoso;
  const all: Facts = {
    origin: ORIGIN,
    place: place(ORIGIN, tenant),
    tenant,
    account: ada,
    client: web,
    projectClients: ['web', 'spa', 'orders-api', 'billing-api'],
    api: orders,
    roles: ['buyer'],
    scopes: ['openid', 'profile', 'email', 'orders.read'],
    asked: '',
    session: 'session',
    grant: 'grant',
    signIn: { authTime: 1_700_000_000, acr: undefined, amr: ['pwd'] },
    grantType: 'authorization_code',
  };
  const none = new URLSearchParams();
  return {
    ...all,
    parameters: none,
    query: none,
    header: () => undefined,
    requestId: '5d1a1d5e-2f3b-4f0e-9d5c-0c1b2a3d4e5f',
    ...given,
  };
}
