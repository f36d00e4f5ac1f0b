import type { ApiDeclaration } from '../../configuration/define.ts';
import { type AuthMethod, setApplicationDisabled, upsertApplication } from '../../orgs/applications.ts';
import type { Row } from '../../store/database.ts';
import { newId } from '../../store/ids.ts';
import type { Call, Handlers } from '../call.ts';
import { apis } from '../lists.ts';
import { CallRefused } from '../problem.ts';
import type { apiRoutes } from '../routes/apis.ts';
import { credentialsOf, storeCredentials } from './client-credentials.ts';
import { declaredApi, given } from './declared.ts';
import { refuseTaken } from './ids.ts';
import { apisOf } from './resources.ts';
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
    const stored = declaredApi(declaration, project);
    if ((await apisOf(call.run, [settings.resource])).length > 0)
      throw new CallRefused('conflict', `the resource ${settings.resource} is another API's`);
    await upsertApplication(call.run, stored);
    await storeCredentials(call.run, id, credentials);
    await call.record({ type: 'api.created', target: id, details: { project, resource: settings.resource } });
    return { ...(await shown(call, apis, id)), secret: credentials.secret?.reveal() };
  },
  async 'apis.change'(call) {
    const id = call.params.api;
    const { name, resource, scopes, tokenFormat, tokenLifetime, authMethod, project } = await shown(call, apis, id);
    const declaration = { id, name, resource, scopes, tokenFormat, tokenLifetime, ...given(call.body) } as ApiDeclaration;
    const stored = { ...declaredApi(declaration, String(project)), authMethod: authMethod as AuthMethod };
    if ((await upsertApplication(call.run, stored)) === 'same') call.unchanged();
    else await call.record({ type: 'api.changed', target: id, details: { changed: Object.keys(call.body) } });
    return shown(call, apis, id);
  },
  'apis.disable': (call) => setDisabled(call, call.params.api, true),
  'apis.enable': (call) => setDisabled(call, call.params.api, false),
};

/** Below the issuer's own address are audiences of the issuer itself, such as those of its proxy. */
function refuseOurOwn({ issuer }: Call['desk'], resource: string): void {
  if (new URL(resource).origin === issuer)
    throw new CallRefused('conflict', `the resource ${resource} is the issuer's own: write the address of the API`);
}

async function setDisabled(call: Omit<Call, 'params' | 'query' | 'body'>, id: string, disabled: boolean): Promise<Row> {
  if (await setApplicationDisabled(call.run, id, disabled))
    await call.record({ type: disabled ? 'api.disabled' : 'api.enabled', target: id });
  else call.unchanged();
  return shown(call, apis, id);
}
