/** Which pages may read the answers (CORS): those of the application whose token it is, as at the issuer's own endpoints. */
import type { Next } from 'hono';
import { findApplication } from '../orgs/applications.ts';
import { isOwnOrigin } from '../provider/redirects.ts';
import type { Store } from '../store/database.ts';
import type { MeContext } from './doors.ts';
import type { MeCaller } from './handlers.ts';

/** Seconds. */
const REMEMBERED = '3600';

/** Answers a browser that asks, without a token, whether it may call: the answer to the call itself says who may read it. */
export function preflight({ req }: MeContext, methods: readonly string[]): Response | undefined {
  const [origin, headers] = [req.header('origin'), req.header('access-control-request-headers')];
  if (origin === undefined || req.header('access-control-request-method') === undefined) return undefined;
  return new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-origin': origin,
      'access-control-allow-methods': methods.join(','),
      'access-control-max-age': REMEMBERED,
      ...(headers !== undefined && { 'access-control-allow-headers': headers }),
    },
  });
}

/** Says of each answer whether the page that asked may read it. Until an application is known, it says nothing about anybody. */
export async function tellReaders(context: MeContext, next: Next): Promise<void> {
  await next();
  context.header('vary', 'Origin', { append: true });
  const origin = context.req.header('origin');
  const readers = context.get('readers');
  if (origin === undefined || context.req.method === 'OPTIONS') return;
  if (readers ? !isOwnOrigin(origin, readers) : origin === 'null') return;
  context.header('access-control-allow-origin', origin);
  context.header('access-control-expose-headers', 'WWW-Authenticate');
}

/** Notes whose pages may read the answer, where a page asks. */
export async function noteReaders(context: MeContext, store: Store, { clientId }: MeCaller): Promise<void> {
  if (context.req.header('origin') === undefined) return;
  context.set('readers', (await findApplication(store, clientId))?.redirectUris ?? []);
}
