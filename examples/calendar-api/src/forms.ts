/** Forms that belong to the page that they were shown on. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';

/** What the Node adapter puts beside a request. */
export interface Bindings {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

export type PageContext = Context<{ Bindings: Bindings }>;

/** The word that ties a form to what it is about, such as one interaction. */
export function csrfFor(secret: string, about: string): string {
  return createHmac('sha256', secret).update(`form:${about}`).digest('base64url');
}

/** Whether two words are the same, in a time that does not tell where they differ. */
export function same(one: string, other: string): boolean {
  const digest = (word: string) => createHmac('sha256', 'compare').update(word).digest();
  return timingSafeEqual(digest(one), digest(other));
}

export const formLimit = bodyLimit({ maxSize: 8_192, onError: (c) => c.text('This form is too large.\n', 413) });

/** The text fields of a form. */
export async function fieldsOf(c: PageContext): Promise<(name: string) => string> {
  const form = await c.req.parseBody();
  return (name) => {
    const value = form[name];
    return typeof value === 'string' ? value : '';
  };
}
