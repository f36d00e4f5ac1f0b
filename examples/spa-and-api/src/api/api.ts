/** The API: two routes, each says what it needs and runs as the person behind the token, and a docs page that signs people in. */
import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { hono, identityOf } from 'safeconduct/http';
import { openApiDocs } from 'safeconduct/openapi';
import type { RefusalEvent } from 'safeconduct/protect';
import type { Trust } from './trust.ts';

export interface ApiOptions {
  readonly trust: Trust;
  /** Origin of the single-page application: the only one whose pages may call. */
  readonly spa: string;
  /** Is told why a request was refused, without its token. */
  readonly log?: (event: RefusalEvent) => void;
}

const noticesOf = (title: string) =>
  z.object({
    as: z.string().openapi({ description: 'Subject of the person this ran as', example: 'usr_demo_mia' }),
    notices: z.array(z.object({ title: z.string(), from: z.string() })).openapi({ description: title }),
  });
const answer = (description: string) => ({ description, content: { 'application/json': { schema: noticesOf(description) } } });
const refusals = {
  401: { description: 'No token, or one that is not accepted' },
  403: { description: 'The token lacks a scope, or the person a role' },
  503: { description: 'The provider cannot be reached, so nobody can be verified' },
};

export function createApi({ trust: { guard, login }, spa, log }: ApiOptions): OpenAPIHono {
  const api = new OpenAPIHono();
  const told = log === undefined ? {} : { log };
  const needs = (require: { scopes: string[]; roles?: string[] }): MiddlewareHandler => hono(guard, { require, ...told });
  // Before the guard: a browser asks whether it may call before it sends a token.
  api.use('/api/*', crossOrigin(spa));
  const notices = createRoute({
    tags: ['Board'],
    method: 'get',
    path: '/api/notices',
    summary: 'What the board says',
    middleware: needs({ scopes: ['notices:read'] }),
    responses: { 200: answer('Notices'), ...refusals },
  });
  const drafts = createRoute({
    tags: ['Board'],
    method: 'get',
    path: '/api/drafts',
    summary: 'What it will say',
    middleware: needs({ scopes: ['notices:read'], roles: ['editor'] }),
    responses: { 200: answer('Drafts'), ...refusals },
  });
  api.openapi(notices, (context) => context.json({ as: identityOf(context.req.raw).subject, notices: published }, 200));
  api.openapi(drafts, (context) => context.json({ as: identityOf(context.req.raw).subject, notices: unpublished }, 200));
  const document = () => api.getOpenAPI31Document({ openapi: '3.1.0', info: { title: 'Noticeboard', version: '1' } });
  api.use(openApiDocs({ document, login }).hono);
  api.get('/', (context) => context.redirect('/docs'));
  return api;
}

function crossOrigin(spa: string): MiddlewareHandler {
  return cors({
    origin: spa,
    allowMethods: ['GET'],
    allowHeaders: ['authorization'],
    exposeHeaders: ['www-authenticate', 'x-request-id', 'retry-after'],
    maxAge: 600,
  });
}

const published = [
  { title: 'The kitchen is closed on Friday', from: 'Facilities' },
  { title: 'New bicycle racks in the yard', from: 'Facilities' },
];
const unpublished = [{ title: 'Summer party: which date?', from: 'Noor Haddad' }];
