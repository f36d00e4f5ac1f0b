/** For tests of the Zitadel dialect: an organization, two projects, and what is known of a request. */
import type { AnswerFacts, Known } from '../dialect.ts';
import type { AccountFacts, Facts, KnownApi, KnownApplication, Tenant } from '../facts.ts';
import { zitadel } from '../zitadel.ts';
import { writeAsked } from './scopes.ts';

export const origin = 'http://localhost:8080';
export const place = zitadel.place(origin);
export const urn = 'urn:zitadel:iam';

const acme: Tenant = { id: 'acme', uuid: '00000000-0000-8000-8000-000000000001', name: 'ACME', domain: 'acme.example' };
const globex: Tenant = { ...acme, id: 'globex', uuid: '00000000-0000-8000-8000-000000000004', name: 'acme.test', domain: undefined };
export const api: KnownApi = {
  id: 'orders-api',
  resource: 'https://orders.example',
  project: 'shop',
  scopes: ['orders:read'],
  tokenVersion: 2,
};
export const stock: KnownApi = { ...api, id: 'stock-api', resource: 'https://stock.example', project: 'depot', scopes: [] };
const secret: KnownApi = { ...api, id: 'secret-api', resource: 'https://secret.example', project: 'vault', scopes: [] };
export const web: KnownApplication = {
  id: '3053@shop',
  kind: 'web',
  confidential: true,
  project: 'shop',
  organization: 'acme',
  resources: [api.resource, stock.resource],
  defaultResource: undefined,
  scopes: ['openid', 'profile', 'email', 'offline_access', 'orders:read'],
  refuses: [],
  redirectUris: ['https://shop.example/callback'],
  postLogoutRedirectUris: [],
  firstParty: true,
};
export const known: Known = {
  application: async (id) => [web, { ...web, id: 'ci-bot', kind: 'service' as const }].find((one) => one.id === id),
  api: async (name) => [api, stock, secret].find(({ id, resource }) => id === name || resource === name),
  leavingTo: async () => undefined,
  organizations: async () => [acme, globex],
  apis: async (project) => [api, stock, secret].filter((one) => one.project === project),
};

export const ada: AccountFacts = {
  id: 'usr_ada',
  uuid: '00000000-0000-8000-8000-000000000002',
  kind: 'person',
  organization: acme,
  email: 'ada@acme.example',
  emailVerified: true,
  name: 'Ada Keller',
  givenName: 'Ada',
  familyName: 'Keller',
  locale: 'de',
  updatedAt: 1_767_225_600,
  roles: { shop: ['read:messages', 'admin'], depot: ['picker'] },
  guestOf: { globex: { shop: ['auditor'] } },
  claims: { nickname: 'ada', phone_number: '+41441234567' },
  metadata: { shoe: 'größe 38' },
  subjects: {},
  cameWith: undefined,
};
export const bot: AccountFacts = {
  ...ada,
  id: 'ci-bot',
  kind: 'service',
  email: undefined,
  emailVerified: false,
  name: 'CI bot',
  guestOf: {},
  claims: {},
};

export const facts = (more: Partial<Facts> = {}): Facts => ({
  origin,
  place,
  tenant: undefined,
  account: ada,
  client: web,
  projectClients: [web.id, api.id],
  api,
  roles: ['read:messages', 'admin'],
  scopes: ['openid', 'profile', 'email'],
  asked: '',
  session: 'session-1',
  grant: 'grant-1',
  signIn: { authTime: 1_767_225_000, acr: undefined, amr: ['pwd'] },
  grantType: 'authorization_code',
  ...more,
});
export const askedFor = (...scopes: string[]): string => writeAsked({ scopes, projects: {} });
export const answerFacts = (parameters: Record<string, string> = {}, more: Partial<Facts> = {}): AnswerFacts => ({
  ...facts(more),
  parameters: new URLSearchParams(parameters),
  query: new URLSearchParams(),
  header: () => undefined,
  requestId: '00000000-0000-8000-8000-000000000003',
});
