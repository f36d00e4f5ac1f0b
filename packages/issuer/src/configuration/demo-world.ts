/** What `safeconduct dev --dialect …` serves where nobody wrote a configuration file: enough of everything to try any client. */
import { dialectNames } from '../dialects/table.ts';
import { type ApiDeclaration, type ApplicationDeclaration, demo, type IssuerConfiguration, type UserDeclaration } from './define.ts';

const resource = 'https://api.demo.example';
// Every dialect, so that another one is another flag and nothing else.
const everywhere = { dialects: dialectNames, firstParty: true, resources: [resource] } as const;

const api: ApiDeclaration = {
  id: 'demo-api',
  name: 'Demo API',
  resource,
  scopes: {
    'messages:read': 'Read your messages',
    'messages:write': 'Write messages as you',
    user_impersonation: 'Use the demo API as you',
  },
  dialects: dialectNames,
  secret: demo('demo-api-secret-that-everybody-knows'),
};

const web: ApplicationDeclaration = {
  ...everywhere,
  id: 'demo-web',
  name: 'Demo web application',
  kind: 'web',
  secret: demo('demo-web-secret-that-everybody-knows'),
  redirectUris: ['callback', 'auth/callback', 'api/auth/callback', 'redirect'].map((path) => `http://localhost:3000/${path}`),
  postLogoutRedirectUris: ['http://localhost:3000', 'http://localhost:3000/'],
  grantTypes: ['authorization_code', 'refresh_token', 'client_credentials', 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
};

const spa: ApplicationDeclaration = {
  ...everywhere,
  id: 'demo-spa',
  name: 'Demo single-page application',
  kind: 'spa',
  redirectUris: [3000, 4200, 5173].flatMap((port) => [`http://localhost:${port}`, `http://localhost:${port}/`]),
  postLogoutRedirectUris: [3000, 4200, 5173].flatMap((port) => [`http://localhost:${port}`, `http://localhost:${port}/`]),
};

const native: ApplicationDeclaration = {
  ...everywhere,
  id: 'demo-native',
  name: 'Demo terminal program',
  kind: 'native',
  // The last one is for programs that open a fixed port.
  redirectUris: ['http://127.0.0.1/callback', 'http://localhost', 'http://localhost/', 'http://localhost:8081'],
  grantTypes: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
};

const service: ApplicationDeclaration = {
  id: 'demo-service',
  name: 'Demo service',
  kind: 'service',
  dialects: dialectNames,
  resources: [resource],
  secret: demo('demo-service-secret-that-everybody-knows'),
  roles: { demo: ['reader'] },
};

const password = demo('a demo passphrase for everybody');

// Ids of their own: who tries the shop in the same directory has its people, who would be moved.
const people: readonly UserDeclaration[] = [
  {
    id: 'usr_dialect_ada',
    name: 'Ada Brandt',
    givenName: 'Ada',
    familyName: 'Brandt',
    claims: { preferred_username: 'ada' },
    roles: ['reader', 'writer'],
  },
  {
    id: 'usr_dialect_ben',
    name: 'Ben Okafor',
    givenName: 'Ben',
    familyName: 'Okafor',
    claims: { preferred_username: 'ben' },
    roles: ['reader'],
  },
].map(({ roles, ...person }) => ({
  ...person,
  organization: 'demo',
  email: `${person.claims.preferred_username}@demo.example`,
  emailVerified: true,
  locale: 'en',
  password,
  roles: { demo: roles },
}));

export const demoWorld: IssuerConfiguration = {
  organizations: [{ id: 'demo', name: 'Demo', domain: 'demo.example' }],
  projects: [
    {
      id: 'demo',
      organization: 'demo',
      name: 'Demo',
      roles: { reader: 'Reads messages', writer: 'Writes messages' },
      apis: [api],
      applications: [web, spa, native, service],
    },
  ],
  users: people,
};
