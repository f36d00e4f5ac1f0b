import type { Pool } from 'pg';
import type { Identity } from 'safeconduct/identity';
import { doorsFor } from './doors.ts';

/** The person's name for people: from the sign-in, else from their own customer row, else the subject. */
export async function nameOf(identity: Identity, pool: Pool): Promise<string> {
  const { name } = identity.claims;
  if (typeof name === 'string' && name.trim() !== '') return name.slice(0, 100);
  const { rows } = await doorsFor(identity, pool).own.query<{ name: string }>('select name from shop.customers');
  return rows[0]?.name ?? identity.subject;
}
