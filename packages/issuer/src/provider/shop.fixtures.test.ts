/** The shop of the tests: people, APIs, and an application of every kind. */
import { defineConfig } from '../index.ts';

export const API = 'https://api.example.test';
export const OPAQUE_API = 'https://opaque.example.test';
export const CALLBACK = 'http://127.0.0.1:9999/callback';
export const SPA_ORIGIN = 'http://localhost:9998';
export const SECRET = 'secret-secret-secret-secret-secret-secret';
export const ADA = { id: 'usr_ada', email: 'ada@shop.example', password: 'plain tea on the quay' };
export const EVE = { id: 'usr_eve', email: 'eve@shop.example', password: 'salted nuts at midnight' };
export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

const issuerScopes = ['openid', 'profile', 'email', 'offline_access'];
const both = { resources: [API, OPAQUE_API], defaultResource: API, scopes: [...issuerScopes, 'orders:read', 'orders:write'] };
const apis = { 'orders:read': 'See orders', 'orders:write': 'Change orders' };

export const configuration = defineConfig({
  organizations: [{ id: 'shop-org', name: 'Quay Shop' }],
  projects: [
    {
      id: 'shop',
      organization: 'shop-org',
      name: 'Shop',
      roles: { customer: 'Customer', support: 'Support' },
      apis: [
        { id: 'api', name: 'API', resource: API, scopes: apis, secret: SECRET },
        {
          id: 'opaque-api',
          name: 'Opaque API',
          resource: OPAQUE_API,
          scopes: apis,
          tokenFormat: 'opaque',
          tokenLifetime: 90,
          secret: SECRET,
        },
        { id: 'stranger', name: 'Stranger', resource: 'https://else.example.test', scopes: { 'else:read': 'Read' }, secret: SECRET },
      ],
      applications: [
        {
          ...both,
          id: 'cli',
          name: 'CLI',
          kind: 'native',
          firstParty: true,
          redirectUris: ['http://127.0.0.1/callback', 'http://[::1]/callback', 'http://localhost/callback'],
          grantTypes: ['authorization_code', 'refresh_token', DEVICE_GRANT],
        },
        { ...both, id: 'other', name: 'Other', kind: 'native', firstParty: true, redirectUris: ['http://127.0.0.1/callback'] },
        { ...both, id: 'third', name: 'Third', kind: 'native', redirectUris: ['http://127.0.0.1/callback'] },
        {
          ...both,
          id: 'web',
          name: 'Web',
          kind: 'web',
          firstParty: true,
          secret: SECRET,
          redirectUris: [CALLBACK],
          postLogoutRedirectUris: ['http://127.0.0.1:9999/'],
        },
        { ...both, id: 'spa', name: 'SPA', kind: 'spa', firstParty: true, redirectUris: [`${SPA_ORIGIN}/callback`] },
        {
          ...both,
          id: 'classic',
          name: 'Classic',
          kind: 'web',
          firstParty: true,
          secret: SECRET,
          redirectUris: [CALLBACK],
          pkceRequired: false,
        },
        {
          id: 'narrow',
          name: 'Narrow',
          kind: 'web',
          firstParty: true,
          secret: SECRET,
          redirectUris: [CALLBACK],
          resources: [API],
          scopes: ['openid', 'orders:read'],
        },
        {
          id: 'job',
          name: 'Job',
          kind: 'service',
          secret: SECRET,
          resources: [API],
          scopes: ['orders:read'],
          roles: { shop: ['support'] },
        },
      ],
    },
  ],
  users: [
    {
      id: ADA.id,
      organization: 'shop-org',
      email: ADA.email,
      emailVerified: true,
      name: 'Ada Brandt',
      password: ADA.password,
      roles: { shop: ['customer'] },
    },
    { id: EVE.id, organization: 'shop-org', email: EVE.email, name: 'Eve Lindqvist', password: EVE.password, roles: { shop: ['support'] } },
  ],
});

export type Configuration = typeof configuration;
