/** Which organizations are issuers of their own at an origin, by any of their names. */
import type { Tenant } from '../dialects/facts.ts';
import { tenants as organizations } from '../orgs/organizations.ts';
import type { Store } from '../store/database.ts';
import { tenantOf } from './facts.ts';

export interface Tenants {
  /** By id, UUID or domain. */
  find(name: string): Promise<Tenant | undefined>;
  /** As people write it: like `find`, or by the name that people read, where only one has it. */
  named(name: string): Promise<Tenant | undefined>;
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
    const wanted = name.toLowerCase();
    const known = await all();
    // Whoever chooses a domain takes no other organization's id by it.
    return (
      known.find(({ id }) => id === name) ?? known.find(({ uuid }) => uuid === wanted) ?? known.find(({ domain }) => domain === wanted)
    );
  };
  return Object.freeze({
    all,
    find,
    async named(name: string) {
      const called = (await all()).filter((one) => one.name.toLowerCase() === name.toLowerCase());
      return (await find(name)) ?? (called.length === 1 ? called[0] : undefined);
    },
  });
}
