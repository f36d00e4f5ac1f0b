import { Hono } from 'hono';
import { createLogin, createWebLogin, postgresSessions } from 'safeconduct/login';
import { protect } from 'safeconduct/protect';
import { safeconduct } from 'safeconduct/providers';
import { createReach } from 'safeconduct/reach';
import { createApi } from './api/api.ts';
import { createDocs } from './api/docs.ts';
import { type CalendarsOptions, createCalendars } from './calendar/calendar.ts';
import { createTurnstile } from './chat/turnstile.ts';
import { type Database, openDatabase } from './database/open.ts';
import { demoApiSecret, demoClientSecret } from './demo-client.ts';
import { demoPeople } from './demo-people.ts';
import { answerHealth, expectHost } from './front.ts';
import { jsonLog, type Log } from './log.ts';
import { type ChosenModel, chooseModel } from './models/model.ts';
import { derivedSecret, shopSecret } from './secret.ts';
import { type Listening, listen } from './server.ts';
import type { Settings } from './settings.ts';
import { createConversations } from './web/conversations.ts';
import { createCsrf } from './web/csrf.ts';
import { createWeb, loginFailed } from './web/web.ts';

export interface Shop {
  readonly url: string;
  /** Answers a request without a server. */
  readonly fetch: (request: Request) => Response | Promise<Response>;
  /** Begins to serve. Throws `PortTaken`. */
  listen(): Promise<void>;
  /** Answers what was asked already, for at most `drain` milliseconds (default 8,000), then lets go of everything. */
  close(drain?: number): Promise<void>;
}

export interface ShopParts {
  readonly log?: Log;
  readonly model?: ChosenModel;
  /** The demo orders end on the day before. Default: now. */
  readonly today?: Date;
}

/** Wires the shop: database, sign-in, guard, assistant, pages, API. */
export async function createShop(settings: Settings, parts: ShopParts = {}): Promise<Shop> {
  const { log = jsonLog, today = new Date() } = parts;
  const { url, dataDirectory, databaseUrl } = settings;
  const model = parts.model ?? chooseModel(settings.model);
  const secret = shopSecret(dataDirectory, settings.secret);
  const loginPassword = derivedSecret(secret, 'database log-in');
  const database = await openDatabase({
    directory: dataDirectory,
    loginPassword,
    today,
    log,
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
  });
  const { fetch } = assemble({ settings, secret, database, model, log });
  let listening: Listening | undefined;
  return {
    url,
    fetch,
    async listen() {
      listening = await listen({ ...settings, fetch });
      log('listening', { url, engine: database.engine, model: model.label });
    },
    async close(drain = 8_000) {
      await listening?.close(drain);
      await database.close();
    },
  };
}

interface Assembly {
  readonly settings: Settings;
  readonly secret: string;
  readonly database: Database;
  readonly model: ChosenModel;
  readonly log: Log;
}

function assemble({ settings, secret, database: { pool }, model, log }: Assembly): Hono {
  const { url, issuer, clientId, clientSecret = demoClientSecret } = settings;
  const audience = `${url}/api`;
  const provider = safeconduct({ issuer });
  const signIn = createLogin({
    provider,
    clientId,
    clientSecret,
    redirectUri: `${url}/auth/callback`,
    postLogoutRedirectUri: `${url}/`,
    scopes: ['openid', 'profile', 'email', 'offline_access', 'orders:read', 'orders:write', 'profile:read'],
    resource: audience,
  });
  const login = createWebLogin({
    login: signIn,
    sessions: postgresSessions(pool),
    secret: derivedSecret(secret, 'web sessions'),
    cookieName: 'shop-session',
    failed: (error) => loginFailed(error, log),
    log: ({ level, ...event }) => log(`login_${level}`, event),
  });
  // Whoever signed out, here or at the issuer, is out of the API, too: at once, though the token has minutes left.
  const guard = protect({ provider, audience, isEnded: login.isEnded });
  const calendar = calendarOptions(settings, log);
  const turnstile = createTurnstile({ each: 2, all: 50 });
  const shared = { pool, model, turnstile, log };
  const hint = settings.clientSecret === undefined ? demoPeople.slice(0, 2).map(({ email }) => email) : [];
  const app = new Hono();
  app.use(expectHost(url));
  answerHealth(app, pool, log);
  const api = createApi({ ...shared, guard, calendars: createCalendars(calendar) });
  app.route('/api', api);
  app.use(createDocs(api, { provider, resource: audience, log }).hono);
  app.route(
    '/',
    createWeb({
      ...shared,
      calendars: createCalendars({ ...calendar, returnTo: `${url}/` }),
      url,
      issuer,
      login,
      hint,
      csrf: createCsrf(derivedSecret(secret, 'forms')),
      conversations: createConversations(),
    }),
  );
  return app;
}

/** The assistant reaches calendars as the API that it is behind, whether it was asked on a page or in a terminal. */
function calendarOptions({ issuer, apiSecret = demoApiSecret, calendarUrl }: Settings, log: Log): CalendarsOptions {
  const reach = createReach({ provider: safeconduct({ issuer }), clientId: 'shop-api', clientSecret: apiSecret });
  return { reach, url: calendarUrl, accountPage: `${issuer}/account`, log };
}
