/** An API, an application and a person, as the Auth0 dialect knows them in its tests. */
import { auth0 } from '../auth0.ts';
import type { Known } from '../dialect.ts';
import type { AccountFacts, Facts, KnownApi, KnownApplication, Tenant } from '../facts.ts';

export const ORIGIN = 'https://localhost:8443';
export const place = auth0.place(ORIGIN);

export const orders: KnownApi = {
  id: 'orders-api',
  resource: 'https://orders.example',
  project: 'shop',
  scopes: ['read:orders', 'write:orders'],
  tokenVersion: 2,
};
export const web: KnownApplication = {
  id: 'web',
  kind: 'web',
  firstParty: true,
  confidential: true,
  project: 'shop',
  organization: 'org_acme',
  resources: [orders.resource],
  defaultResource: undefined,
  scopes: ['openid', 'profile', 'email', 'offline_access', 'read:orders'],
  refuses: [],
  redirectUris: ['https://app.example/callback'],
  postLogoutRedirectUris: ['https://app.example/bye', 'https://app.example/other'],
};
const byDefault: KnownApplication = { ...web, id: 'with-default', defaultResource: orders.resource };

export const acme: Tenant = { id: 'org_acme', uuid: '0190aa00-0000-7000-8000-0000000000aa', name: 'Acme', domain: 'acme.example' };
const uuid = (last: string) => `0190aa00-0000-7000-8000-0000000000${last}`;
const organizations: readonly Tenant[] = [
  acme,
  // These call themselves as another one is called, and as each other.
  { id: 'org_other', uuid: uuid('bb'), name: 'org_acme', domain: undefined },
  { id: 'org_twin', uuid: uuid('cc'), name: 'Twin', domain: 'twin.example' },
  { id: 'org_second', uuid: uuid('dd'), name: 'twin', domain: undefined },
];

export const known: Known = {
  application: async (id) => [web, byDefault].find((one) => one.id === id),
  api: async (name) => (name === orders.id || name === orders.resource ? orders : undefined),
  apis: async () => [orders],
  organizations: async () => organizations,
  leavingTo: async (uri) => [web, byDefault].find(({ postLogoutRedirectUris }) => postLogoutRedirectUris.includes(uri))?.id,
};

export const ada: AccountFacts = {
  id: 'usr_ada',
  uuid: '0190aa00-0000-7000-8000-000000000001',
  kind: 'person',
  organization: acme,
  email: 'ada@acme.example',
  emailVerified: true,
  name: 'Ada Bell',
  givenName: 'Ada',
  familyName: 'Bell',
  locale: undefined,
  updatedAt: 1_767_225_600,
  roles: { shop: ['read:reports'] },
  guestOf: {},
  claims: {},
  metadata: {},
  subjects: {},
  cameWith: undefined,
};

export const facts: Facts = {
  origin: ORIGIN,
  place,
  tenant: undefined,
  account: ada,
  client: web,
  projectClients: ['web', 'orders-api'],
  api: orders,
  roles: ['read:reports'],
  scopes: ['openid', 'profile', 'read:orders'],
  asked: '',
  session: undefined,
  grant: undefined,
  signIn: undefined,
  wanted: undefined,
  grantType: 'authorization_code',
};
