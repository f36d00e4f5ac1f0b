import type { Run } from '../store/database.ts';
import { type Change, upserter } from '../store/upsert.ts';

/** What belongs together: roles, APIs and the applications that call them. */
export interface Project {
  readonly id: string;
  readonly organizationId: string;
  readonly name: string;
}

const upsert = upserter({ table: 'issuer.project', keys: ['id'], columns: ['organization_id', 'name'] });

export function upsertProject(run: Run, { id, organizationId, name }: Project): Promise<Change> {
  return upsert(run, { id, organization_id: organizationId, name });
}
