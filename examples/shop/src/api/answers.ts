/** What the API answers, as its document says it. */
import { z } from '@hono/zod-openapi';

const day = z.iso.date().describe('A day, such as 2026-11-22');
const expected = day.nullable().describe('When it should arrive; null once that is over');
const price = z.string().describe('Euros, such as €24.90');
const status = z.string().describe('placed, packed, on_its_way, delivered, cancelled or returned');

export const person = z.object({
  issuer: z.string().describe('Who vouches for the caller'),
  subject: z.string().describe('The caller, as that issuer calls them'),
  name: z.string(),
  client: z.string().describe('The application that made the call'),
  roles: z.array(z.string()),
  scopes: z.array(z.string()),
  profile: z.looseObject({ customer: z.boolean() }).describe('The caller’s customer account, if there is one'),
  model: z.string().describe('The language model behind the assistant'),
});

export const products = z.object({
  products: z.array(z.object({ sku: z.string(), name: z.string(), category: z.string(), stock: z.int(), description: z.string(), price })),
});

export const orders = z.object({
  orders: z.array(z.object({ number: z.int(), status, placed: day, expected, total_cents: z.int() })),
});

export const order = z.object({
  found: z.literal(true),
  number: z.int(),
  status,
  placed: day,
  expected,
  customer: z.string(),
  items: z.array(z.object({ product: z.string(), quantity: z.int(), price })),
  total: price,
});

export const cancelled = z.object({ cancelled: z.literal(true), number: z.int() });

export const refusal = z.object({ error: z.string(), error_description: z.string() });
