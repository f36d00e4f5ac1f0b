import { randomUUID } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { csrf } from 'hono/csrf';
import { HTTPException } from 'hono/http-exception';
import { SafeconductError } from 'safeconduct/identity';
import { createWebLogin, memorySessions, type WebLogin, type WebSession } from 'safeconduct/login';
import { createAssets } from './assets.ts';
import { type UsedConnection, usedConnections } from './connections.ts';
import { askAs, type FederatedOutcome } from './federated.ts';
import { securityHeaders } from './headers.ts';
import { createLinking, type Linking } from './linking.ts';
import { connectPage } from './pages/connect.ts';
import { federatedPage } from './pages/federated.ts';
import { homePage, signedOutPage } from './pages/home.ts';
import { type Problem, problemPage } from './pages/problem.ts';
import { createProvider, type Provider } from './provider.ts';
import type { Settings } from './settings.ts';

/** One line for the operator. Holds no token, code or cookie. */
export type Log = (event: string, fields: Readonly<Record<string, unknown>>) => void;

interface Desk extends Provider {
  readonly settings: Settings;
  readonly web: WebLogin;
  readonly linking: Linking;
  readonly connections: readonly UsedConnection[];
  readonly log: Log;
}

/** The web application: sign-in, a page of each third party, connecting and disconnecting. Everything is a link or a form. */
export function createApp(settings: Settings, log: Log = () => {}): Hono {
  const { login, reach } = createProvider(settings);
  const failed = (error: SafeconductError) => answerTo(error, { log });
  const web = createWebLogin({ login, sessions: memorySessions(), secret: settings.sessionSecret, failed });
  const linking = createLinking(reach, `${settings.app}/connected`);
  const desk: Desk = { settings, login, reach, web, linking, connections: usedConnections(settings), log };
  const app = new Hono();
  app.use(securityHeaders(settings));
  app.use(
    bodyLimit({ maxSize: 16_384, onError: () => problem({ status: 413, title: 'That was too long', advice: 'Go back and send less.' }) }),
  );
  app.use(csrf({ origin: settings.app }));
  app.route('/assets', createAssets());
  app.get('/login', (context) => web.begin(context.req.raw));
  app.get('/callback', (context) => web.finish(context.req.raw));
  app.post('/logout', (context) => web.signOut(context.req.raw));
  addPages(app, desk);
  app.notFound(() => problem({ status: 404, title: 'There is nothing here', advice: 'The address may be mistyped.' }));
  app.onError((error) => answerTo(error, desk));
  return app;
}

function addPages(app: Hono, desk: Desk): void {
  const { web } = desk;
  app.get('/', (context) => web.withSession(context.req.raw, (session) => home(session, desk)));
  app.get('/federated/:connection', (context) => forPerson(context, desk, federated));
  app.post('/federated/:connection', (context) => forPerson(context, desk, add));
  app.get('/connect/:connection', (context) => forPerson(context, desk, async ({ connection }) => connect(connection)));
  app.post('/connect/:connection', (context) => forPerson(context, desk, beginLink));
  app.get('/connected', (context) => web.withSession(context.req.raw, (session) => finishLink(session, context, desk)));
  app.post('/disconnect/:connection', (context) => forPerson(context, desk, disconnect));
}

interface Visit {
  readonly session: WebSession;
  readonly connection: UsedConnection;
  readonly form: Readonly<Record<string, unknown>>;
}

type PersonPage = (visit: Visit, desk: Desk) => Promise<Response>;

/** Nobody's page but a signed-in person's, and of no connection but the listed ones. */
function forPerson(context: Context, desk: Desk, answer: PersonPage): Promise<Response> {
  return desk.web.withSession(context.req.raw, async (session) => {
    if (session === undefined) return toLogin(context);
    const connection = desk.connections.find(({ id }) => id === context.req.param('connection'));
    if (connection === undefined)
      return problem({ status: 404, title: 'There is no such connection', advice: 'The address may be mistyped.' });
    const form = context.req.method === 'POST' ? await context.req.parseBody() : {};
    return answer({ session, connection, form }, desk).catch((error: unknown) => answerTo(error, desk));
  });
}

async function home(session: WebSession | undefined, { reach, connections }: Desk): Promise<Response> {
  if (session === undefined) return page(signedOutPage());
  const accounts = await reach.listLinks(session.identity).catch(() => undefined);
  return page(homePage({ person: personOf(session), connections, accounts }));
}

async function federated({ session, connection }: Visit, desk: Desk): Promise<Response> {
  const outcome = await askAs(desk.reach, { identity: session.identity, connection });
  if (outcome.kind !== 'answer') return noAnswer(outcome, { session, connection, use: 'read' }, desk);
  return page(federatedPage({ person: personOf(session), connection, data: outcome.data }));
}

async function add({ session, connection, form }: Visit, desk: Desk): Promise<Response> {
  const { title, day } = form;
  if (typeof title !== 'string' || title.trim() === '' || typeof day !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(day))
    return problem({ status: 400, title: 'Nothing was added', advice: 'Write what it is, and choose a day.' });
  const outcome = await askAs(desk.reach, { identity: session.identity, connection, added: { title: title.trim(), day } });
  if (outcome.kind !== 'answer') return noAnswer(outcome, { session, connection, use: 'add' }, desk);
  return new Response(null, { status: 303, headers: { location: `/federated/${connection.id}` } });
}

interface Wanted extends Pick<Visit, 'session' | 'connection'> {
  readonly use: 'read' | 'add';
}

function noAnswer(outcome: Exclude<FederatedOutcome, { kind: 'answer' }>, { session, connection, use }: Wanted, { log }: Desk): Response {
  if (outcome.kind === 'connect') return page(connectPage({ person: personOf(session), connection, use }), 409);
  const reference = randomUUID().slice(0, 8);
  log('third_party_failed', { reference, connection: connection.id, status: outcome.status });
  const title = `${connection.name} gave no answer that can be shown`;
  return problem({ status: 502, title, advice: 'Try again in a moment. Your account stays connected.', reference });
}

// The page for links that lead here from elsewhere; what changes something is a form.
function connect(connection: UsedConnection): Response {
  return new Response(null, { status: 303, headers: { location: `/federated/${connection.id}` } });
}

async function beginLink({ session, connection, form }: Visit, { linking }: Desk): Promise<Response> {
  const url = await linking.begin(session, connection, form.use === 'add' ? connection.add : connection.read);
  return new Response(null, { status: 303, headers: { location: url.href } });
}

async function finishLink(session: WebSession | undefined, context: Context, desk: Desk): Promise<Response> {
  const { linking, settings } = desk;
  try {
    const connection = session && (await linking.finish(session, new URL(new URL(context.req.url).search, `${settings.app}/connected`)));
    if (connection !== undefined) return new Response(null, { status: 303, headers: { location: `/federated/${connection}` } });
    throw new SafeconductError('link_invalid', { message: 'this session began no connecting' });
  } catch (error) {
    return answerTo(error, desk);
  }
}

async function disconnect({ session: { identity }, connection: { id } }: Visit, { reach }: Desk): Promise<Response> {
  for (const account of await reach.listLinks(identity, id)) await reach.unlink(identity, account.id);
  return new Response(null, { status: 303, headers: { location: '/' } });
}

function toLogin(context: Context): Response {
  const { pathname } = new URL(context.req.url);
  const returnTo = context.req.method === 'GET' ? pathname : '/';
  return new Response(null, { status: 303, headers: { location: `/login?${new URLSearchParams({ returnTo })}` } });
}

const personOf = ({ identity }: WebSession): string => {
  const { name, email } = identity.claims;
  return [name, email].find((value) => typeof value === 'string' && value !== '')?.toString() ?? identity.subject;
};

/** An error as a page for people: what happened, what to do, a reference. What the program knows stays in the log. */
function answerTo(error: unknown, { log }: Pick<Desk, 'log'>): Response {
  if (error instanceof HTTPException)
    return problem({ status: 403, title: 'This form is not ours', advice: 'Nothing was changed. Go back and send it from our page.' });
  const known = error instanceof SafeconductError ? error : undefined;
  const reference = randomUUID().slice(0, 8);
  log('page_failed', { reference, code: known?.code ?? 'unexpected', reason: error instanceof Error ? error.message : typeof error });
  const { code, status = 500, publicMessage = 'Something went wrong here.' } = known ?? {};
  const ended = code === 'identity_ended' || code === 'session_missing' || code?.startsWith('login_');
  const action = ended ? { href: '/login', text: 'Sign in again' } : { href: '/', text: 'Back to your day' };
  const advice = status >= 500 ? 'Try again in a moment.' : 'Nothing was changed. You can begin again.';
  return problem({ status, title: publicMessage.replace(/\.$/, ''), advice, reference, action });
}

function problem(told: Problem & { readonly status: number }): Response {
  return page(problemPage(told), told.status);
}

function page(body: string, status = 200): Response {
  return new Response(body, {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'private, no-store' },
  });
}
