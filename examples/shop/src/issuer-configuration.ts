import { defineConfig, demo, type IssuerConfiguration, type UserDeclaration } from '@safeconduct/issuer';
import { apiScopes } from './api/routes.ts';
import { calendarName, connection, writeScope } from './calendar/calendar.ts';
import { calendarClient, demoApiSecret, demoClientSecret, docsClientId } from './demo-client.ts';
import { type DemoPerson, demoPeople } from './demo-people.ts';

const organization = 'org_shop_demo';

/** Where the shop and the calendar are, and the shop's application. */
export interface ShopPlaces {
  readonly url: string;
  readonly clientId: string;
  readonly calendarUrl: string;
}

/** What an issuer is to know about the shop at `url`: its API, its applications, the calendar to connect, and the demo people. */
export function issuerConfiguration({ url, clientId, calendarUrl }: ShopPlaces): IssuerConfiguration {
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
            // The assistant acts through its API, from the web and from the terminal: it is what people let use their calendar.
            name: 'Shop assistant',
            resource: api,
            scopes: apiScopes,
            secret: demo(demoApiSecret),
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
    connections: [calendarAt(calendarUrl)],
  });
}

type ConnectionDeclaration = NonNullable<IssuerConfiguration['connections']>[number];

/** A third party with accounts of its own. The shop may use them as far as each person allows, and never signs in with them. */
function calendarAt(url: string): ConnectionDeclaration {
  return {
    id: connection,
    organization,
    name: calendarName,
    preset: 'oidc',
    issuer: url,
    clientId: calendarClient.id,
    secret: demo(calendarClient.secret),
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    authorizationParams: { prompt: 'consent' },
    applications: { 'shop-api': { scopes: ['calendar.read', writeScope] } },
    proxy: { baseUrl: `${url}/calendar`, methods: ['GET', 'POST'], paths: ['/events'] },
  };
}

function declared({ id, email, name, password, roles }: DemoPerson): UserDeclaration {
  const [givenName = name, ...rest] = name.split(' ');
  const familyName = rest.join(' ');
  return { id, organization, email, emailVerified: true, name, givenName, familyName, password: demo(password), roles: { shop: roles } };
}
