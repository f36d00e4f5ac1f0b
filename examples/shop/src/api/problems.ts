import type { Context } from 'hono';
import { describeDatabaseError } from 'safeconduct/query';
import { errorFields, type Log } from '../log.ts';

type Status = 400 | 404 | 409 | 413 | 415 | 429 | 500 | 503;

/** Every refusal of the API has this shape: OAuth's words, so that one client reads all of them. */
export function refuse(context: Context, status: Status, error: string, description: string): Response {
  return context.json({ error, error_description: description }, status, { 'cache-control': 'no-store' });
}

/** Answers what nobody expected: the raw error goes to the log, the caller gets a sentence. */
export function unexpected(context: Context, error: unknown, log: Log): Response {
  log('request_failed', { path: new URL(context.req.url).pathname, ...errorFields(error) });
  const { code, message } = describeDatabaseError(error);
  const unavailable = code === 'unavailable' || code === 'try_again' || code === 'too_slow';
  if (unavailable) context.header('retry-after', '5');
  return refuse(context, unavailable ? 503 : 500, unavailable ? 'temporarily_unavailable' : 'server_error', message);
}
