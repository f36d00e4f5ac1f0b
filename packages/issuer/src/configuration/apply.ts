/** Makes the database say what a configuration file says: in one transaction, and only where it differs. */

import type { Mode } from '../config.ts';
import { setSecretHashes, upsertApplication } from '../orgs/applications.ts';
import { setRoles } from '../orgs/grants.ts';
import { upsertOrganization } from '../orgs/organizations.ts';
import { upsertProject } from '../orgs/projects.ts';
import { upsertRole } from '../orgs/roles.ts';
import { WeakPassword } from '../people/password-policy.ts';
import { type NewPassword, setPassword } from '../people/passwords.ts';
import { upsertUser } from '../people/users.ts';
import { hashOf } from '../secrets/token-format.ts';
import type { Run, Statement, Store } from '../store/database.ts';
import { recordEvent } from '../store/events.ts';
import type { Change } from '../store/upsert.ts';
import { apiToApplication, toApplication } from './applications.ts';
import type { ApiDeclaration, IssuerConfiguration, ProjectDeclaration, SecretValue, UserDeclaration } from './define.ts';
import { demoOwners, rememberDemo } from './demo.ts';
import { ConfigurationError, checkConfiguration, reveal } from './schema.ts';

/** One thing that applying the configuration did. */
export interface Applied {
  readonly what: 'organization' | 'project' | 'role' | 'api' | 'application' | 'secret' | 'user' | 'password' | 'roles';
  readonly id: string;
  readonly change: Exclude<Change, 'same'>;
}

const LOCK: Statement = {
  name: 'lock configuration',
  text: `select from issuer.lease where name = 'configuration' for update`,
  deadline: 60_000,
};
const ORGANIZATIONS: Statement = { name: 'organization ids', text: 'select id from issuer.organization' };
const COLLISIONS: Statement = {
  name: 'colliding ids',
  text: 'select id from issuer.users where id = any($1::text[]) union all select id from issuer.application where id = any($2::text[])',
};

export interface ApplyOptions {
  /** `production` refuses a configuration that holds demo secrets. */
  readonly mode: Mode;
}

/** Applies a configuration and gives what changed: nothing, when it was applied before. Throws a `ConfigurationError`. */
export async function applyConfiguration(store: Store, value: IssuerConfiguration, { mode }: ApplyOptions): Promise<Applied[]> {
  const configuration = checkConfiguration(value);
  const demo = demoOwners(configuration);
  if (mode === 'production' && demo.length > 0) throw new ConfigurationError(demo.map(demoRefusal));
  return store.transaction(async (run) => {
    await run(LOCK, []);
    await refuseUnknownOrganizations(run, configuration);
    await refuseCollisions(run, configuration);
    const applied = await applyAll(run, configuration);
    await rememberDemo(run, demo);
    const changes = applied.map(({ what, id, change }) => `${what} ${id} ${change}`);
    if (changes.length > 0) await recordEvent(run, { type: 'configuration.applied', outcome: 'ok', details: { changes } });
    return applied;
  });
}

type Note = (what: Applied['what'], id: string, change: Change) => void;

async function applyAll(run: Run, { organizations = [], projects = [], users = [] }: IssuerConfiguration): Promise<Applied[]> {
  const applied: Applied[] = [];
  const note: Note = (what, id, change) => {
    if (change !== 'same') applied.push({ what, id, change });
  };
  const apis = projects.flatMap((project) => project.apis ?? []);
  for (const organization of organizations) note('organization', organization.id, await upsertOrganization(run, organization));
  for (const project of projects) await applyProject(run, project, { apis, note });
  for (const user of users) await applyUser(run, user, note);
  return applied;
}

const demoRefusal = (id: string): string => `${id} has a demo secret, which everybody may know: give it one of its own for production`;

async function refuseUnknownOrganizations(run: Run, { organizations = [], projects = [], users = [] }: IssuerConfiguration): Promise<void> {
  const known = new Set([...organizations, ...(await run<{ id: string }>(ORGANIZATIONS, []))].map(({ id }) => id));
  const lost = [...projects, ...users].filter(({ organization }) => !known.has(organization));
  if (lost.length === 0) return;
  throw new ConfigurationError(
    lost.map(({ id, organization }) => `${id}: there is no organization ${organization}: declare it under organizations`),
  );
}

// The check within the file is not enough: the other id may be in the database already.
async function refuseCollisions(run: Run, { projects = [], users = [] }: IssuerConfiguration): Promise<void> {
  const clients = projects.flatMap(({ apis = [], applications = [] }) => [...apis, ...applications].map(({ id }) => id));
  const rows = await run<{ id: string }>(COLLISIONS, [clients, users.map(({ id }) => id)]);
  if (rows.length === 0) return;
  throw new ConfigurationError(rows.map(({ id }) => `the id ${id} is taken: a person and an application must not share one`));
}

interface Declared {
  /** Every API of the configuration, whatever project it is in. */
  readonly apis: readonly ApiDeclaration[];
  readonly note: Note;
}

async function applyProject(run: Run, project: ProjectDeclaration, { apis: known, note }: Declared): Promise<void> {
  const { id, name, organization, roles = {}, apis = [], applications = [] } = project;
  note('project', id, await upsertProject(run, { id, organizationId: organization, name }));
  for (const [key, title] of Object.entries(roles))
    note('role', `${id}/${key}`, await upsertRole(run, { projectId: id, key, name: title }));
  for (const api of apis) {
    note('api', api.id, await upsertApplication(run, apiToApplication(api, id)));
    await applySecrets(run, api.id, api.secret, note);
  }
  for (const application of applications) {
    note('application', application.id, await upsertApplication(run, toApplication(application, id, known)));
    await applySecrets(run, application.id, application.secret, note);
  }
}

async function applySecrets(run: Run, id: string, secret: SecretValue | readonly SecretValue[] | undefined, note: Note): Promise<void> {
  if (secret === undefined) return;
  const values: readonly SecretValue[] = Array.isArray(secret) ? secret : [secret as SecretValue];
  note(
    'secret',
    id,
    await setSecretHashes(
      run,
      id,
      values.map((value) => hashOf(reveal(value))),
    ),
  );
}

async function applyUser(run: Run, declaration: UserDeclaration, note: Note): Promise<void> {
  const { organization, password, passwordHash, roles = {}, ...user } = declaration;
  note(
    'user',
    user.id,
    await upsertUser(run, { kind: 'person', emailVerified: false, state: 'active', ...user, organizationId: organization }),
  );
  if (password !== undefined) note('password', user.id, await declarePassword(run, user.id, { password: reveal(password) }));
  if (passwordHash !== undefined) note('password', user.id, await declarePassword(run, user.id, { hash: reveal(passwordHash) }));
  for (const [projectId, keys] of Object.entries(roles)) {
    note('roles', `${user.id}@${projectId}`, await setRoles(run, { organizationId: organization, userId: user.id, projectId }, keys));
  }
}

async function declarePassword(run: Run, userId: string, secret: NewPassword): Promise<Change> {
  try {
    return await setPassword(run, userId, secret);
  } catch (error) {
    if (!(error instanceof WeakPassword || error instanceof TypeError)) throw error;
    throw new ConfigurationError([`users: the password of ${userId} is refused: ${error.message}`]);
  }
}
