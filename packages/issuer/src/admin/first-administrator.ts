/** Makes the first administrator, in one transaction that only one of two callers wins. */
import { setRoles } from '../orgs/grants.ts';
import { createAccessToken } from '../people/access-tokens.ts';
import { setPassword } from '../people/passwords.ts';
import { createServiceUser } from '../people/service-users.ts';
import { upsertUser } from '../people/users.ts';
import { lockConfiguration } from '../store/configuration-lock.ts';
import type { Run, Statement, Store } from '../store/database.ts';
import { recordEvent } from '../store/events.ts';
import { newId } from '../store/ids.ts';
import { sqlState } from '../store/unavailable.ts';
import { adminAudience, SAFECONDUCT } from './built-in.ts';
import type { AdminRole } from './caller.ts';
import { CallRefused } from './problem.ts';
import { permissions } from './routes/permissions.ts';

/** Who is to be the first administrator: a person, or, if none is named, a service user with a token. */
export interface FirstAdministrator {
  readonly person?: { readonly email: string; readonly name?: string | undefined; readonly password: string } | undefined;
  /** `iss`. */
  readonly issuer: string;
}

/** What the caller of the set-up learns. */
export interface MadeAdministrator {
  readonly id: string;
  readonly kind: 'person' | 'service';
  readonly organization: string;
  readonly role: string;
  /** This once. */
  readonly token?: string;
  readonly tokenId?: string;
  readonly expiresAt?: string;
}

const role: AdminRole = 'issuer-admin';
const home = { organizationId: SAFECONDUCT, projectId: SAFECONDUCT } as const;
const tokenDays = 90;

const ADMINISTRATOR: Statement = {
  name: 'administrator',
  text: 'select 1 as found from issuer.role_grant where project_id = $1 and role_key = $2 limit 1',
};

/** Whether anybody is an administrator of the whole issuer. That grant is what remembers that the set-up is over. */
export async function hasAdministrator(run: Run): Promise<boolean> {
  return (await run(ADMINISTRATOR, [SAFECONDUCT, role])).length > 0;
}

/** The answer to a second set-up. */
export function alreadySetUp(): CallRefused {
  return new CallRefused(
    'conflict',
    'this issuer has an administrator already: ask one of them, who can make others with `safeconduct grants give`',
  );
}

/** Makes it. Throws a `CallRefused` when there is one by now, and `WeakPassword`. */
export function firstAdministrator(store: Store, { issuer, person }: FirstAdministrator): Promise<MadeAdministrator> {
  return store.transaction(async (run) => {
    await lockConfiguration(run);
    if (await hasAdministrator(run)) throw alreadySetUp();
    const made = person ? await makePerson(run, person) : await makeServiceUser(run, issuer);
    await setRoles(run, { ...home, userId: made.id }, [role]);
    await recordEvent(run, {
      type: 'setup.completed',
      outcome: 'ok',
      target: made.id,
      organization: SAFECONDUCT,
      details: { kind: made.kind },
    });
    return made;
  });
}

async function makePerson(run: Run, { email, name, password }: NonNullable<FirstAdministrator['person']>): Promise<MadeAdministrator> {
  const id = newId('usr');
  try {
    await upsertUser(run, { id, kind: 'person', organizationId: SAFECONDUCT, email, emailVerified: false, name, state: 'active' });
  } catch (error) {
    if (sqlState(error) !== '23505' && sqlState(error instanceof Error ? error.cause : undefined) !== '23505') throw error;
    throw new CallRefused('conflict', 'another person has this e-mail address already: name another one');
  }
  await setPassword(run, id, { password });
  return { id, kind: 'person', organization: SAFECONDUCT, role };
}

async function makeServiceUser(run: Run, issuer: string): Promise<MadeAdministrator> {
  const id = newId('svc');
  const expiresAt = new Date(Date.now() + tokenDays * 86_400_000);
  await createServiceUser(run, { id, organizationId: SAFECONDUCT, name: 'First administrator' });
  const { token, metadata } = await createAccessToken(run, {
    userId: id,
    name: 'set-up',
    resources: [adminAudience(issuer)],
    scopes: Object.keys(permissions),
    expiresAt,
    createdBy: id,
  });
  return {
    id,
    kind: 'service',
    organization: SAFECONDUCT,
    role,
    token: token.reveal(),
    tokenId: metadata.id,
    expiresAt: expiresAt.toISOString(),
  };
}
