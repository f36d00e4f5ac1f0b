import { z } from 'zod';
import { route } from './route.ts';
import { listOf, listQuery, name, newId, nothing, organizationId, projectId, shownText, time } from './schemas.ts';

const project = z.object({ id: shownText, organization: shownText, name: shownText, createdAt: time }).meta({ id: 'Project' });
const role = z.object({ project: shownText, key: shownText, name: shownText }).meta({ id: 'Role' });
const params = z.strictObject({ project: projectId });
const example = { id: 'messages', organization: 'acme', name: 'Messages', createdAt: '2026-11-22T12:00:00.000Z' };
const roleKey = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}$/, 'must be 1 to 100 letters, digits, "_", "-", ":" or ".", and begin with a letter or digit')
  .describe('What tokens carry, such as read:messages.');
const roleExample = { project: 'messages', key: 'read:messages', name: 'Reads messages' };
const oneOf = { permission: 'projects:write', access: 'administrators', tenant: ['project'], params, query: nothing } as const;

export const projectRoutes = {
  'projects.list': route({
    id: 'projects.list',
    command: ['projects', 'list'],
    method: 'GET',
    path: '/projects',
    summary: 'List projects',
    permission: 'projects:read',
    access: 'administrators',
    tenant: 'list',
    params: nothing,
    query: listQuery(['id', '-id', 'name', '-name', 'createdAt', '-createdAt'], { organization: organizationId.optional() }),
    status: 200,
    answer: listOf(project),
    example: { answer: { items: [example], next: null } },
  }),
  'projects.create': route({
    id: 'projects.create',
    command: ['projects', 'create'],
    method: 'POST',
    path: '/projects',
    summary: 'Create a project',
    description: 'A project holds what belongs together: roles, APIs and the applications that call them.',
    permission: 'projects:write',
    access: 'administrators',
    tenant: ['organization'],
    params: nothing,
    query: nothing,
    body: z.strictObject({ organization: organizationId, name, id: newId }),
    status: 201,
    answer: project,
    example: { body: { organization: 'acme', name: 'Messages', id: 'messages' }, answer: example },
  }),
  'projects.show': route({
    ...oneOf,
    id: 'projects.show',
    command: ['projects', 'show'],
    method: 'GET',
    path: '/projects/{project}',
    summary: 'Show a project',
    permission: 'projects:read',
    status: 200,
    answer: project,
    example: { answer: example },
  }),
  'projects.change': route({
    ...oneOf,
    id: 'projects.change',
    command: ['projects', 'change'],
    method: 'PATCH',
    path: '/projects/{project}',
    summary: 'Rename a project',
    body: z.strictObject({ name }),
    status: 200,
    answer: project,
    example: { body: { name: 'Mail' }, answer: { ...example, name: 'Mail' } },
  }),
  'roles.list': route({
    ...oneOf,
    id: 'roles.list',
    command: ['roles', 'list'],
    method: 'GET',
    path: '/projects/{project}/roles',
    summary: 'List the roles of a project',
    permission: 'projects:read',
    query: listQuery(['key', '-key', 'name', '-name'], {}),
    status: 200,
    answer: listOf(role),
    example: { answer: { items: [roleExample], next: null } },
  }),
  'roles.add': route({
    ...oneOf,
    id: 'roles.add',
    command: ['roles', 'add'],
    method: 'POST',
    path: '/projects/{project}/roles',
    summary: 'Add a role to a project',
    body: z.strictObject({ key: roleKey, name: name.optional().describe('What people read. Left out: the key.') }),
    status: 201,
    answer: role,
    example: { body: { key: 'read:messages', name: 'Reads messages' }, answer: roleExample },
  }),
  'roles.remove': route({
    ...oneOf,
    id: 'roles.remove',
    command: ['roles', 'remove'],
    method: 'DELETE',
    path: '/projects/{project}/roles/{role}',
    summary: 'Remove a role that nobody has',
    params: params.extend({ role: roleKey }),
    status: 204,
  }),
} as const;
