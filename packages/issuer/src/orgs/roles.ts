import type { Run } from '../store/database.ts';
import { type Change, upserter } from '../store/upsert.ts';

/** Something a person may be in a project. Tokens carry its key. */
export interface Role {
  readonly projectId: string;
  readonly key: string;
  readonly name: string;
}

const upsert = upserter({ table: 'issuer.role', keys: ['project_id', 'key'], columns: ['name'] });

export function upsertRole(run: Run, { projectId, key, name }: Role): Promise<Change> {
  return upsert(run, { project_id: projectId, key, name });
}
