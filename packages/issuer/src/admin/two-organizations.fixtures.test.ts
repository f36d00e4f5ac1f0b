/** For tests of what administrators may do: two organizations, each with a project, an API and a service user. */
import assert from 'node:assert/strict';
import { type Answer, type Caller, servant, startAdmin, type World } from './admin.fixtures.test.ts';

export const api = 'https://api.acme.example';
export const foreignApi = 'https://api.beta.example';

export interface TwoOrganizations {
  readonly world: World;
  /** The issuer-admin. */
  readonly admin: Caller;
  /** The organization-admin of acme. */
  readonly home: Caller;
  /** The organization-admin of beta. */
  readonly away: Caller;
  readonly end: () => Promise<void>;
}

export async function startTwoOrganizations(): Promise<TwoOrganizations> {
  const { world, end } = await startAdmin();
  return { world, end, ...(await fillTwoOrganizations(world)) };
}

/** Makes the two organizations, and gives who administers what. */
export async function fillTwoOrganizations(world: World): Promise<Omit<TwoOrganizations, 'world' | 'end'>> {
  const { did, as } = world;
  for (const id of ['acme', 'beta']) {
    await did('organizations.create', { body: { id, name: id } });
    await did('projects.create', { body: { organization: id, id: `${id}-project`, name: id } });
    await did('roles.add', { params: { project: `${id}-project` }, body: { key: 'reader' } });
    await did('apis.create', {
      body: { project: `${id}-project`, id: `${id}-api`, name: id, resource: `https://api.${id}.example`, scopes: { read: 'Read' } },
    });
    await did('service-users.create', { body: { organization: id, id: `svc_${id}`, name: id } });
  }
  const home = as(await servant(world, { id: 'svc_home', organization: 'acme', roles: ['organization-admin'] }));
  const away = as(await servant(world, { id: 'svc_away', organization: 'beta', roles: ['organization-admin'] }));
  return { admin: as(world.administrator.token), home, away };
}

export function is({ status, json }: Answer, expected: number, words: RegExp): void {
  assert.match(json?.error_description ?? '', words);
  assert.equal(status, expected);
}
