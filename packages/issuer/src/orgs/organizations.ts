import type { Row, Run, Statement, Store } from '../store/database.ts';
import { Refused } from '../store/refused.ts';
import { sqlState } from '../store/unavailable.ts';
import { type Change, upserter } from '../store/upsert.ts';

/** A company or team that people belong to. */
export interface Organization {
  readonly id: string;
  readonly name: string;
  /** Primary domain, in lower case: names the organization where a dialect wants a domain. No two have the same. */
  readonly domain?: string | undefined;
}

const TENANTS: Statement = { name: 'tenants', text: 'select id, name, domain from issuer.organization order by id' };
const upsert = upserter({ table: 'issuer.organization', keys: ['id'], columns: ['name', 'domain'] });

/** Throws `Refused` when another organization has the domain. */
export async function upsertOrganization(run: Run, { id, name, domain }: Organization): Promise<Change> {
  try {
    return await upsert(run, { id, name, domain: domain ?? null });
  } catch (error) {
    if (sqlState(error) !== '23505') throw error;
    throw new Refused('conflict', `organization ${id} cannot have the domain ${domain}: another one has it already`);
  }
}

/** Every organization, by id. */
export async function tenants(store: Pick<Store, 'run'>): Promise<Organization[]> {
  return (await store.run(TENANTS, [])).map(fromRow);
}

function fromRow(row: Row): Organization {
  return { id: String(row.id), name: String(row.name), domain: (row.domain as string | null) ?? undefined };
}
