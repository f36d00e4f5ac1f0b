/** Ids are for good, and one of each kind is enough: an upsert must never change what belongs to somebody else. */
import { refuseSharedSubjects } from '../../people/subjects.ts';
import { lockConfiguration } from '../../store/configuration-lock.ts';
import type { Run, Statement } from '../../store/database.ts';
import { builtIn } from '../built-in.ts';
import { CallRefused } from '../problem.ts';

const TAKEN = {
  organization: { name: 'organization taken', text: 'select id from issuer.organization where id = $1' },
  project: { name: 'project taken', text: 'select id from issuer.project where id = $1' },
  connection: { name: 'connection taken', text: 'select id from issuer.connection where id = $1' },
  // A token of a program must never read as a token of a person (RFC 9700 section 4.15).
  subject: {
    name: 'subject taken',
    text: 'select id from issuer.users where id = $1 union all select id from issuer.application where id = $1',
  },
} as const satisfies Record<string, Statement>;

/** Throws `conflict` when something has this id. `subject`: people, service users, applications and APIs share their ids. */
export async function refuseTaken(run: Run, what: keyof typeof TAKEN, id: string): Promise<void> {
  // Two who choose the same id at once: the second must see what the first made.
  await lockConfiguration(run);
  if (builtIn.has(id) || (await run(TAKEN[what], [id])).length > 0)
    throw new CallRefused('conflict', `the id ${id} is taken: choose another one`);
  if (what === 'subject') await refuseSharedSubjects(run, [{ id }]);
}
