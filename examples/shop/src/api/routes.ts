/** Every route of the API in one table: it makes the routes, their guards and the OpenAPI document. */
import { type RouteConfig, z } from '@hono/zod-openapi';
import { cancelled, order, orders, person, products, refusal } from './answers.ts';
import { chatRequest } from './chat.ts';

export type RouteName = 'me' | 'products' | 'orders' | 'order' | 'cancel' | 'customerOrders' | 'chat';

export interface ApiRoute {
  readonly name: RouteName;
  readonly method: 'get' | 'post';
  /** As OpenAPI writes it, below `/api`. */
  readonly path: string;
  /** What the caller's token needs, all of it. */
  readonly scopes: readonly string[];
  readonly tag: 'You' | 'Orders' | 'Products' | 'Assistant';
  readonly summary: string;
  readonly description?: string;
  readonly request?: RouteConfig['request'];
  readonly answer: z.ZodType;
  readonly answerType?: string;
  /** What it may refuse besides a token that does not do. */
  readonly refuses?: Readonly<Record<number, string>>;
}

/** The scopes of the API, each with the sentence that people read. */
export const apiScopes = {
  'orders:read': 'See your orders',
  'orders:write': 'Cancel your orders',
  'profile:read': 'See your customer profile',
} as const;

const number = z.object({ number: z.int().min(1).describe('The number of an order').openapi({ example: 1001 }) });
const missing = { 404: 'No such order is visible to the caller. An order of somebody else is answered like one that never was.' };

export const routes: readonly ApiRoute[] = [
  {
    name: 'me',
    method: 'get',
    path: '/me',
    scopes: ['profile:read'],
    tag: 'You',
    summary: 'Tells whom this call ran as',
    answer: person,
  },
  {
    name: 'orders',
    method: 'get',
    path: '/orders',
    scopes: ['orders:read'],
    tag: 'Orders',
    summary: 'Lists your own orders, newest first',
    answer: orders,
  },
  {
    name: 'order',
    method: 'get',
    path: '/orders/{number}',
    scopes: ['orders:read'],
    tag: 'Orders',
    summary: 'Gives one order that you may see',
    description: 'Customers see their own. The role `support` sees those of all customers: the database decides.',
    request: { params: number },
    answer: order,
    refuses: missing,
  },
  {
    name: 'cancel',
    method: 'post',
    path: '/orders/{number}/cancel',
    scopes: ['orders:write'],
    tag: 'Orders',
    summary: 'Cancels one of your orders',
    request: { params: number },
    answer: cancelled,
    refuses: { ...missing, 409: 'The order was sent already, or is cancelled.' },
  },
  {
    name: 'customerOrders',
    method: 'get',
    path: '/customers/{id}/orders',
    scopes: ['orders:read'],
    tag: 'Orders',
    summary: 'Lists the orders of one customer',
    description: 'For the role `support`. Everybody else is told that there are none, unless they are that customer.',
    request: { params: z.object({ id: z.string().describe('The number of a customer').openapi({ example: 'C-1002' }) }) },
    answer: orders,
    refuses: { 404: 'No order of such a customer is visible to the caller.' },
  },
  {
    name: 'products',
    method: 'get',
    path: '/products',
    scopes: [],
    tag: 'Products',
    summary: 'Finds products by words',
    request: {
      query: z.object({
        words: z.string().min(1).max(80).describe('What to look for').openapi({ example: 'mug' }),
        max_price_euro: z.number().positive().optional().describe('Only products up to this price'),
      }),
    },
    answer: products,
    refuses: { 400: 'The words are missing or too long, or the price is no number.' },
  },
  {
    name: 'chat',
    method: 'post',
    path: '/chat',
    scopes: ['orders:read'],
    tag: 'Assistant',
    summary: 'Asks the assistant',
    description: 'Answers while the answer is being made: lines of JSON, one event each, the last one `{"type":"done"}`.',
    request: {
      body: {
        required: true,
        content: { 'application/json': { schema: chatRequest, example: { messages: [{ role: 'user', text: 'show my orders' }] } } },
      },
    },
    answer: z.string(),
    answerType: 'application/x-ndjson',
    refuses: { 400: 'The body is no conversation.', 415: 'The body is not JSON.', 429: 'Your last questions are still being answered.' },
  },
];

/** One route as the OpenAPI document has it. `scheme` is the name of the security scheme. */
export function describe(route: ApiRoute, scheme: string): RouteConfig {
  const { method, path, scopes, tag, summary, description, request, answer, answerType = 'application/json', refuses = {} } = route;
  const refusals = {
    ...refuses,
    401: 'The token is missing or does not do.',
    ...(scopes.length > 0 && { 403: 'The token lacks a scope.' }),
  };
  const content = { 'application/json': { schema: refusal } };
  return {
    method,
    path,
    summary,
    tags: [tag],
    operationId: route.name,
    security: [{ [scheme]: [...scopes] }],
    responses: {
      200: { description: 'Done', content: { [answerType]: { schema: answer } } },
      ...Object.fromEntries(Object.entries(refusals).map(([status, words]) => [status, { description: words, content }])),
    },
    ...(description === undefined ? {} : { description }),
    ...(request === undefined ? {} : { request }),
  };
}
