import type { Handlers } from '../call.ts';
import { connectedAccounts, connections } from '../lists.ts';
import { unknown } from '../problem.ts';
import type { vaultRoutes } from '../routes/vault.ts';
import { page, shown } from './shown.ts';

export const vaultHandlers: Handlers<typeof vaultRoutes> = {
  'connected-accounts.list': (call) => page(call, connectedAccounts),
  'connected-accounts.show': (call) => shown(call, connectedAccounts, call.params.connectedAccount),
  async 'connected-accounts.disconnect'(call) {
    const id = call.params.connectedAccount;
    const { user } = await shown(call, connectedAccounts, id);
    const done = await call.desk.vault.disconnect(id, { userId: String(user), by: call.by });
    // The person was faster.
    if (done === undefined) throw unknown(connectedAccounts.noun, id);
    return { id, revocation: done.revoked, reason: done.reason ?? null };
  },
  'vault.status': async ({ desk }) => ({ items: await desk.vault.status(), next: null }),
  'vault.rotate': async ({ desk, by }) => ({ ...(await desk.vault.rotate(by)) }),
  async 'vault.panic'(call) {
    const { connection } = call.params;
    await shown(call, connections, connection);
    return { ...(await call.desk.vault.panic(connection, call.by)) };
  },
};
