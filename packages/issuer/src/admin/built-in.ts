/** What every issuer has from its first start: the organization, project and applications by which it is administered. */
import { ME_API, meApi, meSecret } from '../connections/me-api.ts';
import { type Application, plainApplication, upsertApplication } from '../orgs/applications.ts';
import { upsertOrganization } from '../orgs/organizations.ts';
import { upsertProject } from '../orgs/projects.ts';
import { upsertRole } from '../orgs/roles.ts';
import { setSecretHashes } from '../orgs/secrets.ts';
import { ACCOUNT_PAGES, accountApplication } from '../people/account-application.ts';
import { deriveKey, type MasterKey } from '../secrets/seal.ts';
import { Secret } from '../secrets/secret.ts';
import { hashOf } from '../secrets/token-format.ts';
import { lockConfiguration } from '../store/configuration-lock.ts';
import type { Run, Statement, Store } from '../store/database.ts';
import { adminRoles } from './caller.ts';
import { permissions } from './routes/permissions.ts';
import { ADMIN_PATH } from './routes/table.ts';

/** Id of the organization and of the project. */
export const SAFECONDUCT = 'safeconduct';
/** client_id of the admin API. */
export const ADMIN_API = 'safeconduct-admin';
/** client_id of the command. */
export const COMMAND = 'safeconduct-cli';

/** Ids of what the admin API never changes. */
export const builtIn: ReadonlySet<string> = new Set([SAFECONDUCT, ADMIN_API, COMMAND, ACCOUNT_PAGES, ME_API]);

/** The audience of tokens for the admin API. */
export function adminAudience(issuer: string): string {
  return `${issuer}${ADMIN_PATH}`;
}

/** The secret with which the admin API introspects. Every process derives the same one. */
export function adminSecret({ key }: MasterKey): Secret {
  return new Secret(deriveKey(key, 'admin-api').export().toString('base64url'));
}

// Roles of a project that somebody had under this id before would be roles of administrators all of a sudden.
const OF_OTHERS: Statement = {
  name: 'built-in ids of others',
  text: `select id from issuer.project where id = $1 and organization_id <> $1
    union select id from issuer.application where id = any($2::text[]) and project_id is distinct from $1`,
};

export interface BuiltInOptions {
  readonly issuer: string;
  /** The secrets of all of them are good, so that the master key can be rotated while several processes run. */
  readonly masterKeys: readonly MasterKey[];
}

/** Makes sure that what is built in is there and as it should be. Done again, or by several processes at once, it changes nothing. */
export async function ensureBuiltIn(store: Store, { issuer, masterKeys }: BuiltInOptions): Promise<void> {
  await store.transaction(async (run) => {
    await lockConfiguration(run);
    await refuseOthers(run);
    await upsertOrganization(run, { id: SAFECONDUCT, name: 'Safeconduct' });
    await upsertProject(run, { id: SAFECONDUCT, organizationId: SAFECONDUCT, name: 'Safeconduct' });
    for (const [key, name] of Object.entries(adminRoles)) await upsertRole(run, { projectId: SAFECONDUCT, key, name });
    await upsertApplication(run, adminApi(issuer));
    await setSecretHashes(run, ADMIN_API, hashesOf(masterKeys, adminSecret));
    await upsertApplication(run, meApi(issuer, SAFECONDUCT));
    await setSecretHashes(run, ME_API, hashesOf(masterKeys, meSecret));
    await upsertApplication(run, commandApplication(issuer));
    await upsertApplication(run, accountApplication(issuer, SAFECONDUCT));
  });
}

const hashesOf = (keys: readonly MasterKey[], secretOf: (key: MasterKey) => Secret): string[] =>
  keys.map((key) => hashOf(secretOf(key).reveal()));

async function refuseOthers(run: Run): Promise<void> {
  const ids = (await run<{ id: string }>(OF_OTHERS, [SAFECONDUCT, [ADMIN_API, COMMAND, ACCOUNT_PAGES, ME_API]])).map(({ id }) => id);
  if (ids.length > 0)
    throw new Error(`this database has a project or application of its own under ${ids.join(', ')}, which is built in: give it another id`);
}

function adminApi(issuer: string): Application {
  return {
    ...plainApplication,
    id: ADMIN_API,
    projectId: SAFECONDUCT,
    kind: 'api',
    name: 'Administration of this issuer',
    authMethod: 'client_secret_basic',
    resource: adminAudience(issuer),
    resourceScopes: permissions,
  };
}

function commandApplication(issuer: string): Application {
  const resource = adminAudience(issuer);
  return {
    ...plainApplication,
    id: COMMAND,
    projectId: SAFECONDUCT,
    kind: 'native',
    name: 'The safeconduct command',
    firstParty: true,
    // Native applications may use any port.
    redirectUris: ['http://127.0.0.1/callback', 'http://[::1]/callback'],
    grantTypes: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    authMethod: 'none',
    scopes: ['openid', 'profile', 'email', 'offline_access', ...Object.keys(permissions)],
    resources: [resource],
    defaultResource: resource,
  };
}
