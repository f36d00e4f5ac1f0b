/** People and connections of the vault's races: some people, each with an account at the calendar. */
import { defineConfig, type IssuerConfiguration } from '@safeconduct/issuer';

export const WEB = 'web';
export const CONNECTION = 'calendar';
export const SECRET = 'bench-secret-bench-secret-bench-secret';
export const CALLBACK = 'http://127.0.0.1:9999/callback';
export const SCOPE = 'calendar.read';

/** One person and two accounts. All of it is made up. */
export interface RacingPerson {
  readonly id: string;
  readonly email: string;
  readonly password: string;
  /** Who it is at the calendar. */
  readonly there: { readonly id: string; readonly email: string; readonly name: string; readonly password: string };
}

export const racingPeople: readonly RacingPerson[] = Array.from({ length: 8 }, (_, index) => ({
  id: `usr_bench${index}`,
  email: `bench${index}@shop.example`,
  password: `a password for bench ${index}`,
  there: { id: `there-${index}`, email: `bench${index}@almanac.example`, name: `Bench ${index}`, password: `demo-calendar-${index}` },
}));

export const racesConfiguration = (calendar: string): IssuerConfiguration =>
  defineConfig({
    organizations: [{ id: 'bench', name: 'Bench' }],
    projects: [
      {
        id: 'shop',
        organization: 'bench',
        name: 'Shop',
        applications: [
          {
            id: WEB,
            name: 'Web',
            kind: 'web',
            firstParty: true,
            secret: SECRET,
            redirectUris: [CALLBACK],
            scopes: ['openid', 'offline_access'],
          },
        ],
      },
    ],
    users: racingPeople.map(({ id, email, password }) => ({ id, organization: 'bench', email, name: id, password })),
    connections: [
      {
        id: CONNECTION,
        organization: 'bench',
        name: 'Calendar',
        preset: 'oidc',
        issuer: calendar,
        clientId: 'bench',
        secret: SECRET,
        scopes: ['openid', 'email', 'offline_access'],
        applications: { [WEB]: true },
      },
    ],
  });
