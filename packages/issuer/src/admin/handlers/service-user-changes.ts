/** Changing a service user: the user and the application of the same id say the same. */
import { isDeepStrictEqual } from 'node:util';
import { serviceGrants } from '../../orgs/applications.ts';
import { findServiceUser } from '../../people/service-users.ts';
import type { Statement } from '../../store/database.ts';
import type { Call } from '../call.ts';
import { unknown } from '../problem.ts';
import { refuseUnknownDialects } from './declared.ts';
import { refuseUnusable } from './resources.ts';

const CHANGE_USER: Statement = {
  name: 'change service user',
  text: 'update issuer.users set name = $2, metadata = $3, updated_at = now() where id = $1',
};
const CHANGE: Statement = {
  name: 'change service application',
  text: `update issuer.application set name = $2, resources = $3, scopes = $4, dialects = $5, grant_types = $6,
      default_resource = case when default_resource = any($3) then default_resource end
    where id = $1`,
};

export interface ServiceUserChange {
  readonly name?: string | undefined;
  readonly resources?: readonly string[] | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly dialects?: readonly string[] | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

export async function changeServiceUser(
  call: Omit<Call, 'params' | 'query' | 'body'>,
  id: string,
  change: ServiceUserChange,
): Promise<void> {
  const before = await findServiceUser(call.run, id);
  if (before === undefined) throw unknown('service user', id);
  refuseUnknownDialects(change.dialects);
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
  const after = { ...before, ...given };
  if (isDeepStrictEqual(after, before)) return call.unchanged();
  const { name, resources, scopes, dialects, metadata } = after;
  if (change.resources !== undefined || change.scopes !== undefined) await refuseUnusable(call, { resources, scopes });
  await call.run(CHANGE_USER, [id, name, JSON.stringify(metadata)]);
  await call.run(CHANGE, [id, name, resources, scopes, dialects, serviceGrants(dialects)]);
  await call.record({ type: 'user.changed', target: id, details: { changed: Object.keys(given) } });
}
