/** What the issuer is to know about the noticeboard: its API, the application in the browser, and two demo people. */
import { defineConfig, demo, type IssuerConfiguration } from '@safeconduct/issuer';
import type { Places } from './places.ts';

/** Nobody real. The passwords are published here, and refused in production. */
export const demoPeople = [
  { id: 'usr_demo_mia', name: 'Mia Winter', email: 'mia@board.example', password: 'demo-violet-harbour', roles: [], note: 'reads notices' },
  {
    id: 'usr_demo_noor',
    name: 'Noor Haddad',
    email: 'noor@board.example',
    password: 'demo-amber-windmill',
    roles: ['editor'],
    note: 'editor; reads drafts, too',
  },
] as const;

type Addresses = Pick<Places, 'spa' | 'api' | 'audience' | 'clientId' | 'docsClientId'>;

const organization = 'org_board_demo';

export function issuerConfiguration(places: Addresses): IssuerConfiguration {
  const { audience: resource } = places;
  return defineConfig({
    organizations: [{ id: organization, name: 'Noticeboard (demo)' }],
    projects: [
      {
        id: 'noticeboard',
        organization,
        name: 'Noticeboard',
        roles: { editor: 'Editor' },
        apis: [{ id: 'noticeboard-api', name: 'Noticeboard API', resource, scopes: { 'notices:read': 'Read notices' } }],
        applications: applications(places),
      },
    ],
    users: demoPeople.map(({ id, name, email, password, roles }) => ({
      id,
      organization,
      name,
      email,
      emailVerified: true,
      password: demo(password),
      roles: { noticeboard: [...roles] },
    })),
  });
}

/** The page and the API's docs page: both run in the browser, so neither has a secret. */
function applications({ spa, api, audience, clientId, docsClientId }: Addresses) {
  const both = { kind: 'spa', resources: [audience] } as const;
  return [
    { ...both, id: clientId, name: 'Noticeboard', firstParty: true, redirectUris: [`${spa}/`], postLogoutRedirectUris: [`${spa}/`] },
    { ...both, id: docsClientId, name: 'Noticeboard API docs', redirectUris: [`${api}/docs/oauth2-redirect`] },
  ];
}
