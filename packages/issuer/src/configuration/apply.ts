/** Makes the database say what a configuration file says: in one transaction, and only where it differs. */

import type { Mode } from '../config.ts';
import { upsertApplication } from '../orgs/applications.ts';
import { setRoles } from '../orgs/grants.ts';
import { setKeys } from '../orgs/keys.ts';
import { upsertOrganization } from '../orgs/organizations.ts';
import { upsertProject } from '../orgs/projects.ts';
import { upsertRole } from '../orgs/roles.ts';
import { setSecretHashes } from '../orgs/secrets.ts';
import { WeakPassword } from '../people/password-policy.ts';
import { type NewPassword, setPassword } from '../people/passwords.ts';
import { ensureServiceUser } from '../people/service-users.ts';
import { type Called, refuseSharedSubjects } from '../people/subjects.ts';
import { upsertUser } from '../people/users.ts';
import { createSeal, type MasterKey, type Seal } from '../secrets/seal.ts';
import { hashOf } from '../secrets/token-format.ts';
import { lockConfiguration } from '../store/configuration-lock.ts';
import type { Run, Statement, Store } from '../store/database.ts';
import { recordEvent } from '../store/events.ts';
import { Refused } from '../store/refused.ts';
import type { Change } from '../store/upsert.ts';
import { apiToApplication, toApplication } from './applications.ts';
import { applyConnection } from './connections.ts';
import type { ApiDeclaration, ApplicationDeclaration, IssuerConfiguration, ProjectDeclaration, UserDeclaration } from './define.ts';
import { demoOwners, rememberDemo } from './demo.ts';
import { tenantsOf } from './origins.ts';
import { ConfigurationError, checkConfiguration, reveal } from './schema.ts';

/** One thing that applying the configuration did. */
export interface Applied {
  readonly what:
    | 'organization'
    | 'project'
    | 'role'
    | 'api'
    | 'application'
    | 'secret'
    | 'keys'
    | 'user'
    | 'password'
    | 'roles'
    | 'connection';
  readonly id: string;
  readonly change: Exclude<Change, 'same'>;
}

const ORGANIZATIONS: Statement = { name: 'organization ids', text: 'select id from issuer.organization' };
const COLLISIONS: Statement = {
  name: 'colliding ids',
  text: `select id from issuer.users where id = any($1::text[]) union select id from issuer.users where id = any($2::text[]) and kind <> 'service'
    union select id from issuer.application where id = any($3::text[])
    union select id from issuer.users where id = any($3::text[]) and kind <> 'person' order by id`,
};

export interface ApplyOptions {
  /** `production` refuses a configuration that holds demo secrets. */
  readonly mode: Mode;
  /** The newest first: they seal the secrets of connections. Needed where connections are declared. */
  readonly masterKeys?: readonly MasterKey[];
}

/** Applies a configuration and gives what changed: nothing, when it was applied before. Throws a `ConfigurationError`. */
export async function applyConfiguration(store: Store, value: IssuerConfiguration, { mode, masterKeys }: ApplyOptions): Promise<Applied[]> {
  const configuration = checkConfiguration(value);
  const demo = demoOwners(configuration);
  if (mode === 'production' && demo.length > 0) throw new ConfigurationError(demo.map(demoRefusal));
  const seal = configuration.connections?.length ? createSeal(masterKeys ?? []) : undefined;
  return store.transaction(async (run) => {
    await lockConfiguration(run);
    await refuseUnknownOrganizations(run, configuration);
    await refuseCollisions(run, configuration);
    await refused('users', () => refuseSharedSubjects(run, everybody(configuration)));
    const applied = await applyAll(run, configuration, seal);
    await rememberDemo(run, demo);
    const changes = applied.map(({ what, id, change }) => `${what} ${id} ${change}`);
    if (changes.length > 0) await recordEvent(run, { type: 'configuration.applied', outcome: 'ok', details: { changes } });
    return applied;
  });
}

type Note = (what: Applied['what'], id: string, change: Change) => void;

async function applyAll(run: Run, configuration: IssuerConfiguration, seal: Seal | undefined): Promise<Applied[]> {
  const { organizations = [], projects = [], users = [], connections = [] } = configuration;
  const applied: Applied[] = [];
  const note: Note = (what, id, change) => {
    if (change !== 'same') applied.push({ what, id, change });
  };
  const apis = projects.flatMap((project) => project.apis ?? []);
  for (const organization of organizations)
    note('organization', organization.id, await refused('organizations', () => upsertOrganization(run, organization)));
  for (const project of projects) await applyProject(run, project, { apis, note });
  for (const user of users) await applyUser(run, user, note);
  // After the applications that they name.
  if (seal) for (const connection of connections) note('connection', connection.id, await applyConnection(run, connection, seal));
  return applied;
}

const demoRefusal = (id: string): string => `${id} has a demo secret, which everybody may know: give it one of its own for production`;

async function refuseUnknownOrganizations(run: Run, configuration: IssuerConfiguration): Promise<void> {
  const { organizations = [], projects = [], users = [], connections = [], origins = [] } = configuration;
  const known = new Set([...organizations, ...(await run<{ id: string }>(ORGANIZATIONS, []))].map(({ id }) => id));
  const hosts = users.flatMap(({ id, guestOf = {} }) => Object.keys(guestOf).map((organization) => ({ id, organization })));
  const tenants = origins.flatMap(({ url: id, ...origin }) => tenantsOf(origin).map((organization) => ({ id, organization })));
  const lost = [...projects, ...users, ...hosts, ...connections, ...tenants].filter(({ organization }) => !known.has(organization));
  if (lost.length === 0) return;
  throw new ConfigurationError(
    lost.map(({ id, organization }) => `${id}: there is no organization ${organization}: declare it under organizations`),
  );
}

// The check within the file is not enough: the other id may be in the database already. Only a service is a user, too.
async function refuseCollisions(run: Run, { projects = [], users = [] }: IssuerConfiguration): Promise<void> {
  const programs = projects.flatMap(({ apis = [], applications = [] }) => [...apis, ...applications]);
  const services = programs.filter(isService).map(({ id }) => id);
  const others = programs.filter((program) => !isService(program)).map(({ id }) => id);
  const rows = await run<{ id: string }>(COLLISIONS, [others, services, users.map(({ id }) => id)]);
  if (rows.length === 0) return;
  throw new ConfigurationError(rows.map(({ id }) => `the id ${id} is taken: a person and an application must not share one`));
}

const everybody = ({ projects = [], users = [] }: IssuerConfiguration): Called[] => [
  ...users.map(({ id, subjects }) => ({ id, subjects })),
  ...projects.flatMap(({ apis = [], applications = [] }) => [...apis, ...applications]).map(({ id }) => ({ id })),
];

const isService = (program: ApiDeclaration | ApplicationDeclaration): boolean => 'kind' in program && program.kind === 'service';

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
    note('api', api.id, await upsertApplication(run, apiToApplication(api, id, known)));
    await applyCredentials(run, api, note);
  }
  for (const application of applications) {
    const change = await upsertApplication(run, toApplication(application, id, known));
    const user = application.kind === 'service' ? await ensureServiceUser(run, { ...application, organizationId: organization }) : 'same';
    note('application', application.id, change === 'same' ? user : change);
    await applyCredentials(run, application, note);
    await applyRoles(run, { id: application.id, organization, roles: application.roles }, note);
  }
}

// What it declares of one kind takes the place of all that there is of both. Where it declares none, there may be others.
async function applyCredentials(run: Run, { id, secret, jwks }: ApiDeclaration | ApplicationDeclaration, note: Note): Promise<void> {
  if (secret === undefined && jwks === undefined) return;
  const secrets = [secret ?? []].flat();
  const hashes = secrets.map((value) => hashOf(reveal(value)));
  note('secret', id, await setSecretHashes(run, id, hashes));
  note('keys', id, await setKeys(run, id, jwks?.keys ?? []));
}

async function applyUser(run: Run, declaration: UserDeclaration, note: Note): Promise<void> {
  const { organization, password, passwordHash, roles, guestOf = {}, ...user } = declaration;
  note(
    'user',
    user.id,
    await upsertUser(run, { kind: 'person', emailVerified: false, state: 'active', ...user, organizationId: organization }),
  );
  if (password !== undefined) note('password', user.id, await declarePassword(run, user.id, { password: reveal(password) }));
  if (passwordHash !== undefined) note('password', user.id, await declarePassword(run, user.id, { hash: reveal(passwordHash) }));
  await applyRoles(run, { id: user.id, organization, roles }, note);
  for (const [host, given] of Object.entries(guestOf))
    await applyRoles(run, { id: user.id, organization: host, roles: given, asGuest: true }, note);
}

interface DeclaredRoles {
  readonly id: string;
  readonly organization: string;
  readonly roles: UserDeclaration['roles'];
  readonly asGuest?: boolean;
}

async function applyRoles(run: Run, { id, organization, roles = {}, asGuest }: DeclaredRoles, note: Note): Promise<void> {
  for (const [projectId, keys] of Object.entries(roles))
    note(
      'roles',
      `${id}@${asGuest ? `${organization}/` : ''}${projectId}`,
      await setRoles(run, { organizationId: organization, userId: id, projectId }, keys),
    );
}

/** What is in the way in the database is a finding, too. */
async function refused<T>(where: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    throw new ConfigurationError([`${where}: ${error.message}`]);
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
