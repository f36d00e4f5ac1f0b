import { defineConfig, demo, type IssuerConfiguration, type UserDeclaration } from '@safeconduct/issuer';
import { apiScopes } from './api/routes.ts';
import { demoClientSecret, docsClientId } from './demo-client.ts';
import { type DemoPerson, demoPeople } from './demo-people.ts';

const organization = 'org_shop_demo';

/** What an issuer is to know about the shop at `url`: its API, its applications, and the demo people. */
export function issuerConfiguration({ url, clientId }: { url: string; clientId: string }): IssuerConfiguration {
  const api = `${url}/api`;
  return defineConfig({
    organizations: [{ id: organization, name: 'Shop (demo)' }],
    projects: [
      {
        id: 'shop',
        organization,
        name: 'Shop',
        roles: { customer: 'Customer', support: 'Customer support' },
        apis: [
          {
            id: 'shop-api',
            name: 'Shop API',
            resource: api,
            scopes: apiScopes,
          },
        ],
        applications: [
          {
            id: clientId,
            name: 'Shop assistant',
            kind: 'web',
            redirectUris: [`${url}/auth/callback`],
            postLogoutRedirectUris: [`${url}/`],
            backchannelLogoutUri: `${url}/auth/backchannel-logout`,
            secret: demo(demoClientSecret),
            resources: [api],
          },
          {
            id: 'shop-terminal',
            name: 'Shop assistant in the terminal',
            kind: 'native',
            redirectUris: ['http://127.0.0.1/callback', 'http://[::1]/callback'],
            grantTypes: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
            resources: [api],
          },
          {
            id: docsClientId,
            name: 'Shop API docs',
            kind: 'spa',
            redirectUris: [`${url}/docs/oauth2-redirect`],
            resources: [api],
          },
        ],
      },
    ],
    users: demoPeople.map(declared),
  });
}

function declared({ id, email, name, password, roles }: DemoPerson): UserDeclaration {
  const [givenName = name, ...rest] = name.split(' ');
  const familyName = rest.join(' ');
  return { id, organization, email, emailVerified: true, name, givenName, familyName, password: demo(password), roles: { shop: roles } };
}
