import { randomUUID } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { Pool } from 'pg';
import type { SafeconductError } from 'safeconduct/identity';
import type { WebLogin, WebSession } from 'safeconduct/login';
import { describeDatabaseError } from 'safeconduct/query';
import { type Calendars, connection } from '../calendar/calendar.ts';
import type { Turnstile } from '../chat/turnstile.ts';
import { nameOf } from '../database/name.ts';
import { errorFields, type Log } from '../log.ts';
import type { ChosenModel } from '../models/model.ts';
import { streamOf } from '../streams.ts';
import { answeringPage } from './answering.ts';
import { createAssets } from './assets.ts';
import type { Conversations } from './conversations.ts';
import type { Csrf } from './csrf.ts';
import { securityHeaders } from './headers.ts';
import { chatPage, signedOutPage } from './pages/chat.ts';
import { longestMessage } from './pages/composer.ts';
import type { Bearer } from './pages/layout.ts';
import { problemPage } from './pages/problem.ts';

export interface WebOptions {
  readonly url: string;
  readonly issuer: string;
  readonly login: WebLogin;
  readonly pool: Pool;
  readonly calendars: Calendars;
  readonly model: ChosenModel;
  readonly conversations: Conversations;
  readonly turnstile: Turnstile;
  readonly csrf: Csrf;
  readonly log: Log;
  /** Mail addresses that the first page offers to try; none outside of the demo. */
  readonly hint: readonly string[];
}

/** The web chat: pages, sign-in and sign-out. Everything is a link or a form; there is no script. */
export function createWeb(options: WebOptions): Hono {
  const { login, log } = options;
  const web = new Hono();
  web.use(securityHeaders(options));
  web.use(
    bodyLimit({ maxSize: 32_768, onError: () => failure({ status: 413, title: 'That was too long', advice: 'Go back and send less.' }) }),
  );
  web.route('/assets', createAssets());
  web.get('/auth/login', (context) => login.begin(context.req.raw));
  web.get('/auth/callback', (context) => login.finish(context.req.raw));
  web.post('/auth/sign-out', (context) => signOut(context, options));
  web.post('/auth/backchannel-logout', (context) => login.receiveBackChannelLogout(context.req.raw));
  web.get('/', (context) => login.withSession(context.req.raw, (session) => front(context, session, options)));
  web.get('/chat', (context) => context.redirect('/', 303));
  web.post('/chat', (context) => login.withSession(context.req.raw, (session) => ask(context, session, options)));
  // A route, because `notFound` of an app that is mounted in another is never asked.
  web.all('*', () => failure({ status: 404, title: 'There is nothing here', advice: 'The address may be mistyped.' }));
  web.onError((error) => {
    const reference = randomUUID().slice(0, 8);
    log('page_failed', { reference, ...errorFields(error) });
    const { code } = describeDatabaseError(error);
    const status = code === 'unavailable' || code === 'too_slow' || code === 'try_again' ? 503 : 500;
    return failure({ status, title: 'Something went wrong here', advice: 'Try again in a moment.', reference });
  });
  return web;
}

/** The page for a sign-in or sign-out that failed. */
export async function loginFailed(error: SafeconductError, log: Log): Promise<Response> {
  const reference = randomUUID().slice(0, 8);
  log('login_failed', { reference, code: error.code, message: error.message });
  const again =
    error.code === 'cross_site_request' ? { href: '/', text: 'Back to the shop' } : { href: '/auth/login', text: 'Sign in again' };
  const advice = error.status === 503 || error.status === 502 ? 'Try again in a moment.' : 'Nothing was changed. You can begin again.';
  return failure({ status: error.status, title: error.publicMessage, advice, reference, action: again });
}

async function front(context: Context, session: WebSession | undefined, options: WebOptions): Promise<Response> {
  const { model, hint, conversations } = options;
  if (session === undefined) return page(await signedOutPage({ model, hint }));
  const back = backFromConnecting(context);
  const bearer = await bearerOf(session, options);
  return page(await chatPage({ bearer, model, past: conversations.of(session.id), ...(back === undefined ? {} : { back }) }));
}

/** The issuer says how connecting went. It changes words on the page and nothing else: anybody could write this address. */
function backFromConnecting(context: Context): 'connected' | 'refused' | undefined {
  if (context.req.query('connected') === connection) return 'connected';
  return context.req.query('connection') === connection && context.req.query('error') !== undefined ? 'refused' : undefined;
}

async function ask(context: Context, session: WebSession | undefined, options: WebOptions): Promise<Response> {
  const { csrf, conversations, model, turnstile } = options;
  if (session === undefined) return context.redirect('/auth/login', 303);
  const form = await context.req.parseBody().catch(() => ({}) as Record<string, unknown>);
  if (fromElsewhere(context) || !csrf.fits(session.id, form.csrf)) {
    return failure({
      status: 403,
      title: 'This form is not ours, or it is old',
      advice: 'Nothing was sent. Go back to the chat and send it from there.',
    });
  }
  const bearer = await bearerOf(session, options);
  const said = typeof form.say === 'string' ? form.say.trim() : '';
  const again = async (status: number, sentence: string) =>
    page(
      await chatPage({ bearer, model, past: conversations.of(session.id), problem: { sentence, text: said.slice(0, longestMessage) } }),
      status,
    );
  if (said === '') return again(400, 'There was nothing to send. Write a question first.');
  if (said.length > longestMessage) return again(400, `A message may have ${longestMessage} characters. Shorten it and send it again.`);
  const leave = turnstile.enter(session.identity.subject);
  if (leave === undefined) return again(429, 'Your last questions are still being answered. Send it again in a moment.');
  const question = {
    ...options,
    identity: session.identity,
    bearer,
    session: session.id,
    said,
    signal: context.req.raw.signal,
    onEnd: leave,
  };
  return page(streamOf(answeringPage(question)));
}

async function signOut(context: Context, { login, conversations }: WebOptions): Promise<Response> {
  const session = await login.sessionOf(context.req.raw);
  const response = await login.signOut(context.req.raw);
  if (session !== undefined && response.status === 303) conversations.forget(session.id);
  return response;
}

async function bearerOf(session: WebSession, { pool, csrf }: WebOptions): Promise<Bearer> {
  return { name: await nameOf(session.identity, pool), csrf: csrf.tokenFor(session.id) };
}

// Browsers say where a form was sent from; the token in the form is the second lock.
function fromElsewhere(context: Context): boolean {
  const site = context.req.header('sec-fetch-site');
  return site !== undefined && site !== 'same-origin';
}

interface Failure {
  readonly status: number;
  readonly title: string;
  readonly advice: string;
  readonly reference?: string;
  readonly action?: { readonly href: string; readonly text: string };
}

async function failure({
  status,
  title,
  advice,
  reference = '',
  action = { href: '/', text: 'Back to the shop' },
}: Failure): Promise<Response> {
  return page(await problemPage({ title, advice, reference, action }), status);
}

function page(body: string | ReadableStream<Uint8Array>, status = 200): Response {
  return new Response(body, {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'private, no-store', 'x-accel-buffering': 'no' },
  });
}
