import { z } from 'zod';
import { route } from './route.ts';
import { clientId, id, listOf, listQuery, name, nothing, organizationId, SECRET, scope, shownText, state, time, url } from './schemas.ts';

const preset = z.enum(['oidc', 'oauth2', 'google', 'github', 'microsoft', 'slack']);
const method = z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const proxy = z.strictObject({ baseUrl: url, methods: z.array(method), paths: z.array(z.string().max(500)).max(100) });
const endpoints = z.strictObject({
  authorization: url.optional(),
  token: url.optional(),
  revocation: url.optional(),
  userinfo: url.optional(),
});
const connection = z
  .object({
    id: shownText.describe('The name that programs send.'),
    organization: shownText,
    name: shownText,
    preset: shownText,
    clientId: z.string(),
    hasSecret: z.boolean(),
    redirectUri: z.string().describe('Register this at the third party.'),
    issuer: z.string().nullable(),
    endpoints: z.record(z.string(), z.string()),
    authMethod: z.string().nullable().describe('null, here and in scopes and refreshRetry: what the preset says.'),
    scopes: z.array(z.string()).nullable(),
    signIn: z.boolean(),
    signUp: z.boolean(),
    accounts: z.boolean(),
    authorizationParams: z.record(z.string(), z.string()),
    publicClients: z.boolean(),
    refreshRetry: z.string().nullable(),
    proxy: z.object({ baseUrl: z.string(), methods: z.array(z.string()), paths: z.array(z.string()) }).nullable(),
    state,
    createdAt: time,
  })
  .meta({ id: 'Connection' });
const use = z
  .object({
    application: shownText.describe('client_id.'),
    name: shownText,
    kind: z.string(),
    scopes: z.array(z.string()).nullable().describe('The most it may ask for. null: whatever the person allows.'),
    tokens: z.boolean().describe('false: it goes through the proxy and never gets a token.'),
  })
  .meta({ id: 'ConnectionUse' });

const connectionId = id.describe('Id of the connection.');
const params = z.strictObject({ connection: connectionId });
const clientParams = params.extend({ client: clientId.describe('client_id of the application or API.') });
const secret = z.string().min(1, 'must not be empty').max(4096).meta(SECRET).describe('The client secret that the third party gave.');
const settings = {
  issuer: url.nullable().optional().describe('For oidc: `iss` of the third party, exactly.'),
  endpoints: endpoints.optional().describe('For oauth2: authorization, token and userinfo. For oidc: what is not discovered.'),
  authMethod: z
    .enum(['client_secret_basic', 'client_secret_post', 'none'])
    .nullable()
    .optional()
    .describe('How this issuer proves itself there. Default: what the preset says.'),
  scopes: z.array(scope).max(100).nullable().optional().describe('Always asked for. Default: what the preset says.'),
  signIn: z.boolean().optional().describe('People may sign in through it. Only an issuer-admin may say so. Default: false.'),
  signUp: z.boolean().optional().describe('Somebody unknown who signs in through it becomes a new user. Default: false.'),
  accounts: z
    .boolean()
    .optional()
    .describe('People may connect their account there, for applications to use. Default: true, unless people sign in through it.'),
  authorizationParams: z.record(z.string().max(100), z.string().max(500)).optional().describe('Added to every authorization request.'),
  publicClients: z.boolean().optional().describe('Applications that cannot prove themselves may use what people connect. Default: false.'),
  refreshRetry: z
    .enum(['never', 'safe'])
    .nullable()
    .optional()
    .describe('`safe` only where the third party takes the same refresh token twice. Default: what the preset says.'),
  proxy: proxy.nullable().optional().describe('What the proxy passes on. Default: nothing.'),
};
const example = {
  id: 'calendar',
  organization: 'acme',
  name: 'Acme Calendar',
  preset: 'oidc',
  clientId: 'safeconduct',
  hasSecret: true,
  redirectUri: 'https://login.example/connections/calendar/callback',
  issuer: 'https://calendar.example',
  endpoints: {},
  authMethod: null,
  scopes: ['openid', 'offline_access', 'calendar.read'],
  signIn: false,
  signUp: false,
  accounts: true,
  authorizationParams: {},
  publicClients: false,
  refreshRetry: null,
  proxy: null,
  state: 'active',
  createdAt: '2026-11-22T12:00:00.000Z',
};
const useExample = { application: 'mail-web', name: 'Mail', kind: 'web', scopes: null, tokens: true };
const oneOf = { permission: 'connections:write', access: 'administrators', tenant: ['connection'], params, query: nothing } as const;

export const connectionRoutes = {
  'connections.list': route({
    id: 'connections.list',
    command: ['connections', 'list'],
    method: 'GET',
    path: '/connections',
    summary: 'List connections to third parties',
    permission: 'connections:read',
    access: 'administrators',
    tenant: 'list',
    params: nothing,
    query: listQuery(['id', '-id', 'name', '-name', 'createdAt', '-createdAt'], {
      organization: organizationId.optional(),
      preset: preset.optional(),
      state: state.optional(),
    }),
    status: 200,
    answer: listOf(connection),
    example: { answer: { items: [example], next: null } },
  }),
  'connections.create': route({
    id: 'connections.create',
    command: ['connections', 'create'],
    method: 'POST',
    path: '/connections',
    summary: 'Create a connection to a third party',
    description:
      'The same checks as in the configuration file. Register its redirectUri at the third party, and list the applications that may use it.',
    permission: 'connections:write',
    access: 'administrators',
    tenant: ['organization'],
    params: nothing,
    query: nothing,
    body: z.strictObject({
      organization: organizationId,
      id: id.describe('The name that programs send, for good.'),
      name,
      preset: preset.describe('`oidc` for any OpenID Connect provider, `oauth2` for any OAuth 2.0 server.'),
      clientId: z.string().max(255).describe('client_id that the third party gave.'),
      secret: secret.optional(),
      ...settings,
    }),
    status: 201,
    answer: connection,
    example: {
      body: {
        organization: 'acme',
        id: 'calendar',
        name: 'Acme Calendar',
        preset: 'oidc',
        clientId: 'safeconduct',
        secret: 'the secret from the third party',
        issuer: 'https://calendar.example',
        scopes: ['openid', 'offline_access', 'calendar.read'],
      },
      answer: example,
    },
  }),
  'connections.show': route({
    ...oneOf,
    id: 'connections.show',
    command: ['connections', 'show'],
    method: 'GET',
    path: '/connections/{connection}',
    summary: 'Show a connection',
    permission: 'connections:read',
    status: 200,
    answer: connection,
    example: { answer: example },
  }),
  'connections.change': route({
    ...oneOf,
    id: 'connections.change',
    command: ['connections', 'change'],
    method: 'PATCH',
    path: '/connections/{connection}',
    summary: 'Change a connection',
    description:
      'What is left out stays as it is; null leaves it to the preset again, or takes the proxy away. Running issuers follow within five seconds. Where tokens are sent can only be changed by an issuer-admin once people have connected accounts.',
    body: z.strictObject({ name: name.optional(), clientId: z.string().max(255).optional(), ...settings }),
    status: 200,
    answer: connection,
    example: { body: { name: 'Calendar' }, answer: { ...example, name: 'Calendar' } },
  }),
  'connections.set-secret': route({
    ...oneOf,
    id: 'connections.set-secret',
    command: ['connections', 'set-secret'],
    method: 'PUT',
    path: '/connections/{connection}/secret',
    summary: 'Set the client secret of a connection',
    description: 'It is stored sealed and never shown again. Running issuers follow within five seconds.',
    body: z.strictObject({ secret }),
    status: 204,
  }),
  'connections.disable': route({
    ...oneOf,
    id: 'connections.disable',
    command: ['connections', 'disable'],
    method: 'POST',
    path: '/connections/{connection}/disable',
    summary: 'Disable a connection',
    description:
      'Within five seconds nobody signs in or connects through it and no application gets a token from it. What people connected is kept.',
    status: 200,
    answer: connection,
    example: { answer: { ...example, state: 'disabled' } },
  }),
  'connections.enable': route({
    ...oneOf,
    id: 'connections.enable',
    command: ['connections', 'enable'],
    method: 'POST',
    path: '/connections/{connection}/enable',
    summary: 'Enable a connection again',
    status: 200,
    answer: connection,
    example: { answer: example },
  }),
  'connections.delete': route({
    ...oneOf,
    id: 'connections.delete',
    command: ['connections', 'delete'],
    method: 'DELETE',
    path: '/connections/{connection}',
    summary: 'Delete a connection that nobody uses',
    description: 'Refused while people have connected an account or sign in through it.',
    status: 204,
  }),
  'connections.applications.list': route({
    ...oneOf,
    id: 'connections.applications.list',
    command: ['connections', 'applications', 'list'],
    method: 'GET',
    path: '/connections/{connection}/applications',
    summary: 'List the applications that may use a connection',
    permission: 'connections:read',
    query: listQuery(['application', '-application', 'name', '-name'], {}),
    status: 200,
    answer: listOf(use),
    example: { answer: { items: [useExample], next: null } },
  }),
  'connections.applications.set': route({
    ...oneOf,
    id: 'connections.applications.set',
    command: ['connections', 'applications', 'set'],
    method: 'PUT',
    path: '/connections/{connection}/applications/{client}',
    summary: 'Let an application use a connection',
    description:
      'It gets nothing before a person allows it. Setting it again replaces what was set; running issuers follow within five seconds.',
    tenant: ['client', 'connection'],
    params: clientParams,
    body: z.strictObject({
      scopes: z.array(scope).min(1).max(100).optional().describe('The most it may ask for. Left out: whatever the person allows.'),
      tokens: z.boolean().optional().describe('false: it goes through the proxy and never gets a token. Default: true.'),
    }),
    status: 200,
    answer: use,
    example: { body: { scopes: ['calendar.read'] }, answer: { ...useExample, scopes: ['calendar.read'] } },
  }),
  'connections.applications.remove': route({
    ...oneOf,
    id: 'connections.applications.remove',
    command: ['connections', 'applications', 'remove'],
    method: 'DELETE',
    path: '/connections/{connection}/applications/{client}',
    summary: 'Take a connection away from an application',
    description:
      'What people allowed it is removed with it. It gets no more tokens at once; those that it has live as long as the third party says.',
    tenant: ['connection'],
    params: clientParams,
    status: 204,
  }),
} as const;
