/** Disabling and enabling people and service users. */
import { endUser } from '../../people/users.ts';
import type { Run, Statement } from '../../store/database.ts';
import type { Call } from '../call.ts';
import { keepAnAdministrator } from './administrators.ts';

const ENABLE: Statement = {
  name: 'enable user',
  text: `update issuer.users set state = 'active', disabled_at = null, updated_at = now() where id = $1 and state = 'disabled' returning id`,
};

type Changing = Pick<Call, 'run' | 'record' | 'unchanged'>;

/** Ends everything that a user may do. The last issuer-admin stays. */
export async function disable({ run, record, unchanged }: Changing, id: string): Promise<void> {
  await keepAnAdministrator(run, id);
  const ended = await endUser(run, id);
  if (ended === undefined) unchanged();
  else await record({ type: 'user.disabled', target: id });
}

/** Lets a user sign in or get tokens again. What was ended stays ended. */
export async function enable({ run, record, unchanged }: Changing, id: string): Promise<void> {
  if (await enabled(run, id)) await record({ type: 'user.enabled', target: id });
  else unchanged();
}

async function enabled(run: Run, id: string): Promise<boolean> {
  return (await run(ENABLE, [id])).length > 0;
}
