/** A realm, its people, APIs and applications, for the tests of the Keycloak dialect. */
import type { AnswerFacts, Known } from './dialect.ts';
import type { AccountFacts, Facts, KnownApi, KnownApplication, Tenant } from './facts.ts';
import { keycloak } from './keycloak.ts';

export const ORIGIN = 'https://id.example';
export const acme: Tenant = { id: 'acme', uuid: '0190aa00-0000-7000-8000-00000000aaaa', name: 'Acme', domain: 'acme.example' };
export const other: Tenant = { id: 'other', uuid: '0190aa00-0000-7000-8000-00000000bbbb', name: 'Other', domain: undefined };
export const place = keycloak.place(ORIGIN, acme);

export const orders: KnownApi = {
  id: 'orders-api',
  resource: 'https://orders.example',
  project: 'shop',
  scopes: ['orders:read', 'orders:write'],
  tokenVersion: 2,
};
export const stock: KnownApi = {
  id: 'stock-api',
  resource: 'https://stock.example',
  project: 'store',
  scopes: ['stock:read'],
  tokenVersion: 2,
};
export const spa: KnownApplication = {
  id: 'spa',
  kind: 'spa',
  confidential: false,
  project: 'front',
  organization: 'acme',
  resources: [orders.resource, stock.resource],
  defaultResource: undefined,
  scopes: ['openid', 'profile', 'email', 'offline_access', ...orders.scopes, ...stock.scopes],
  refuses: [],
  redirectUris: ['https://app.example/', 'https://app.example/silent.html', 'com.app.example:/back'],
  postLogoutRedirectUris: [],
  firstParty: true,
};
const modest: KnownApplication = { ...spa, id: 'modest', scopes: ['openid'], resources: [], defaultResource: undefined };
const choosing: KnownApplication = { ...spa, id: 'choosing', defaultResource: stock.resource };

export const known: Known = {
  application: async (id) => [spa, modest, choosing].find((one) => one.id === id),
  api: async (name) => [orders, stock].find(({ id, resource }) => name === id || name === resource),
  apis: async () => [orders],
  leavingTo: async () => undefined,
  organizations: async () => [acme, other],
};

export const ada: AccountFacts = {
  id: 'usr_ada',
  uuid: '0190aa00-0000-7000-8000-000000000001',
  kind: 'person',
  organization: acme,
  email: 'ada@acme.example',
  emailVerified: true,
  name: 'Ada Example',
  givenName: 'Ada',
  familyName: undefined,
  locale: undefined,
  updatedAt: 1_767_225_600,
  roles: { acme: ['admin'], shop: ['customer'], front: ['beta'], secret: ['spy'] },
  guestOf: { other: { shop: ['visitor'] } },
  claims: {},
  metadata: {},
  subjects: {},
  cameWith: undefined,
};

export const facts: Facts = {
  origin: ORIGIN,
  place,
  tenant: acme,
  account: ada,
  client: spa,
  projectClients: ['spa'],
  api: orders,
  roles: ['customer'],
  scopes: ['openid', 'profile', 'email', 'offline_access'],
  asked: '',
  session: 'session-1',
  grant: 'grant-1',
  signIn: { authTime: 1_767_225_600, acr: undefined, amr: ['pwd'] },
  grantType: 'authorization_code',
};
export const job: Facts = {
  ...facts,
  account: { ...ada, kind: 'service', email: undefined },
  signIn: undefined,
  session: undefined,
  scopes: ['orders:read'],
};

export const registered = {
  iss: place.issuer,
  sub: ada.uuid,
  aud: orders.resource,
  client_id: 'spa',
  scope: 'orders:read',
  jti: 'token-1',
  iat: 1_767_225_600,
  exp: 1_767_226_200,
};

export const answerFacts = (parameters: Readonly<Record<string, string>> = {}): AnswerFacts => ({
  ...facts,
  parameters: new URLSearchParams(parameters),
  query: new URLSearchParams(),
  header: () => undefined,
  requestId: '0190aa00-0000-7000-8000-0000000000ff',
});
