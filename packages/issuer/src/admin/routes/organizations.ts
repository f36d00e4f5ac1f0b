import { z } from 'zod';
import { route } from './route.ts';
import { listOf, listQuery, name, newId, nothing, organizationId, shownText, time } from './schemas.ts';

const organization = z.object({ id: shownText, name: shownText, createdAt: time }).meta({ id: 'Organization' });
const params = z.strictObject({ organization: organizationId });
const example = { id: 'acme', name: 'Acme Ltd', createdAt: '2026-11-22T12:00:00.000Z' };

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
    body: z.strictObject({ name, id: newId }),
    status: 201,
    answer: organization,
    example: { body: { name: 'Acme Ltd', id: 'acme' }, answer: example },
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
    summary: 'Rename an organization',
    permission: 'organizations:write',
    access: 'administrators',
    tenant: ['organization'],
    params,
    query: nothing,
    body: z.strictObject({ name }),
    status: 200,
    answer: organization,
    example: { body: { name: 'Acme Limited' }, answer: { ...example, name: 'Acme Limited' } },
  }),
} as const;
