import type { Run } from '../store/database.ts';
import { type Change, upserter } from '../store/upsert.ts';

/** A company or team that people belong to. */
export interface Organization {
  readonly id: string;
  readonly name: string;
}

const upsert = upserter({ table: 'issuer.organization', keys: ['id'], columns: ['name'] });

export function upsertOrganization(run: Run, { id, name }: Organization): Promise<Change> {
  return upsert(run, { id, name });
}
