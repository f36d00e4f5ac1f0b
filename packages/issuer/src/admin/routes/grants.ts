import { z } from 'zod';
import { route } from './route.ts';
import { listOf, listQuery, nothing, organizationId, projectId, shownText, time, userId } from './schemas.ts';

const roleKey = z.string().min(1).max(100).describe('Key of the role.');
const grant = z
  .object({ user: shownText, organization: shownText, project: shownText, role: shownText, grantedAt: time })
  .meta({ id: 'Grant' });
const example = {
  user: 'svc_messenger',
  organization: 'acme',
  project: 'messages',
  role: 'read:messages',
  grantedAt: '2026-11-22T12:00:00.000Z',
};
const named = z.strictObject({ user: userId, project: projectId, role: roleKey });
const organization = organizationId
  .optional()
  .describe('Id of another organization that invited the person, who has the role there as a guest. Default: the own one.');

export const grantRoutes = {
  'grants.list': route({
    id: 'grants.list',
    command: ['grants', 'list'],
    method: 'GET',
    path: '/grants',
    summary: 'List who has which role',
    permission: 'grants:read',
    access: 'administrators',
    tenant: 'list',
    params: nothing,
    query: listQuery(['user', '-user', 'project', '-project', 'grantedAt', '-grantedAt'], {
      organization: organizationId.optional(),
      user: userId.optional(),
      project: projectId.optional(),
      role: roleKey.optional(),
    }),
    status: 200,
    answer: listOf(grant),
    example: { answer: { items: [example], next: null } },
  }),
  'grants.give': route({
    id: 'grants.give',
    command: ['grants', 'give'],
    method: 'POST',
    path: '/grants',
    summary: 'Give a role in a project to a person or service user',
    description:
      'The next introspection shows it; JWTs show it when they are renewed. An organization-admin gives roles of its own organization’s projects and, of the project `safeconduct`, organization-admin alone. Only an issuer-admin makes somebody a guest.',
    permission: 'grants:write',
    access: 'administrators',
    tenant: ['user'],
    params: nothing,
    query: nothing,
    body: named.extend({ organization }),
    status: 201,
    answer: grant,
    example: { body: { user: 'svc_messenger', project: 'messages', role: 'read:messages' }, answer: example },
  }),
  'grants.take': route({
    id: 'grants.take',
    command: ['grants', 'take'],
    method: 'DELETE',
    path: '/grants/{user}/{project}/{role}',
    summary: 'Take a role in a project away',
    description: 'The last issuer-admin cannot be taken away.',
    permission: 'grants:write',
    access: 'administrators',
    tenant: ['user'],
    params: named,
    query: z.strictObject({ organization }),
    status: 204,
  }),
} as const;
