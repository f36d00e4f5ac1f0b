import { z } from 'zod';
import { route } from './route.ts';
import { clientId, id, kid, listOf, nothing, publicKey, SECRET, time } from './schemas.ts';

const secret = z.object({ id: z.string(), createdAt: time, expiresAt: time.nullable() }).meta({ id: 'ClientSecret' });
const newSecret = secret
  .extend({ secret: z.string().meta(SECRET).describe('The secret. It is shown this once.') })
  .meta({ id: 'NewClientSecret' });
const key = z
  .object({
    id: z.string().describe('`kid` of the key.'),
    publicKey: z.record(z.string(), z.unknown()),
    createdAt: time,
    expiresAt: time.nullable(),
  })
  .meta({ id: 'ClientKey' });
const expiresAt = time.optional().describe('When it stops working. Left out: it works until it is removed.');
const params = z.strictObject({ client: clientId.describe('client_id: the id of an application, API or service user.') });
const oneOf = { permission: 'credentials:write', access: 'administrators', tenant: ['client'], params, query: nothing } as const;
const secretExample = { id: 'sec_1', createdAt: '2026-11-22T12:00:00.000Z', expiresAt: null };
const keyExample = {
  id: '2026-11',
  publicKey: {
    kty: 'EC',
    crv: 'P-256',
    kid: '2026-11',
    x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
    y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
  },
  createdAt: '2026-11-22T12:00:00.000Z',
  expiresAt: null,
};

export const credentialRoutes = {
  'secrets.list': route({
    ...oneOf,
    id: 'secrets.list',
    command: ['secrets', 'list'],
    method: 'GET',
    path: '/clients/{client}/secrets',
    summary: 'List the secrets of an application, API or service user, without their values',
    permission: 'credentials:read',
    status: 200,
    answer: listOf(secret),
    example: { answer: { items: [secretExample], next: null } },
  }),
  'secrets.add': route({
    ...oneOf,
    id: 'secrets.add',
    command: ['secrets', 'add'],
    method: 'POST',
    path: '/clients/{client}/secrets',
    summary: 'Add a secret to an application, API or service user',
    description: 'The secret is in this answer and nowhere else. Two may live at once, so that one can be replaced without an outage.',
    body: z.strictObject({ expiresAt }),
    status: 201,
    answer: newSecret,
    example: { body: {}, answer: { ...secretExample, secret: 'sc_sk_…' } },
  }),
  'secrets.remove': route({
    ...oneOf,
    id: 'secrets.remove',
    command: ['secrets', 'remove'],
    method: 'DELETE',
    path: '/clients/{client}/secrets/{secret}',
    summary: 'Remove a secret of an application, API or service user',
    params: params.extend({ secret: id.describe('Id of the secret.') }),
    status: 204,
  }),
  'client-keys.list': route({
    ...oneOf,
    id: 'client-keys.list',
    command: ['client-keys', 'list'],
    method: 'GET',
    path: '/clients/{client}/keys',
    summary: 'List the public keys of an application, API or service user',
    permission: 'credentials:read',
    status: 200,
    answer: listOf(key),
    example: { answer: { items: [keyExample], next: null } },
  }),
  'client-keys.add': route({
    ...oneOf,
    id: 'client-keys.add',
    command: ['client-keys', 'add'],
    method: 'POST',
    path: '/clients/{client}/keys',
    summary: 'Add a public key to a program that proves itself by private_key_jwt',
    description: 'Two may live at once, so that one can be replaced without an outage.',
    body: z.strictObject({ publicKey, expiresAt }),
    status: 201,
    answer: key,
    example: { body: { publicKey: keyExample.publicKey }, answer: keyExample },
  }),
  'client-keys.remove': route({
    ...oneOf,
    id: 'client-keys.remove',
    command: ['client-keys', 'remove'],
    method: 'DELETE',
    path: '/clients/{client}/keys/{key}',
    summary: 'Remove a public key of an application, API or service user',
    params: params.extend({ key: kid.describe('Id of the key.') }),
    status: 204,
  }),
} as const;
