import { z } from 'zod';
import { route } from './route.ts';
import { id, listOf, listQuery, nothing, organizationId, shownText, time, userId } from './schemas.ts';

const state = z.enum(['active', 'reconnect']);
const account = z
  .object({
    id: shownText,
    organization: shownText,
    user: shownText,
    connection: shownText,
    account: z.string().describe('Who the person is at the third party.'),
    accountName: z.string().nullable(),
    scopes: z.array(z.string()).describe('As the third party granted them.'),
    state: state.describe('`reconnect`: it works again when the person connects it again.'),
    reason: z.string().nullable().describe('Why it has to be connected again.'),
    applications: z.array(z.string()).describe('client_ids that the person allowed to use it.'),
    connectedAt: time,
    expiresAt: time.nullable().describe('When the access token ends that is in the vault now.'),
  })
  .meta({ id: 'ConnectedAccount' });
const example = {
  id: 'cac_8Zk2',
  organization: 'acme',
  user: 'usr_ada',
  connection: 'calendar',
  account: '7f3c',
  accountName: 'ada@calendar.example',
  scopes: ['calendar.read'],
  state: 'active',
  reason: null,
  applications: ['mail-web'],
  connectedAt: '2026-11-22T12:00:00.000Z',
  expiresAt: '2026-11-22T13:00:00.000Z',
};
const accountParams = z.strictObject({ connectedAccount: id.describe('Id of the connected account.') });
const revocation = z.enum(['revoked', 'unsupported', 'failed']);
const disconnected = z
  .object({
    id: shownText,
    revocation: revocation.describe(
      '`unsupported`: the third party has no way to. `failed`: it was not told; the account is gone here all the same.',
    ),
    reason: z.string().nullable(),
  })
  .meta({ id: 'Disconnected' });
const group = z
  .object({
    connection: shownText,
    active: z.int(),
    reconnect: z.int().describe('Accounts that people must connect again.'),
    keys: z.int().describe('Data keys.'),
    stale: z.int().describe('Accounts and data keys that are still sealed with an older key.'),
  })
  .meta({ id: 'VaultConnection' });
const panic = z
  .object({
    accounts: z.int(),
    revoked: z.int(),
    unsupported: z.int().describe('The third party has no way to revoke.'),
    failed: z.array(z.object({ id: shownText, reason: z.string() })).describe('What could not be revoked: run it again.'),
  })
  .meta({ id: 'Panic' });

export const vaultRoutes = {
  'connected-accounts.list': route({
    id: 'connected-accounts.list',
    command: ['connected-accounts', 'list'],
    method: 'GET',
    path: '/connected-accounts',
    summary: 'List the accounts that people have connected, without their tokens',
    permission: 'connections:read',
    access: 'administrators',
    tenant: 'list',
    params: nothing,
    query: listQuery(['connectedAt', '-connectedAt', 'user', '-user'], {
      organization: organizationId.optional(),
      user: userId.optional(),
      connection: id.optional().describe('Id of the connection.'),
      state: state.optional(),
    }),
    status: 200,
    answer: listOf(account),
    example: { answer: { items: [example], next: null } },
  }),
  'connected-accounts.show': route({
    id: 'connected-accounts.show',
    command: ['connected-accounts', 'show'],
    method: 'GET',
    path: '/connected-accounts/{connectedAccount}',
    summary: 'Show a connected account, without its tokens',
    permission: 'connections:read',
    access: 'administrators',
    tenant: ['connectedAccount'],
    params: accountParams,
    query: nothing,
    status: 200,
    answer: account,
    example: { answer: example },
  }),
  'connected-accounts.disconnect': route({
    id: 'connected-accounts.disconnect',
    command: ['connected-accounts', 'disconnect'],
    method: 'DELETE',
    path: '/connected-accounts/{connectedAccount}',
    summary: 'Disconnect an account',
    description: 'Revokes its tokens at the third party and removes it here, also when the third party could not be told.',
    permission: 'connections:write',
    access: 'administrators',
    tenant: ['connectedAccount'],
    steps: 'several',
    params: accountParams,
    query: nothing,
    status: 200,
    answer: disconnected,
    example: { answer: { id: 'cac_8Zk2', revocation: 'revoked', reason: null } },
  }),
  'vault.status': route({
    id: 'vault.status',
    command: ['vault', 'status'],
    method: 'GET',
    path: '/vault',
    summary: 'Show how many accounts the vault holds, and which keys seal them',
    permission: 'vault:read',
    access: 'administrators',
    tenant: 'issuer',
    params: nothing,
    query: nothing,
    steps: 'several',
    status: 200,
    answer: listOf(group),
    example: { answer: { items: [{ connection: 'calendar', active: 12, reconnect: 1, keys: 1, stale: 0 }], next: null } },
  }),
  'vault.rotate': route({
    id: 'vault.rotate',
    command: ['vault', 'rotate'],
    method: 'POST',
    path: '/vault/rotate',
    summary: 'Change the data keys of the vault',
    description:
      'New data keys seal from now on. What the old ones sealed is sealed again in the background; `vault status` shows what is left.',
    permission: 'vault:write',
    access: 'administrators',
    tenant: 'issuer',
    params: nothing,
    query: nothing,
    steps: 'several',
    status: 200,
    answer: z.object({ keys: z.int().describe('Data keys that were replaced.') }),
    example: { answer: { keys: 3 } },
  }),
  'vault.panic': route({
    id: 'vault.panic',
    command: ['vault', 'panic'],
    method: 'POST',
    path: '/vault/panic/{connection}',
    summary: 'Stop all accounts of a connection, here and at the third party',
    description:
      'No token leaves the vault from the first moment on. Says what could not be revoked; running it again tries those again. People have to connect again.',
    permission: 'vault:write',
    access: 'administrators',
    tenant: 'issuer',
    params: z.strictObject({ connection: id.describe('Id of the connection.') }),
    query: nothing,
    steps: 'several',
    undone: 'failed',
    status: 200,
    answer: panic,
    example: { answer: { accounts: 12, revoked: 11, unsupported: 0, failed: [{ id: 'cac_8Zk2', reason: 'no answer in time' }] } },
  }),
} as const;
