import type { ApiDeclaration } from '../../configuration/define.ts';
import { type AuthMethod, setApplicationDisabled, upsertApplication } from '../../orgs/applications.ts';
import type { Row } from '../../store/database.ts';
import { newId } from '../../store/ids.ts';
import { adminAudience } from '../built-in.ts';
import type { Call, Handlers } from '../call.ts';
import { apis } from '../lists.ts';
import { CallRefused } from '../problem.ts';
import type { apiRoutes } from '../routes/apis.ts';
import { credentialsOf, storeCredentials } from './client-credentials.ts';
import { declaredApi, given } from './declared.ts';
import { refuseTaken } from './ids.ts';
import { apisOf, type KnownApi, refuseUnusable } from './resources.ts';
import { page, shown } from './shown.ts';

export const apiHandlers: Handlers<typeof apiRoutes> = {
  'apis.list': (call) => page(call, apis),
  'apis.show': (call) => shown(call, apis, call.params.api),
  async 'apis.create'(call) {
    const { project, id = newId('api'), publicKeys, authMethod = 'client_secret_basic', scopes = {}, ...settings } = call.body;
    await refuseTaken(call.run, 'subject', id);
    refuseOurOwn(call.desk, settings.resource);
    const credentials = credentialsOf(authMethod, publicKeys);
    const declaration = { ...given(settings), ...credentials.declared, scopes, id } as ApiDeclaration;
    const stored = declaredApi(declaration, project, await callable(call, settings.resources ?? []));
    if ((await apisOf(call.run, [settings.resource])).length > 0)
      throw new CallRefused('conflict', `the resource ${settings.resource} is another API's`);
    await upsertApplication(call.run, stored);
    await storeCredentials(call.run, id, credentials);
    await call.record({ type: 'api.created', target: id, details: { project, resource: settings.resource } });
    return { ...(await shown(call, apis, id)), secret: credentials.secret?.reveal() };
  },
  async 'apis.change'(call) {
    const id = call.params.api;
    const before = await shown(call, apis, id);
    const after = changed(before, given(call.body) as Partial<ApiDeclaration>);
    const wanted = call.body.resources;
    const others = wanted === undefined ? await apisOf(call.run, after.resources ?? []) : await callable(call, wanted);
    const stored = { ...declaredApi(after, String(before.project), others), authMethod: before.authMethod as AuthMethod };
    if ((await upsertApplication(call.run, stored)) === 'same') call.unchanged();
    else await call.record({ type: 'api.changed', target: id, details: { changed: Object.keys(call.body) } });
    return shown(call, apis, id);
  },
  'apis.disable': (call) => setDisabled(call, call.params.api, true),
  'apis.enable': (call) => setDisabled(call, call.params.api, false),
};

/** What was stored, as a declaration says it, with what is to change. Credentials are kept elsewhere. */
function changed(row: Row, change: Partial<ApiDeclaration>): ApiDeclaration {
  const { id, name, resource, scopes, tokenFormat, tokenLifetime, tokenVersion, dialects, resources, defaultResource } = row;
  // A default that is none of the new resources was chosen among the old ones.
  const kept = change.resources === undefined || change.resources.includes(String(defaultResource)) ? defaultResource : undefined;
  const rest = { tokenFormat, tokenLifetime, tokenVersion, dialects, resources, defaultResource: kept };
  // Which credentials it has does not change here: a stand-in passes the checks of the rest.
  const standIn = credentialsOf(row.authMethod === 'none' ? 'none' : 'client_secret_basic').declared;
  return { ...given({ id, name, resource, scopes, ...rest }), ...change, ...standIn } as ApiDeclaration;
}

/** Other APIs, that this caller may let one call. */
function callable(call: Parameters<typeof refuseUnusable>[0], resources: readonly string[]): Promise<readonly KnownApi[]> {
  if (resources.includes(adminAudience(call.desk.issuer)))
    throw new CallRefused('forbidden', 'an API does not call the admin API: let an application do it');
  return refuseUnusable(call, { resources, scopes: [] });
}

/** Below the issuer's own addresses are audiences of the issuer itself, such as those of its proxy. */
function refuseOurOwn({ issuer, origins }: Call['desk'], resource: string): void {
  if ([issuer, ...origins].includes(new URL(resource).origin))
    throw new CallRefused('conflict', `the resource ${resource} is the issuer's own: write the address of the API`);
}

async function setDisabled(call: Omit<Call, 'params' | 'query' | 'body'>, id: string, disabled: boolean): Promise<Row> {
  if (await setApplicationDisabled(call.run, id, disabled))
    await call.record({ type: disabled ? 'api.disabled' : 'api.enabled', target: id });
  else call.unchanged();
  return shown(call, apis, id);
}
