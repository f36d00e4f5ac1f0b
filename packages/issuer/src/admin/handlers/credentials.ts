import { type ApplicationKey, addKey, listKeys, removeKey } from '../../orgs/keys.ts';
import { type ApplicationSecret, addSecret, listSecrets, removeSecret } from '../../orgs/secrets.ts';
import type { Row, Run, Statement } from '../../store/database.ts';
import type { Handlers } from '../call.ts';
import { unknown } from '../problem.ts';
import type { credentialRoutes } from '../routes/credentials.ts';
import { refuseWider, type Use } from './resources.ts';

const USE: Statement = { name: 'use of client', text: 'select resources, scopes from issuer.application where id = $1' };

export const credentialHandlers: Handlers<typeof credentialRoutes> = {
  'secrets.list': async ({ run, params }) => all((await listSecrets(run, params.client)).map(secretRow)),
  async 'secrets.add'(call) {
    const { client } = call.params;
    refuseWider(call, await useOf(call.run, client));
    const { secret, ...added } = await addSecret(call.run, client, { expiresAt: instant(call.body.expiresAt) });
    await call.record({ type: 'secret.added', target: client, details: { secret: added.id } });
    return { ...secretRow(added), secret: secret.reveal() };
  },
  async 'secrets.remove'(call) {
    const { client, secret } = call.params;
    if (!(await removeSecret(call.run, client, secret))) throw unknown('secret', secret);
    await call.record({ type: 'secret.removed', target: client, details: { secret } });
    return undefined;
  },
  'client-keys.list': async ({ run, params }) => all((await listKeys(run, params.client)).map(keyRow)),
  async 'client-keys.add'(call) {
    const { client } = call.params;
    refuseWider(call, await useOf(call.run, client));
    const key = await addKey(call.run, client, { jwk: call.body.publicKey, expiresAt: instant(call.body.expiresAt) });
    await call.record({ type: 'key.added', target: client, details: { key: key.id } });
    return keyRow(key);
  },
  async 'client-keys.remove'(call) {
    const { client, key } = call.params;
    if (!(await removeKey(call.run, client, key))) throw unknown('key', key);
    await call.record({ type: 'key.removed', target: client, details: { key } });
    return undefined;
  },
};

/** Whoever adds a secret can get tokens with the scopes of its program. */
async function useOf(run: Run, client: string): Promise<Use> {
  const [row] = await run<{ resources: string[]; scopes: string[] }>(USE, [client]);
  return row ?? { resources: [], scopes: [] };
}

const all = (items: readonly Row[]) => ({ items, next: null });
const instant = (time: string | undefined): Date | undefined => (time === undefined ? undefined : new Date(time));
const written = (time: Date | undefined): string | null => time?.toISOString() ?? null;

function secretRow({ id, createdAt, expiresAt }: ApplicationSecret): Row {
  return { id, createdAt: written(createdAt), expiresAt: written(expiresAt) };
}

function keyRow({ id, jwk, createdAt, expiresAt }: ApplicationKey): Row {
  return { id, publicKey: jwk, createdAt: written(createdAt), expiresAt: written(expiresAt) };
}
