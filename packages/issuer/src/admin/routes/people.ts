import { z } from 'zod';
import { claimsSchema, metadataSchema, subjectsSchema } from '../../configuration/person-schema.ts';
import { route } from './route.ts';
import { id, listOf, listQuery, name, newId, nothing, organizationId, SECRET, shownText, state, time } from './schemas.ts';

const person = z
  .object({
    id: shownText,
    organization: shownText,
    email: z.string().nullable(),
    emailVerified: z.boolean(),
    name: z.string().nullable(),
    givenName: z.string().nullable(),
    familyName: z.string().nullable(),
    locale: z.string().nullable(),
    claims: z.record(z.string(), z.unknown()),
    metadata: z.record(z.string(), z.string()),
    subjects: z.record(z.string(), z.string()),
    state,
    createdAt: time,
  })
  .meta({ id: 'Person' });
const params = z.strictObject({ person: id.describe('Id of the person: `sub` in tokens.') });
const email = z.email('must be an e-mail address').max(254);
const password = z.string().max(1000).meta(SECRET).describe('At least 15 characters, and none that many people use.');
const locale = z.string().max(35).describe('BCP 47 tag, such as en-GB.');
const facts = {
  email: email.optional().describe('What the person signs in with.'),
  emailVerified: z.boolean().optional(),
  name: name.optional(),
  givenName: name.optional(),
  familyName: name.optional(),
  locale: locale.optional(),
  claims: claimsSchema.optional(),
  metadata: metadataSchema.optional(),
  subjects: subjectsSchema.optional(),
};
const example = {
  id: 'usr_ada',
  organization: 'acme',
  email: 'ada@acme.example',
  emailVerified: false,
  name: 'Ada Brandt',
  givenName: null,
  familyName: null,
  locale: null,
  claims: { preferred_username: 'ada', zoneinfo: 'Europe/London' },
  metadata: {},
  subjects: {},
  state: 'active',
  createdAt: '2026-11-22T12:00:00.000Z',
};
const oneOf = { permission: 'users:write', access: 'administrators', tenant: ['person'], params, query: nothing } as const;

export const peopleRoutes = {
  'people.list': route({
    id: 'people.list',
    command: ['people', 'list'],
    method: 'GET',
    path: '/people',
    summary: 'List people',
    permission: 'users:read',
    access: 'administrators',
    tenant: 'list',
    params: nothing,
    query: listQuery(['id', '-id', 'email', '-email', 'name', '-name', 'createdAt', '-createdAt'], {
      organization: organizationId.optional(),
      email: email.optional().describe('Only the person with this e-mail, whatever its letter case.'),
      state: state.optional(),
    }),
    status: 200,
    answer: listOf(person),
    example: { answer: { items: [example], next: null } },
  }),
  'people.create': route({
    id: 'people.create',
    command: ['people', 'create'],
    method: 'POST',
    path: '/people',
    summary: 'Create a person',
    description: 'Without a password the person cannot sign in until one is set.',
    permission: 'users:write',
    access: 'administrators',
    tenant: ['organization'],
    params: nothing,
    query: nothing,
    body: z.strictObject({ organization: organizationId, ...facts, email, password: password.optional(), id: newId }),
    status: 201,
    answer: person,
    example: { body: { organization: 'acme', email: 'ada@acme.example', name: 'Ada Brandt', id: 'usr_ada' }, answer: example },
  }),
  'people.show': route({
    ...oneOf,
    id: 'people.show',
    command: ['people', 'show'],
    method: 'GET',
    path: '/people/{person}',
    summary: 'Show a person',
    permission: 'users:read',
    status: 200,
    answer: person,
    example: { answer: example },
  }),
  'people.change': route({
    ...oneOf,
    id: 'people.change',
    command: ['people', 'change'],
    method: 'PATCH',
    path: '/people/{person}',
    summary: 'Change what is known of a person',
    description:
      'What is left out stays as it is; `claims`, `metadata` and `subjects` each replace all of the one before. A new e-mail counts as not verified unless you say so. Only an issuer-admin may say `subjects`.',
    body: z.strictObject(facts),
    status: 200,
    answer: person,
    example: { body: { name: 'Ada B. Brandt' }, answer: { ...example, name: 'Ada B. Brandt' } },
  }),
  'people.disable': route({
    ...oneOf,
    id: 'people.disable',
    command: ['people', 'disable'],
    method: 'POST',
    path: '/people/{person}/disable',
    summary: 'Disable a person',
    description: 'Ends the sessions, grants and tokens of the person at once.',
    status: 200,
    answer: person,
    example: { answer: { ...example, state: 'disabled' } },
  }),
  'people.enable': route({
    ...oneOf,
    id: 'people.enable',
    command: ['people', 'enable'],
    method: 'POST',
    path: '/people/{person}/enable',
    summary: 'Enable a person again',
    description: 'Sessions and tokens that were ended stay ended.',
    status: 200,
    answer: person,
    example: { answer: example },
  }),
  'people.set-password': route({
    ...oneOf,
    id: 'people.set-password',
    command: ['people', 'set-password'],
    method: 'PUT',
    path: '/people/{person}/password',
    summary: "Set a person's password",
    description: 'Ends the sessions and sign-ins that the old one began.',
    body: z.strictObject({ password }),
    status: 204,
  }),
} as const;
