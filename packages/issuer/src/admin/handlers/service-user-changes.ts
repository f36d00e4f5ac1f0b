/** Changing a service user: the user and the application of the same id say the same. */
import { findServiceUser } from '../../people/service-users.ts';
import type { Statement } from '../../store/database.ts';
import type { Call } from '../call.ts';
import { unknown } from '../problem.ts';
import { refuseUnusable } from './resources.ts';

const NAME: Statement = { name: 'name user', text: 'update issuer.users set name = $2, updated_at = now() where id = $1' };
const CHANGE: Statement = {
  name: 'change service application',
  text: 'update issuer.application set name = $2, resources = $3, scopes = $4, default_resource = $5 where id = $1',
};

export interface ServiceUserChange {
  readonly name?: string | undefined;
  readonly resources?: readonly string[] | undefined;
  readonly scopes?: readonly string[] | undefined;
}

export async function changeServiceUser(
  call: Omit<Call, 'params' | 'query' | 'body'>,
  id: string,
  change: ServiceUserChange,
): Promise<void> {
  const before = await findServiceUser(call.run, id);
  if (before === undefined) throw unknown('service user', id);
  const { name = before.name, resources = before.resources, scopes = before.scopes } = change;
  if (JSON.stringify([name, resources, scopes]) === JSON.stringify([before.name, before.resources, before.scopes])) return call.unchanged();
  if (change.resources !== undefined || change.scopes !== undefined) await refuseUnusable(call, { resources, scopes });
  await call.run(NAME, [id, name]);
  await call.run(CHANGE, [id, name, resources, scopes, resources.length === 1 ? resources[0] : null]);
  await call.record({ type: 'user.changed', target: id, details: { changed: Object.keys(change) } });
}
