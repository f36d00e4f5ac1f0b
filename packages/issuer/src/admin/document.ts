/** The OpenAPI 3.1 document of the admin API, made of the table. */
import { z } from 'zod';
import { adminAudience } from './built-in.ts';
import { rolesFor } from './caller.ts';
import { permissions } from './routes/permissions.ts';
import type { AdminRoute } from './routes/route.ts';
import { routes } from './routes/table.ts';

type Json = Readonly<Record<string, unknown>>;

const SCHEME = 'safeconduct';
const problem: Json = {
  type: 'object',
  description: 'Why a call was refused.',
  properties: {
    error: { type: 'string', description: 'For programs, such as invalid_request or not_found.' },
    error_description: { type: 'string', description: 'For people.' },
    problems: { type: 'array', items: { type: 'string' }, description: 'Everything that is wrong with the request, a sentence each.' },
  },
  required: ['error', 'error_description'],
};

/** The document for the issuer with this URL. */
export function documentOf(issuer: string): Json {
  const schemas: Record<string, unknown> = { Problem: problem };
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route, schemas) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Safeconduct admin API',
      version: '1',
      description:
        'Organizations, people, service users, projects, roles, applications, APIs, connections, tokens and keys of this issuer.',
    },
    servers: [{ url: adminAudience(issuer) }],
    tags: [...new Set(routes.map(tagOf))].map((name) => ({ name })),
    security: [{ [SCHEME]: [] }],
    paths,
    components: {
      schemas,
      responses: {
        Refused: { description: 'Refused.', content: { 'application/json': { schema: { $ref: '#/components/schemas/Problem' } } } },
      },
      securitySchemes: { [SCHEME]: schemeOf(issuer) },
    },
  };
}

function schemeOf(issuer: string): Json {
  const flow = { authorizationUrl: `${issuer}/oauth2/authorize`, tokenUrl: `${issuer}/oauth2/token`, scopes: permissions };
  return { type: 'oauth2', description: 'An access token, or a personal access token, as Bearer.', flows: { authorizationCode: flow } };
}

function operationOf(route: AdminRoute, schemas: Record<string, unknown>): Json {
  const { id, summary, permission, params, query, body, answer, status, example } = route;
  return {
    operationId: id,
    tags: [tagOf(route)],
    summary,
    description: descriptionOf(route),
    security: [{ [SCHEME]: [permission] }],
    parameters: [...parametersOf('path', params), ...parametersOf('query', query)],
    ...(body && { requestBody: { required: true, content: contentOf(schemaOf(body, 'input', schemas), example?.body) } }),
    responses: {
      [status]: {
        description: status === 204 ? 'Done.' : 'The answer.',
        ...(answer && { content: contentOf(schemaOf(answer, 'output', schemas), example?.answer) }),
      },
      default: { $ref: '#/components/responses/Refused' },
    },
  };
}

const tagOf = ({ command: [noun = ''] }: AdminRoute): string => noun;

function descriptionOf(route: AdminRoute): string {
  const roles = rolesFor(route);
  const who = roles.length === 0 ? 'For everybody who signed in.' : `For ${roles.join(', ')}.`;
  return [route.description, `Needs the scope ${route.permission}. ${who}`].filter(Boolean).join('\n\n');
}

function contentOf(schema: Json, example: unknown): Json {
  return { 'application/json': { schema, ...(example !== undefined && { example }) } };
}

function parametersOf(place: 'path' | 'query', schema: z.ZodObject): Json[] {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input' });
  return Object.entries(properties).map(([name, one]) => {
    const { description, ...rest } = one as Json;
    const needed = place === 'path' || required.includes(name);
    return { name, in: place, required: needed, ...(description !== undefined && { description }), schema: rest };
  });
}

/** The schema of a body. What has a name of its own becomes a component, which others refer to. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output', schemas: Record<string, unknown>): Json {
  const { $schema: _dialect, $defs, ...rest } = z.toJSONSchema(schema, { io });
  const { id, ...own } = rest as Json;
  Object.assign(schemas, refer($defs ?? {}));
  if (typeof id !== 'string') return refer(own) as Json;
  schemas[id] = refer(own);
  return { $ref: `#/components/schemas/${id}` };
}

function refer(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(refer);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      name,
      name === '$ref' && typeof one === 'string' ? one.replace('#/$defs/', '#/components/schemas/') : refer(one),
    ]),
  );
}
