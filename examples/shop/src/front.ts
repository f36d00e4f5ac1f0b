import type { Hono, MiddlewareHandler } from 'hono';
import type { Pool } from 'pg';
import { errorFields, type Log } from './log.ts';

const loopback = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/** Answers under the shop's own name only: another one is a proxy that is set up wrongly, or a site that points its name here. */
export function expectHost(url: string): MiddlewareHandler {
  const { host } = new URL(url);
  return async (context, next) => {
    const given = context.req.header('host') ?? '';
    const { pathname } = new URL(context.req.url);
    if (given === host || pathname === '/livez' || pathname === '/readyz') return next();
    // Cookies and redirect addresses belong to one name: who typed another name of this machine is sent to it.
    if (context.req.method === 'GET' && loopback.test(given) && loopback.test(host)) return context.redirect(`${url}/`, 303);
    return context.text(`This shop answers at ${url} only.\n`, 421, { 'cache-control': 'no-store' });
  };
}

/** `/livez`: this process answers. `/readyz`: its database does, too. */
export function answerHealth(app: Hono, pool: Pool, log: Log): void {
  app.get('/livez', (context) => context.text('ok\n', 200, { 'cache-control': 'no-store' }));
  app.get('/readyz', async (context) => {
    try {
      await pool.query('select 1');
      return context.text('ok\n', 200, { 'cache-control': 'no-store' });
    } catch (error) {
      log('not_ready', errorFields(error));
      return context.text('not ready: the database does not answer\n', 503, { 'cache-control': 'no-store', 'retry-after': '5' });
    }
  });
}
