import { z } from 'zod';
import { leniencies } from '../../configuration/leniencies.ts';
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

const grantType = z.enum([
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'urn:ietf:params:oauth:grant-type:device_code',
  'urn:ietf:params:oauth:grant-type:jwt-bearer',
]);
const kind = z.enum(['web', 'spa', 'native']);
const application = z
  .object({
    id: shownText.describe('client_id.'),
    organization: shownText,
    project: shownText,
    name: shownText,
    kind,
    firstParty: z.boolean(),
    redirectUris: z.array(z.string()),
    postLogoutRedirectUris: z.array(z.string()),
    backchannelLogoutUri: z.string().nullable(),
    grantTypes: z.array(z.string()),
    authMethod,
    scopes: z.array(z.string()),
    resources: z.array(z.string()),
    defaultResource: z.string().nullable(),
    pkceRequired: z.boolean(),
    dialects: z.array(z.string()),
    refuses: z.array(z.string()),
    state,
    createdAt: time,
  })
  .meta({ id: 'Application' });
const newApplication = application.extend({ secret: shownSecret }).meta({ id: 'NewApplication' });
const params = z.strictObject({ application: clientId.describe('client_id of the application.') });
const settings = {
  firstParty: z.boolean().optional().describe('The organization’s own: nobody is asked for consent. Only an issuer-admin may say so.'),
  redirectUris: z.array(url).max(50).optional().describe('Where people are sent back to, as exact strings.'),
  postLogoutRedirectUris: z.array(url).max(50).optional(),
  backchannelLogoutUri: url.optional().describe('Told when a person signs out.'),
  grantTypes: z.array(grantType).min(1).optional().describe('Default: what its kind needs.'),
  scopes: z.array(scope).max(100).optional().describe('Default: openid, profile, email, offline_access, and the scopes of its resources.'),
  resources: z.array(url).max(50).optional().describe('Resource indicators of the APIs it may call.'),
  defaultResource: url
    .optional()
    .describe('The resource that is meant when it names none. Default: its only one, except in dialects where none is meant.'),
  pkceRequired: z.boolean().optional().describe('Only a confidential application can turn it off.'),
  dialects: dialects.optional(),
  refuses: z
    .array(z.enum(leniencies))
    .max(20)
    .optional()
    .describe('What its dialects let through, because a vendor does, and it does without. Default: nothing.'),
};
const example = {
  id: 'mail-web',
  organization: 'acme',
  project: 'messages',
  name: 'Mail',
  kind: 'web',
  firstParty: false,
  redirectUris: ['https://mail.acme.example/callback'],
  postLogoutRedirectUris: [],
  backchannelLogoutUri: null,
  grantTypes: ['authorization_code', 'refresh_token'],
  authMethod: 'client_secret_basic',
  scopes: ['openid', 'profile', 'email', 'offline_access'],
  resources: [],
  defaultResource: null,
  pkceRequired: true,
  dialects: ['standard'],
  refuses: [],
  state: 'active',
  createdAt: '2026-11-22T12:00:00.000Z',
};
const oneOf = { permission: 'applications:write', access: 'administrators', tenant: ['application'], params, query: nothing } as const;

export const applicationRoutes = {
  'applications.list': route({
    id: 'applications.list',
    command: ['applications', 'list'],
    method: 'GET',
    path: '/applications',
    summary: 'List the applications that people sign in to',
    permission: 'applications:read',
    access: 'administrators',
    tenant: 'list',
    params: nothing,
    query: listQuery(['id', '-id', 'name', '-name', 'createdAt', '-createdAt'], {
      organization: organizationId.optional(),
      project: projectId.optional(),
      kind: kind.optional(),
      state: state.optional(),
    }),
    status: 200,
    answer: listOf(application),
    example: { answer: { items: [example], next: null } },
  }),
  'applications.create': route({
    id: 'applications.create',
    command: ['applications', 'create'],
    method: 'POST',
    path: '/applications',
    summary: 'Create an application that people sign in to',
    description:
      'The same checks as in the configuration file. A web application gets a secret, unless it proves itself by private_key_jwt.',
    permission: 'applications:write',
    access: 'administrators',
    tenant: ['project'],
    params: nothing,
    query: nothing,
    body: z.strictObject({
      project: projectId,
      name,
      kind: kind.describe('`web` has a server that keeps a secret, `spa` runs in the browser, `native` on a device.'),
      ...settings,
      authMethod: authMethod.optional().describe('Default: client_secret_basic for web, none for spa and native.'),
      publicKeys,
      id: newClientId,
    }),
    status: 201,
    answer: newApplication,
    example: {
      body: { project: 'messages', name: 'Mail', kind: 'web', redirectUris: ['https://mail.acme.example/callback'], id: 'mail-web' },
      answer: { ...example, secret: 'sc_sk_…' },
    },
  }),
  'applications.show': route({
    ...oneOf,
    id: 'applications.show',
    command: ['applications', 'show'],
    method: 'GET',
    path: '/applications/{application}',
    summary: 'Show an application',
    permission: 'applications:read',
    status: 200,
    answer: application,
    example: { answer: example },
  }),
  'applications.change': route({
    ...oneOf,
    id: 'applications.change',
    command: ['applications', 'change'],
    method: 'PATCH',
    path: '/applications/{application}',
    summary: 'Change an application',
    description: 'What is left out stays as it is. A list replaces the one before.',
    body: z.strictObject({ name: name.optional(), ...settings }),
    status: 200,
    answer: application,
    example: { body: { name: 'Acme Mail' }, answer: { ...example, name: 'Acme Mail' } },
  }),
  'applications.disable': route({
    ...oneOf,
    id: 'applications.disable',
    command: ['applications', 'disable'],
    method: 'POST',
    path: '/applications/{application}/disable',
    summary: 'Disable an application',
    description: 'Nobody can sign in through it, and its tokens do not work, until it is enabled again.',
    status: 200,
    answer: application,
    example: { answer: { ...example, state: 'disabled' } },
  }),
  'applications.enable': route({
    ...oneOf,
    id: 'applications.enable',
    command: ['applications', 'enable'],
    method: 'POST',
    path: '/applications/{application}/enable',
    summary: 'Enable an application again',
    status: 200,
    answer: application,
    example: { answer: example },
  }),
} as const;
