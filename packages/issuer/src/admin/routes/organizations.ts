import { z } from 'zod';
import { domainSchema } from '../../configuration/person-schema.ts';
import { route } from './route.ts';
import { listOf, listQuery, name, newId, nothing, organizationId, shownText, time } from './schemas.ts';

const organization = z
  .object({ id: shownText, name: shownText, domain: z.string().nullable(), createdAt: time })
  .meta({ id: 'Organization' });
const params = z.strictObject({ organization: organizationId });
const example = { id: 'acme', name: 'Acme Ltd', domain: 'acme.example', createdAt: '2026-11-22T12:00:00.000Z' };

export const organizationRoutes = {
  'organizations.list': route({
    id: 'organizations.list',
    command: ['organizations', 'list'],
    method: 'GET',
    path: '/organizations',
    summary: 'List organizations',
    permission: 'organizations:read',
    access: 'administrators',
    tenant: 'list',
    params: nothing,
    query: listQuery(['id', '-id', 'name', '-name', 'createdAt', '-createdAt'], {}),
    status: 200,
    answer: listOf(organization),
    example: { answer: { items: [example], next: null } },
  }),
  'organizations.create': route({
    id: 'organizations.create',
    command: ['organizations', 'create'],
    method: 'POST',
    path: '/organizations',
    summary: 'Create an organization',
    permission: 'organizations:write',
    access: 'administrators',
    tenant: 'issuer',
    params: nothing,
    query: nothing,
    body: z.strictObject({ name, domain: domainSchema.optional(), id: newId }),
    status: 201,
    answer: organization,
    example: { body: { name: 'Acme Ltd', domain: 'acme.example', id: 'acme' }, answer: example },
  }),
  'organizations.show': route({
    id: 'organizations.show',
    command: ['organizations', 'show'],
    method: 'GET',
    path: '/organizations/{organization}',
    summary: 'Show an organization',
    permission: 'organizations:read',
    access: 'administrators',
    tenant: ['organization'],
    params,
    query: nothing,
    status: 200,
    answer: organization,
    example: { answer: example },
  }),
  'organizations.change': route({
    id: 'organizations.change',
    command: ['organizations', 'change'],
    method: 'PATCH',
    path: '/organizations/{organization}',
    summary: 'Change an organization',
    description: 'What is left out stays as it is; null takes the domain away. Only an issuer-admin gives one.',
    permission: 'organizations:write',
    access: 'administrators',
    tenant: ['organization'],
    params,
    query: nothing,
    body: z.strictObject({ name: name.optional(), domain: domainSchema.nullable().optional() }),
    status: 200,
    answer: organization,
    example: { body: { name: 'Acme Limited' }, answer: { ...example, name: 'Acme Limited' } },
  }),
} as const;
