/** What secrets and keys of an application have in common: what it has decides how it proves itself, and two are live at most. */
import type { Run, Statement } from '../store/database.ts';
import { Refused } from '../store/refused.ts';

const LOCK: Statement = { name: 'lock application', text: 'select kind from issuer.application where id = $1 for update' };
const live = (table: string): string =>
  `(select count(*)::int from issuer.${table} where application_id = $1 and (expires_at is null or expires_at > now()))`;
const COUNT: Statement = {
  name: 'live credentials',
  text: `select ${live('application_secret')} as secret, ${live('application_key')} as key`,
};

/** Live credentials of one kind that an application may have. */
const MOST = 2;

/**
 * Locks an application for a new credential. Refuses a mixture of both kinds, and a third: two are enough to replace one
 * without an outage.
 */
export async function lockForCredential(run: Run, applicationId: string, kind: 'secret' | 'key'): Promise<void> {
  const [found] = await run<{ kind: string }>(LOCK, [applicationId]);
  if (!found) throw new Refused('unknown', `there is no application ${applicationId}`);
  if (found.kind === 'spa' || found.kind === 'native')
    throw new Refused('invalid', `a ${found.kind} application runs where nothing can be kept secret: it has no credentials`);
  // Counted when the lock is held, by a statement of its own: it sees what the one before has just added.
  const [count] = await run<{ secret: number; key: number }>(COUNT, [applicationId]);
  if ((count?.[kind === 'secret' ? 'key' : 'secret'] ?? 0) > 0) throw new Refused('conflict', mixture[kind]);
  if ((count?.[kind] ?? MOST) >= MOST)
    throw new Refused('conflict', `this application has ${MOST} live ${kind}s: remove one, or let it expire, before adding another`);
}

const mixture = {
  secret: 'this application proves itself by keys (private_key_jwt): remove its keys before giving it a secret',
  key: 'this application proves itself by a secret: remove its secrets before giving it a key (private_key_jwt)',
} as const;
