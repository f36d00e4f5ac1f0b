/** People and applications of the issuer benches: the same for ours and for the plain peer. */
import { defineConfig } from '@safeconduct/issuer';

export const API = 'https://api.example.test';
export const OPAQUE_API = 'https://opaque.example.test';
export const CALLBACK = 'http://127.0.0.1:9999/callback';
export const SECRET = 'bench-secret-bench-secret-bench-secret';
export const PERSON = { id: 'usr_bench', email: 'bench@shop.example', password: 'a password for the bench' };
export const SCOPE = 'openid email offline_access orders:read';

const scopes = { 'orders:read': 'See orders', 'orders:write': 'Change orders' };
const callers = {
  resources: [API, OPAQUE_API],
  defaultResource: API,
  scopes: ['openid', 'profile', 'email', 'offline_access', 'orders:read'],
};

export const issuerConfiguration = defineConfig({
  organizations: [{ id: 'bench', name: 'Bench' }],
  projects: [
    {
      id: 'shop',
      organization: 'bench',
      name: 'Shop',
      roles: { customer: 'Customer' },
      apis: [
        { id: 'api', name: 'API', resource: API, scopes, secret: SECRET },
        { id: 'opaque-api', name: 'Opaque API', resource: OPAQUE_API, scopes, secret: SECRET, tokenFormat: 'opaque' },
      ],
      applications: [
        { ...callers, id: 'web', name: 'Web', kind: 'web', firstParty: true, secret: SECRET, redirectUris: [CALLBACK] },
        { id: 'job', name: 'Job', kind: 'service', secret: SECRET, resources: [API], scopes: ['orders:read'] },
      ],
    },
  ],
  users: [
    { id: PERSON.id, organization: 'bench', email: PERSON.email, name: 'Bench', password: PERSON.password, roles: { shop: ['customer'] } },
  ],
});
