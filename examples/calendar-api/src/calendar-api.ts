/** A third party of its own: an OAuth 2.0 server that is strict about refresh tokens, and the calendar API behind it. */
import { readFileSync } from 'node:fs';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import type { Provider } from 'oidc-provider';
import { type CalendarClient, createEngine } from './engine.ts';
import { createEventsApi } from './events.ts';
import { countedAt, type Figures } from './figures.ts';
import type { Bindings } from './forms.ts';
import { createHome } from './home.ts';
import { createInteractions } from './interactions.ts';
import { errorPage } from './pages.ts';
import { type CalendarPerson, calendarPeople } from './people.ts';
import { createRecords } from './records.ts';
import { type Handler, listen } from './server.ts';
import { type CalendarEvent, openState } from './state.ts';

export type { CalendarClient, CalendarEvent, CalendarPerson, Figures };
export { calendarPeople };

export interface CalendarApiOptions {
  /** Applications that people may connect their calendar to. */
  readonly clients: readonly CalendarClient[];
  /** Where it listens on this machine. Default 0, any free port. */
  readonly port?: number;
  /** Where browsers and programs find it; also the issuer's name. Default: `http://127.0.0.1:PORT`. */
  readonly url?: string;
  /** Default: the demo people. */
  readonly people?: readonly CalendarPerson[];
  /** How long an access token lasts. Default 300. */
  readonly accessTokenSeconds?: number;
  /** Keeps keys, grants, tokens and events here over a restart. Default: in memory. */
  readonly file?: string;
  /** One line for each request: method, path without its query, status. Default: none. */
  readonly log?: (line: string) => void;
}

export interface CalendarApi {
  readonly url: string;
  /** `iss`, exactly. */
  readonly issuerUrl: string;
  /** What happened since the start; it goes on counting. */
  readonly figures: Figures;
  /** Ends every access token at once. Refresh tokens stay. */
  expire(): void;
  /** Ends what a person gave an application, as the person can on the page of the calendar. */
  remove(ended: { readonly accountId: string; readonly clientId: string }): void;
  /** What is in somebody's calendar. */
  eventsOf(accountId: string): readonly CalendarEvent[];
  close(): Promise<void>;
}

/** Starts the third party. Throws `PortTaken` and `StateUnusable`, whose messages say what to do. */
export async function createCalendarApi(options: CalendarApiOptions): Promise<CalendarApi> {
  const { port = 0, people = calendarPeople, log = () => {} } = options;
  const state = openState(options.file);
  const records = createRecords(state);
  let handler: Handler = (_request, response) => void response.writeHead(503).end();
  const listening = await listen((request, response) => handler(request, response), { port, url: options.url });
  const url = options.url ?? `http://127.0.0.1:${listening.port}`;
  const provider = createEngine({
    url,
    clients: options.clients,
    people,
    accessTokenSeconds: options.accessTokenSeconds ?? 300,
    state,
    records,
    errorPage: (sentence) => String(errorPage(sentence)),
  });
  handler = logged(pinned(joined(provider, createPages({ provider, people, state, records })), new URL(url)), log);
  return {
    url,
    issuerUrl: url,
    figures: countedAt(provider),
    expire: records.expire,
    remove: records.endGrants,
    eventsOf: (accountId) => state.events.get(accountId) ?? [],
    close: listening.close,
  };
}

const stylesheet = readFileSync(new URL('./assets/almanac.css', import.meta.url), 'utf8');

// No form-action: the answer to a form leads back to the application, and onward to wherever that sends the browser.
const pageHeaders = {
  'content-security-policy': "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

type PageParts = Parameters<typeof createHome>[0];

function createPages({ provider, people, state, records }: PageParts): Hono<{ Bindings: Bindings }> {
  const app = new Hono<{ Bindings: Bindings }>();
  app.use(async (c, next) => {
    await next();
    for (const [name, value] of Object.entries(pageHeaders)) c.header(name, value);
    if (c.res.headers.get('cache-control') === null) c.header('cache-control', 'no-store');
  });
  app.get('/almanac.css', (c) => c.body(stylesheet, 200, { 'content-type': 'text/css; charset=utf-8' }));
  app.get('/readyz', (c) => c.text('ok\n'));
  app.route('/interaction', createInteractions({ provider, people, secret: state.secret }));
  app.route('/calendar', createEventsApi({ provider, state }));
  app.route('/', createHome({ provider, people, state, records }));
  app.notFound((c) => c.html(errorPage('There is nothing at this address.'), 404));
  return app;
}

const ofTheEngine = /^\/(authorize|token|revoke|userinfo|jwks\.json|\.well-known)(\/|$)/;

/** The engine takes its own paths, the pages all the others. */
function joined(provider: Provider, pages: Hono<{ Bindings: Bindings }>): Handler {
  const engine = provider.callback();
  const others = getRequestListener(pages.fetch as Parameters<typeof getRequestListener>[0], { overrideGlobalObjects: false });
  return (request, response) => {
    const [path = '', query = ''] = (request.url ?? '').split('?', 2);
    if (!ofTheEngine.test(path)) return others(request, response);
    // A person is asked each time; without saying so nobody gets offline access (OpenID Connect Core, section 11).
    if (path === '/authorize' && !new URLSearchParams(query).has('prompt')) request.url = `${path}?${query}&prompt=consent`;
    return engine(request, response);
  };
}

/** The engine builds addresses of what a request says about its host: it gets ours. */
function pinned(handler: Handler, { host, protocol }: URL): Handler {
  return (request, response) => {
    request.headers.host = host;
    request.headers['x-forwarded-proto'] = protocol.slice(0, -1);
    delete request.headers['x-forwarded-host'];
    return handler(request, response);
  };
}

function logged(handler: Handler, log: (line: string) => void): Handler {
  return (request, response) => {
    const [path = ''] = (request.url ?? '').split('?', 1);
    response.once('close', () =>
      log(`${request.method} ${path.replace(/^(\/(?:interaction|authorize)\/).*/, '$1…')} ${response.statusCode}`),
    );
    return handler(request, response);
  };
}
