/** Which organizations are issuers of their own at an origin, by any of their names. */
import { type Tenant, tenantNamed } from '../dialects/facts.ts';
import { tenants as organizations } from '../orgs/organizations.ts';
import type { Store } from '../store/database.ts';
import { uuidOf } from '../store/ids.ts';

export const tenantOf = (id: string, name: string, domain: string | null | undefined): Tenant => ({
  id,
  uuid: uuidOf(id),
  name,
  domain: domain ?? undefined,
});

export interface Tenants {
  /** By id, UUID or domain. */
  find(name: string): Promise<Tenant | undefined>;
  all(): Promise<readonly Tenant[]>;
}

/** Milliseconds that the list is used again. */
const MAX_AGE = 5_000;

/** Wires the reader. `only`: ids of those that are meant; undefined: every organization. */
export function createTenants(store: Pick<Store, 'run'>, only?: readonly string[]): Tenants {
  let known: { readonly all: readonly Tenant[]; readonly until: number } | undefined;
  const all = async () => {
    if (known && known.until > performance.now()) return known.all;
    const found = await organizations(store);
    const meant = found
      .filter(({ id }) => only === undefined || only.includes(id))
      .map(({ id, name, domain }) => tenantOf(id, name, domain));
    known = { all: meant, until: performance.now() + MAX_AGE };
    return meant;
  };
  const find = async (name: string) => {
    const known = await all();
    // Some clients write a path in small letters.
    const [alike, ...more] = known.filter(({ id }) => id.toLowerCase() === name.toLowerCase());
    return tenantNamed(known, name) ?? (more.length === 0 ? alike : undefined);
  };
  return Object.freeze({ all, find });
}
