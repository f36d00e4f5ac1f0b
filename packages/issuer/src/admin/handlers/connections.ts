import type { ConnectionDeclaration } from '../../configuration/define.ts';
import {
  deleteConnection,
  removeConnectionApplication,
  setConnectionApplication,
  setConnectionDisabled,
  setConnectionSecret,
  upsertConnection,
} from '../../connections/stored-connection.ts';
import { Secret } from '../../secrets/secret.ts';
import type { Row } from '../../store/database.ts';
import type { Call, Handlers } from '../call.ts';
import { connections, connectionUses } from '../lists.ts';
import { unknown } from '../problem.ts';
import type { connectionRoutes } from '../routes/connections.ts';
import { changedConnection, declaredConnection, refuseRedirected, refuseSignIn, refuseUnfitClient } from './connection-rules.ts';
import { given } from './declared.ts';
import { refuseTaken } from './ids.ts';
import { page, shown } from './shown.ts';

type Changing = Omit<Call, 'params' | 'query' | 'body'>;

export const connectionHandlers: Handlers<typeof connectionRoutes> = {
  async 'connections.list'(call) {
    const found = await page(call, connections);
    return { ...found, items: found.items.map((row) => withRedirect(call, row)) };
  },
  'connections.show': (call) => shownConnection(call, call.params.connection),
  async 'connections.create'(call) {
    const { id, preset, clientId } = call.body;
    refuseSignIn(call.caller, [call.body.signIn]);
    await refuseTaken(call.run, 'connection', id);
    const declared = given(call.body) as ConnectionDeclaration;
    await upsertConnection(call.run, declaredConnection(declared), call.desk);
    await call.record({ type: 'connection.created', target: id, details: { preset, clientId } });
    return shownConnection(call, id);
  },
  async 'connections.change'(call) {
    const id = call.params.connection;
    const before = await shown(call, connections, id);
    const after = changedConnection(before, call.body);
    refuseSignIn(call.caller, [before.signIn, after.signIn]);
    const stored = declaredConnection(after);
    await refuseRedirected(call, before, stored);
    const change = await upsertConnection(call.run, stored, call.desk);
    if (change === 'same') call.unchanged();
    else await call.record({ type: 'connection.changed', target: id, details: { changed: Object.keys(call.body) } });
    return shownConnection(call, id);
  },
  async 'connections.set-secret'(call) {
    const id = call.params.connection;
    const change = await setConnectionSecret(call.run, id, { seal: call.desk.seal, secret: new Secret(call.body.secret) });
    if (change === 'same') call.unchanged();
    else await call.record({ type: 'connection.secret_set', target: id });
    return undefined;
  },
  'connections.disable': (call) => setDisabled(call, call.params.connection, true),
  'connections.enable': (call) => setDisabled(call, call.params.connection, false),
  async 'connections.delete'(call) {
    const id = call.params.connection;
    await deleteConnection(call.run, id);
    await call.record({ type: 'connection.deleted', target: id });
    return undefined;
  },
  'connections.applications.list': (call) => page(call, connectionUses, { connection: call.params.connection }),
  async 'connections.applications.set'(call) {
    const { connection, client } = call.params;
    const { scopes, tokens = true } = call.body;
    await refuseUnfitClient(call, { connection, client, tokens });
    const change = await setConnectionApplication(call.run, connection, {
      applicationId: client,
      use: { scopes: scopes ?? 'all', tokens },
    });
    const details = { connection, scopes: scopes ?? null, tokens };
    if (change === 'same') call.unchanged();
    else await call.record({ type: 'connection.application_set', target: client, details });
    return shown(call, connectionUses, `${connection} ${client}`);
  },
  async 'connections.applications.remove'(call) {
    const { connection, client } = call.params;
    if (!(await removeConnectionApplication(call.run, connection, client))) throw unknown('application of this connection', client);
    await call.record({ type: 'connection.application_removed', target: client, details: { connection } });
    return undefined;
  },
};

async function setDisabled(call: Changing, id: string, disabled: boolean): Promise<Row> {
  if (await setConnectionDisabled(call.run, id, disabled))
    await call.record({ type: disabled ? 'connection.disabled' : 'connection.enabled', target: id });
  else call.unchanged();
  return shownConnection(call, id);
}

async function shownConnection(call: Pick<Call, 'run' | 'reach' | 'desk'>, id: string): Promise<Row> {
  return withRedirect(call, await shown(call, connections, id));
}

const withRedirect = ({ desk }: Pick<Call, 'desk'>, row: Row): Row => ({
  ...row,
  redirectUri: `${desk.issuer}/connections/${String(row.id)}/callback`,
});
