import { z } from 'zod';
import { route } from './route.ts';
import { listOf, listQuery, nothing, organizationId, shownText, time } from './schemas.ts';

const key = z
  .object({
    kid: z.string(),
    issuer: z.string().nullable().describe('Whose tokens it signs. null: those of this issuer itself.'),
    algorithm: z.string(),
    state: z
      .enum(['next', 'active', 'retired'])
      .describe('`next` is published and not used yet, `active` signs, `retired` still verifies.'),
    publishedAt: time,
    activatedAt: time.nullable(),
    retiredAt: time.nullable(),
  })
  .meta({ id: 'SigningKey' });
const keyExample = {
  kid: 'nX0b…',
  issuer: null,
  algorithm: 'ES256',
  state: 'active',
  publishedAt: '2026-11-22T12:00:00.000Z',
  activatedAt: '2026-11-22T12:00:00.000Z',
  retiredAt: null,
};
const event = z
  .object({
    id: shownText,
    at: time,
    type: z.string(),
    outcome: z.enum(['ok', 'refused', 'failed']),
    actor: z.string().nullable(),
    client: z.string().nullable(),
    organization: z.string().nullable(),
    target: z.string().nullable(),
    reason: z.string().nullable(),
    requestId: z.string().nullable(),
    ipPrefix: z.string().nullable(),
    details: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Event' });
const eventExample = {
  id: 'evt_1',
  at: '2026-11-22T12:00:00.000Z',
  type: 'grant.given',
  outcome: 'ok',
  actor: 'usr_ada',
  client: 'safeconduct-cli',
  organization: 'acme',
  target: 'svc_messenger',
  reason: null,
  requestId: '7f0c…',
  ipPrefix: '192.0.2.0/24',
  details: { project: 'messages', role: 'read:messages' },
};
const me = z
  .object({
    id: shownText,
    kind: z.enum(['person', 'service']),
    organization: shownText,
    name: z.string().nullable(),
    email: z.string().nullable(),
    client: z.string().nullable().describe('The application that you signed in to. null: a personal access token, or a service user.'),
    roles: z.array(z.string()).describe('Roles here: issuer-admin, organization-admin, auditor.'),
    scopes: z.array(z.string()).describe('What this token may do.'),
    expiresAt: time,
  })
  .meta({ id: 'Me' });

export const issuerRoutes = {
  me: route({
    id: 'me',
    command: ['me'],
    method: 'GET',
    path: '/users/me',
    summary: 'Show who you are here',
    permission: 'me:read',
    access: 'everybody',
    tenant: 'self',
    params: nothing,
    query: nothing,
    status: 200,
    answer: me,
    example: {
      answer: {
        id: 'usr_ada',
        kind: 'person',
        organization: 'acme',
        name: 'Ada Brandt',
        email: 'ada@acme.example',
        client: 'safeconduct-cli',
        roles: ['organization-admin'],
        scopes: ['me:read', 'users:read'],
        expiresAt: '2026-11-22T12:10:00.000Z',
      },
    },
  }),
  'keys.list': route({
    id: 'keys.list',
    command: ['keys', 'list'],
    method: 'GET',
    path: '/keys',
    summary: 'List the signing keys, without their private parts',
    permission: 'keys:read',
    access: 'administrators',
    tenant: 'issuer',
    params: nothing,
    query: nothing,
    status: 200,
    answer: listOf(key),
    example: { answer: { items: [keyExample], next: null } },
  }),
  'keys.rotate': route({
    id: 'keys.rotate',
    command: ['keys', 'rotate'],
    method: 'POST',
    path: '/keys/rotate',
    summary: 'Let the next signing key sign',
    description:
      'For every issuer that has keys here. A key that has been published for less than a day does not sign yet, because APIs may not know it: refused when that is so for all. Running issuers follow within a minute.',
    permission: 'keys:write',
    access: 'administrators',
    tenant: 'issuer',
    params: nothing,
    query: nothing,
    status: 200,
    answer: z.object({ active: z.string().describe('`kid` of the key that signs for this issuer itself now.'), removed: z.int() }),
    example: { answer: { active: 'nX0b…', removed: 0 } },
  }),
  'events.list': route({
    id: 'events.list',
    command: ['events', 'list'],
    method: 'GET',
    path: '/events',
    summary: 'List the audit log, the newest first',
    permission: 'events:read',
    access: 'administrators',
    tenant: 'list',
    params: nothing,
    query: listQuery(['-at', 'at'], {
      organization: organizationId.optional(),
      type: z.string().max(100).optional().describe('Such as grant.given.'),
      actor: z.string().max(200).optional(),
      target: z.string().max(200).optional(),
      after: time.optional(),
      before: time.optional(),
    }),
    status: 200,
    answer: listOf(event),
    example: { answer: { items: [eventExample], next: null } },
  }),
} as const;
