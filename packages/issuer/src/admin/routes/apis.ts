import { z } from 'zod';
import { route } from './route.ts';
import {
  authMethod,
  clientId,
  dialects,
  listOf,
  listQuery,
  name,
  newClientId,
  nothing,
  organizationId,
  projectId,
  publicKeys,
  scope,
  shownSecret,
  shownText,
  state,
  time,
  url,
} from './schemas.ts';

const scopes = z.record(scope, name).describe('The scopes it knows, each with the sentence that people read when they consent.');
const api = z
  .object({
    id: shownText.describe('client_id, with which it introspects.'),
    organization: shownText,
    project: shownText,
    name: shownText,
    resource: z.string(),
    scopes: z.record(z.string(), z.string()),
    tokenFormat: z.enum(['jwt', 'opaque']),
    tokenLifetime: z.int(),
    tokenVersion: z.int(),
    dialects: z.array(z.string()),
    resources: z.array(z.string()),
    defaultResource: z.string().nullable(),
    authMethod,
    state,
    createdAt: time,
  })
  .meta({ id: 'Api' });
const newApi = api.extend({ secret: shownSecret }).meta({ id: 'NewApi' });
const params = z.strictObject({ api: clientId.describe('client_id of the API.') });
const settings = {
  tokenFormat: z
    .enum(['jwt', 'opaque'])
    .optional()
    .describe('`jwt` is verified by the API itself, `opaque` by asking the issuer. Default jwt.'),
  tokenLifetime: z.int().min(30).max(3600).optional().describe('Seconds that a token lives. Default 600.'),
  tokenVersion: z.int().min(1).max(2).optional().describe('Which form of token it wants, where a dialect has several: 1 or 2. Default 2.'),
  dialects: dialects.optional(),
  resources: z
    .array(url)
    .max(50)
    .optional()
    .describe('Resource indicators of other APIs that it calls as the person who called it, in dialects that have this.'),
  defaultResource: url.optional().describe('The one of these that is meant when it names none.'),
};
const example = {
  id: 'messages-api',
  organization: 'acme',
  project: 'messages',
  name: 'Messages API',
  resource: 'https://api.acme.example',
  scopes: { 'messages:read': 'Read your messages' },
  tokenFormat: 'jwt',
  tokenLifetime: 600,
  tokenVersion: 2,
  dialects: ['standard'],
  resources: [],
  defaultResource: null,
  authMethod: 'client_secret_basic',
  state: 'active',
  createdAt: '2026-11-22T12:00:00.000Z',
};
const oneOf = { permission: 'applications:write', access: 'administrators', tenant: ['api'], params, query: nothing } as const;

export const apiRoutes = {
  'apis.list': route({
    id: 'apis.list',
    command: ['apis', 'list'],
    method: 'GET',
    path: '/apis',
    summary: 'List APIs',
    permission: 'applications:read',
    access: 'administrators',
    tenant: 'list',
    params: nothing,
    query: listQuery(['id', '-id', 'name', '-name', 'createdAt', '-createdAt'], {
      organization: organizationId.optional(),
      project: projectId.optional(),
      state: state.optional(),
    }),
    status: 200,
    answer: listOf(api),
    example: { answer: { items: [example], next: null } },
  }),
  'apis.create': route({
    id: 'apis.create',
    command: ['apis', 'create'],
    method: 'POST',
    path: '/apis',
    summary: 'Create an API that access tokens are for',
    description: 'The same checks as in the configuration file. It gets a secret to introspect with, unless authMethod says otherwise.',
    permission: 'applications:write',
    access: 'administrators',
    tenant: ['project'],
    params: nothing,
    query: nothing,
    body: z.strictObject({
      project: projectId,
      name,
      resource: url.describe(
        'Its resource indicator (RFC 8707): an absolute URL without fragment. It is the `aud` of its tokens, for good.',
      ),
      scopes: scopes.optional(),
      ...settings,
      authMethod: authMethod.optional().describe('How it proves itself when it introspects. Default client_secret_basic.'),
      publicKeys,
      id: newClientId,
    }),
    status: 201,
    answer: newApi,
    example: {
      body: {
        project: 'messages',
        name: 'Messages API',
        resource: 'https://api.acme.example',
        scopes: { 'messages:read': 'Read your messages' },
        id: 'messages-api',
      },
      answer: { ...example, secret: 'sc_sk_…' },
    },
  }),
  'apis.show': route({
    ...oneOf,
    id: 'apis.show',
    command: ['apis', 'show'],
    method: 'GET',
    path: '/apis/{api}',
    summary: 'Show an API',
    permission: 'applications:read',
    status: 200,
    answer: api,
    example: { answer: example },
  }),
  'apis.change': route({
    ...oneOf,
    id: 'apis.change',
    command: ['apis', 'change'],
    method: 'PATCH',
    path: '/apis/{api}',
    summary: 'Change an API',
    description: 'What is left out stays as it is. `scopes` replaces all of them.',
    body: z.strictObject({ name: name.optional(), scopes: scopes.optional(), ...settings }),
    status: 200,
    answer: api,
    example: { body: { tokenLifetime: 300 }, answer: { ...example, tokenLifetime: 300 } },
  }),
  'apis.disable': route({
    ...oneOf,
    id: 'apis.disable',
    command: ['apis', 'disable'],
    method: 'POST',
    path: '/apis/{api}/disable',
    summary: 'Disable an API',
    description: 'No token is issued for it, and it cannot introspect, until it is enabled again.',
    status: 200,
    answer: api,
    example: { answer: { ...example, state: 'disabled' } },
  }),
  'apis.enable': route({
    ...oneOf,
    id: 'apis.enable',
    command: ['apis', 'enable'],
    method: 'POST',
    path: '/apis/{api}/enable',
    summary: 'Enable an API again',
    status: 200,
    answer: api,
    example: { answer: example },
  }),
} as const;
