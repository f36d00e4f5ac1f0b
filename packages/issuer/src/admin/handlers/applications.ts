import { isDeepStrictEqual } from 'node:util';
import type { ApplicationDeclaration } from '../../configuration/define.ts';
import { type AuthMethod, setApplicationDisabled, upsertApplication } from '../../orgs/applications.ts';
import type { Row } from '../../store/database.ts';
import { newId } from '../../store/ids.ts';
import { adminAudience } from '../built-in.ts';
import type { Call, Handlers } from '../call.ts';
import { isIssuerAdmin } from '../caller.ts';
import { applications } from '../lists.ts';
import { CallRefused } from '../problem.ts';
import type { applicationRoutes } from '../routes/applications.ts';
import { credentialsOf, storeCredentials } from './client-credentials.ts';
import { declaredApplication, given } from './declared.ts';
import { refuseTaken } from './ids.ts';
import { type KnownApi, refuseUnusable } from './resources.ts';
import { page, shown } from './shown.ts';

type Changing = Omit<Call, 'params' | 'query' | 'body'>;

export const applicationHandlers: Handlers<typeof applicationRoutes> = {
  'applications.list': (call) => page(call, applications),
  'applications.show': (call) => shown(call, applications, call.params.application),
  async 'applications.create'(call) {
    const { project, id = newId('app'), publicKeys, ...settings } = call.body;
    await refuseTaken(call.run, 'subject', id);
    const isPublic = settings.kind !== 'web';
    const method = settings.authMethod ?? (isPublic ? 'none' : 'client_secret_basic');
    const credentials = credentialsOf(method, publicKeys);
    const apis = await usableApis(call, settings);
    const declaration = { ...given(settings), ...credentials.declared, id } as ApplicationDeclaration;
    await upsertApplication(call.run, declaredApplication(declaration, project, apis));
    await storeCredentials(call.run, id, credentials);
    await call.record({ type: 'application.created', target: id, details: { project, kind: settings.kind } });
    return { ...(await shown(call, applications, id)), secret: credentials.secret?.reveal() };
  },
  async 'applications.change'(call) {
    const id = call.params.application;
    const before = await shown(call, applications, id);
    const after = changed(before, given(call.body));
    const apis = await usableApis(call, after, before);
    // Which credentials it has does not change here: a stand-in passes the checks of the rest.
    const standIn = credentialsOf(before.authMethod === 'none' ? 'none' : 'client_secret_basic').declared;
    const stored = declaredApplication({ ...after, ...standIn } as ApplicationDeclaration, String(before.project), apis);
    const change = await upsertApplication(call.run, { ...stored, authMethod: before.authMethod as AuthMethod });
    if (change === 'same') call.unchanged();
    else await call.record({ type: 'application.changed', target: id, details: { changed: Object.keys(call.body) } });
    return shown(call, applications, id);
  },
  'applications.disable': (call) => setDisabled(call, call.params.application, true),
  'applications.enable': (call) => setDisabled(call, call.params.application, false),
};

async function setDisabled(call: Changing, id: string, disabled: boolean): Promise<Row> {
  if (await setApplicationDisabled(call.run, id, disabled))
    await call.record({ type: disabled ? 'application.disabled' : 'application.enabled', target: id });
  else call.unchanged();
  return shown(call, applications, id);
}

/** What was stored, as a declaration says it, with what is to change. Credentials are kept elsewhere. */
function changed({ id, name, kind, firstParty, pkceRequired, ...row }: Row, change: Wanted): Wanted {
  const { redirectUris, postLogoutRedirectUris, backchannelLogoutUri, grantTypes, scopes, resources, defaultResource, dialects, refuses } =
    row;
  const uris = { redirectUris, postLogoutRedirectUris, backchannelLogoutUri };
  // A default that is none of the new resources was chosen among the old ones.
  const kept = change.resources === undefined || change.resources.includes(String(defaultResource)) ? defaultResource : undefined;
  const rest = { grantTypes, scopes, resources, defaultResource: kept, dialects, refuses };
  const before: Readonly<Record<string, unknown>> = { id, name, kind, firstParty, pkceRequired, ...uris, ...rest };
  return { ...given(before), ...change };
}

interface Wanted {
  readonly resources?: readonly string[] | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly firstParty?: boolean | undefined;
}

/**
 * The APIs that an application may be for. What reaches people of other organizations without asking them is an issuer-admin's
 * to say, and so is every change of an application that does. What was stored before and stays is not asked about again.
 */
async function usableApis(call: Changing, wanted: Wanted, before: Wanted = {}): Promise<readonly KnownApi[]> {
  const { resources = [], scopes = [], firstParty = false } = wanted;
  if (!isIssuerAdmin(call.caller)) {
    if (firstParty)
      throw new CallRefused(
        'forbidden',
        'only an issuer-admin may make or change a first-party application: its people are not asked for consent',
      );
    if (resources.includes(adminAudience(call.desk.issuer)))
      throw new CallRefused('forbidden', 'only an issuer-admin may let an application call the admin API, or change one that does');
  }
  if (isDeepStrictEqual([resources, scopes], [before.resources, before.scopes])) return resources.map(asBefore);
  return refuseUnusable(call, { resources, scopes: scopes.filter((scope) => !aboutPeople.includes(scope)) });
}

const asBefore = (resource: string, index: number): KnownApi => ({
  id: `api-${index}`,
  name: resource,
  resource,
  scopes: {},
  organization: '',
});
const aboutPeople = ['openid', 'profile', 'email', 'offline_access'];
