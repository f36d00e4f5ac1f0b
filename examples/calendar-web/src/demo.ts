/** What the issuer is to know about the planner: the application, the connection to the calendar, and two demo people. */
import { defineConfig, demo, type IssuerConfiguration } from '@safeconduct/issuer';
import type { Settings } from './settings.ts';

/** Nobody real. The passwords are published here, and refused in production. */
export const demoPeople = [
  { id: 'usr_demo_ada', name: 'Ada Brandt', email: 'ada@planner.example', password: 'demo-quiet-lantern' },
  { id: 'usr_demo_ben', name: 'Ben Okafor', email: 'ben@planner.example', password: 'demo-copper-bridge' },
] as const;

/** The issuer as an application of the calendar. Everybody can read it here. */
export const calendarClient = { id: 'planner-issuer', secret: 'demo-client-secret-of-the-planner-issuer-refused-in-production' } as const;

type Places = Pick<Settings, 'issuer' | 'app' | 'calendar' | 'clientId' | 'clientSecret'>;

const organization = 'org_planner_demo';

export function issuerConfiguration(places: Places): IssuerConfiguration {
  const { app, clientId, clientSecret } = places;
  return defineConfig({
    organizations: [{ id: organization, name: 'Planner (demo)' }],
    projects: [
      {
        id: 'planner',
        organization,
        name: 'Planner',
        applications: [
          {
            id: clientId,
            kind: 'web',
            name: 'Planner',
            firstParty: true,
            secret: demo(clientSecret),
            redirectUris: [`${app}/callback`, `${app}/connected`],
            postLogoutRedirectUris: [`${app}/`],
          },
        ],
      },
    ],
    connections: [calendarConnection(places)],
    users: demoPeople.map(({ id, name, email, password }) => ({
      id,
      organization,
      name,
      email,
      emailVerified: true,
      password: demo(password),
    })),
  });
}

function calendarConnection({ calendar, clientId }: Places) {
  return {
    id: 'calendar',
    organization,
    name: 'Almanac',
    preset: 'oidc',
    issuer: calendar,
    clientId: calendarClient.id,
    secret: demo(calendarClient.secret),
    scopes: ['openid', 'email', 'offline_access'],
    applications: { [clientId]: { scopes: ['calendar.read', 'calendar.write'] } },
  } as const;
}
