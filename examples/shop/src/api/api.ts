import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { Pool } from 'pg';
import { hono, identityOf } from 'safeconduct/http';
import type { Guard, RefusalEvent } from 'safeconduct/protect';
import type { CalendarEvent, Calendars } from '../calendar/calendar.ts';
import type { Turnstile } from '../chat/turnstile.ts';
import { doorsFor } from '../database/doors.ts';
import { nameOf } from '../database/name.ts';
import { listOrders } from '../database/order-list.ts';
import type { Log } from '../log.ts';
import type { ChosenModel } from '../models/model.ts';
import { cancelOrder } from '../tools/cancel-order.ts';
import { findProducts } from '../tools/find-products.ts';
import { myProfile } from '../tools/my-profile.ts';
import { orderStatus } from '../tools/order-status.ts';
import { chatRequest, chatResponse } from './chat.ts';
import { refuse, unexpected } from './problems.ts';
import { describe, type RouteName, routes } from './routes.ts';

export interface ApiOptions {
  readonly guard: Guard;
  readonly pool: Pool;
  readonly calendars: Calendars;
  readonly model: ChosenModel;
  readonly turnstile: Turnstile;
  readonly log: Log;
}

/** The routes below `/api`. Each asks for a token, names the scope that it needs, and runs as the person behind the token. */
export function createApi(options: ApiOptions): OpenAPIHono {
  const { guard, log } = options;
  const refused = (event: RefusalEvent) => log('request_refused', { ...event });
  const needs = (scopes: readonly string[]) => hono(guard, { log: refused, ...(scopes.length === 0 ? {} : { require: { scopes } }) });
  const api = new OpenAPIHono();
  api.use(bodyLimit({ maxSize: 65_536, onError: (context) => refuse(context, 413, 'invalid_request', 'The body is longer than 64 kB.') }));
  for (const route of routes) {
    api.openAPIRegistry.registerPath(describe(route, securityScheme));
    const path = route.path.replaceAll(/\{(\w+)\}/g, ':$1');
    api.on(route.method, path, needs(route.scopes), (context) => handlers[route.name](context, options));
  }
  api.all('*', needs([]), (context) => refuse(context, 404, 'not_found', 'There is no such address in this API.'));
  api.onError((error, context) => unexpected(context, error, log));
  return api;
}

/** The name that the operations call the sign-in by. */
const securityScheme = 'oauth2';

/** The API in the words of OpenAPI 3.1. */
export function documentOf(api: OpenAPIHono) {
  return api.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Shop API',
      version: '1.0.0',
      description: 'A demo. The database decides what each caller sees: try order 1002 as Ada, then as Ben.',
    },
    servers: [{ url: '/api' }],
    tags: [{ name: 'You' }, { name: 'Orders' }, { name: 'Products' }, { name: 'Assistant' }],
  });
}

type Handler = (context: Context, options: ApiOptions) => Promise<Response>;

const handlers: Readonly<Record<RouteName, Handler>> = { me, products, orders, order, cancel, customerOrders, chat };

/** What a handler runs with: the verified person and the database as that person sees it. */
async function personOf(context: Context, { pool, calendars }: ApiOptions) {
  const identity = identityOf(context.req.raw);
  const calendar = { add: (event: CalendarEvent) => calendars.add(identity, event) };
  return { identity, name: await nameOf(identity, pool), db: doorsFor(identity, pool), calendar };
}

async function me(context: Context, options: ApiOptions): Promise<Response> {
  const person = await personOf(context, options);
  const { answer } = await myProfile.run({ ...person, input: {} });
  const { issuer, subject, client, roles, scopes } = person.identity;
  return shown(context, { issuer, subject, name: person.name, client, roles, scopes, profile: answer, model: options.model.label });
}

async function products(context: Context, options: ApiOptions): Promise<Response> {
  const maximum = context.req.query('max_price_euro');
  const input = findProducts.input.safeParse({
    words: context.req.query('words'),
    ...(maximum === undefined ? {} : { max_price_euro: Number(maximum) }),
  });
  if (!input.success)
    return refuse(context, 400, 'invalid_request', 'Send ?words=… (1 to 80 characters), and max_price_euro as a number if you like.');
  const { answer } = await findProducts.run({ ...(await personOf(context, options)), input: input.data });
  return shown(context, answer);
}

async function orders(context: Context, options: ApiOptions): Promise<Response> {
  const { db } = await personOf(context, options);
  return shown(context, { orders: await listOrders(db.own, {}) });
}

async function customerOrders(context: Context, options: ApiOptions): Promise<Response> {
  const { db } = await personOf(context, options);
  const found = await listOrders(db.support, { customer: context.req.param('id') ?? '' });
  if (found.length === 0) return refuse(context, 404, 'not_found', 'No order of such a customer is visible to you.');
  return shown(context, { orders: found });
}

async function order(context: Context, options: ApiOptions): Promise<Response> {
  const input = orderStatus.input.safeParse({ number: numberOf(context) });
  if (!input.success) return missingOrder(context);
  const { rows, answer } = await orderStatus.run({ ...(await personOf(context, options)), input: input.data });
  return rows === 0 ? missingOrder(context) : shown(context, answer);
}

async function cancel(context: Context, options: ApiOptions): Promise<Response> {
  const input = cancelOrder.input.safeParse({ number: numberOf(context) });
  if (!input.success) return missingOrder(context);
  const { rows, answer } = await cancelOrder.run({ ...(await personOf(context, options)), input: input.data });
  if (rows === 1) return shown(context, answer);
  const { status } = answer as { status?: string };
  if (status === undefined) return missingOrder(context);
  return refuse(context, 409, 'conflict', `This order is ${status}. Only orders that were not sent yet can be cancelled.`);
}

async function chat(context: Context, { pool, calendars, model, turnstile, log }: ApiOptions): Promise<Response> {
  const identity = identityOf(context.req.raw);
  if (!/^application\/json\b/i.test(context.req.header('content-type') ?? ''))
    return refuse(context, 415, 'invalid_request', 'Send JSON, with content-type application/json.');
  const body = chatRequest.safeParse(await context.req.json().catch(() => undefined));
  if (!body.success)
    return refuse(
      context,
      400,
      'invalid_request',
      'Send {"messages":[{"role":"user","text":"…"}]}: at most 60 messages, the last one yours.',
    );
  const leave = turnstile.enter(identity.subject);
  if (leave === undefined) {
    context.header('retry-after', '5');
    return refuse(context, 429, 'temporarily_unavailable', 'Your last questions are still being answered. Ask again in a moment.');
  }
  return chatResponse({ identity, pool, calendars, model, log, turns: body.data.messages, signal: context.req.raw.signal, onEnd: leave });
}

function numberOf(context: Context): number | undefined {
  const text = context.req.param('number') ?? '';
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

/** One answer for an order that is not there and for one that is somebody else's. */
function missingOrder(context: Context): Response {
  return refuse(context, 404, 'not_found', 'No such order is visible to you. The database decides this from your sign-in.');
}

function shown(context: Context, body: unknown): Response {
  return context.body(JSON.stringify(body), 200, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'private, no-store',
  });
}
