/** The routes that join pages, people and the engine: sign-in and consent, and the files that pages need. */
import type { KeyObject } from 'node:crypto';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { errors, type Provider } from 'oidc-provider';
import { KekUnavailable } from '../connections/kek.ts';
import type { Connections } from '../connections/registry.ts';
import type { Upstream } from '../connections/third-party.ts';
import { createTickets } from '../connections/tickets.ts';
import { createUpstreamRequests } from '../connections/upstream-requests.ts';
import type { Vault } from '../connections/vault.ts';
import type { SignInAttempt, SignInResult } from '../people/sign-in.ts';
import { lifetimes as completed, type Lifetimes, MAX_BODY } from '../provider/limits.ts';
import { atomically } from '../provider/unit.ts';
import type { Voice } from '../provider/voice.ts';
import type { Seal } from '../secrets/seal.ts';
import type { Store } from '../store/database.ts';
import { StoreUnavailable } from '../store/unavailable.ts';
import { addAccount } from './account.ts';
import { type Asset, createFrame, type Links, readAssets } from './assets.ts';
import { rememberBegun } from './begun.ts';
import { createAddressOf } from './client-address.ts';
import { addConnect } from './connect-routes.ts';
import { showConsent, takeConsent } from './consent.ts';
import { answerPage, type Bindings, type Desk, drawProblem, type FlowContext, type FlowLog, Refusal } from './desk.ts';
import { aroundEnginePages } from './engine-pages.ts';
import { openInteraction } from './interaction.ts';
import { showLogin, takeLogin } from './login.ts';
import { beginSignIn, leaveForWay, namedWay, type Way } from './upstream-login.ts';

export interface FlowsOptions {
  /** The engine. Its own pages get our headers and checks as well: a middleware is added to it. */
  readonly provider: Provider;
  readonly store: Store;
  /** Origin of the issuer. */
  readonly issuer: string;
  /** How this issuer speaks. */
  readonly voice: Voice;
  /** Checks a password (`createSignIn`). One for the process, whatever becomes of the engine. */
  readonly signIn: (attempt: SignInAttempt) => Promise<SignInResult>;
  /** Signs form tokens. */
  readonly key: KeyObject;
  readonly log: FlowLog;
  /** Places for help and privacy, linked at the foot of each page. Default: none. */
  readonly links?: Links;
  /** Addresses or networks whose X-Forwarded-For is believed. Default: none. */
  readonly trustedProxies?: readonly string[];
  readonly lifetimes?: Partial<Lifetimes>;
  readonly connections: Connections;
  readonly vault: Vault;
  readonly upstream: Upstream;
  /** Closes what is kept while somebody is at a third party. */
  readonly seal: Seal;
}

/** Wires `/interaction/…` and `/assets/…`, and answers everything else with a page that says so. */
export function createFlows({ links = {}, trustedProxies = [], lifetimes, seal, ...rest }: FlowsOptions): Hono<Bindings> {
  const assets = readAssets();
  const desk: Desk = {
    ...rest,
    frame: createFrame(rest.issuer, assets, links),
    addressOf: createAddressOf(trustedProxies),
    lifetimes: completed(lifetimes),
    begun: rememberBegun(rest.provider),
    trips: createUpstreamRequests({ store: rest.store, seal }),
    tickets: createTickets({ store: rest.store, seal }),
  };
  desk.provider.use(aroundEnginePages(desk));
  const app = new Hono<Bindings>();
  const bounded = bodyLimit({ maxSize: MAX_BODY, onError: (c) => answerError(desk, c, new Refusal(413, { code: 'too_large' })) });
  for (const path of ['/interaction/*', '/account/*', '/connect/*']) app.post(path, bounded);
  app.get('/interaction/:uid', (c) => show(desk, c));
  app.post('/interaction/:uid/login', (c) => takeLogin(desk, c));
  app.post('/interaction/:uid/consent', (c) => takeConsent(desk, c));
  app.post('/interaction/:uid/connection/:connection', (c) => beginSignIn(desk, c));
  // Somebody who reloads after a mistake begins again.
  for (const step of [':step{login|consent}', 'connection/:connection'])
    app.get(`/interaction/:uid/${step}`, (c) => c.redirect(`/interaction/${encodeURIComponent(c.req.param('uid') ?? '')}`, 303));
  // People see their accounts at the main issuer, wherever they came from.
  const { origin, home } = rest.voice;
  if (origin !== home) for (const path of ['/', '/account', '/account/*']) app.get(path, (c) => c.redirect(`${home}/account`, 303));
  addAccount(app, desk);
  addConnect(app, desk);
  for (const asset of assets) app.get(asset.path, (c) => answerAsset(c, asset));
  app.notFound((c) => answerError(desk, c, new Refusal(404, { code: 'not_found' })));
  app.onError((error, c) => answerError(desk, c, error));
  return app;
}

async function show(desk: Desk, c: FlowContext): Promise<Response> {
  const shown = await atomically(desk.store, () => firstPage(desk, c));
  return shown instanceof Response ? shown : leaveForWay(desk, c, shown);
}

/** The page of an interaction, or the way in that was asked for instead. */
async function firstPage(desk: Desk, c: FlowContext): Promise<Response | Way> {
  const opened = await openInteraction(desk, c, { toShow: true });
  if (c.req.query('account') === 'another') return showLogin(desk, c, opened, { fresh: true });
  const { name } = opened.interaction.prompt;
  const named = name === 'login' && c.req.query('way') !== 'any' ? await namedWay(desk, opened) : undefined;
  if (named) return named;
  if (name === 'login') return showLogin(desk, c, opened);
  if (name === 'consent') return showConsent(desk, c, opened);
  throw new TypeError(`the engine asked for a prompt that has no page: ${name}`);
}

function answerAsset(c: FlowContext, { body, type }: Asset): Response {
  return c.body(body, 200, {
    'content-type': type,
    'cache-control': 'public, max-age=31536000, immutable',
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
    ...(type.startsWith('image/svg') && { 'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'" }),
  });
}

function answerError(desk: Desk, c: FlowContext, error: Error): Response {
  const { status, problem } = refusalOf(error);
  if (status === 500) desk.log.error({ err: error }, 'a page could not be answered');
  const page = drawProblem(desk, problem, { failed: status >= 500, requestId: c.req.header('x-request-id') });
  return answerPage(desk, c, page, { status, retryAfter: status === 503 ? 5 : undefined });
}

function refusalOf(error: Error): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof errors.SessionNotFound) return new Refusal(400, { code: 'session_not_found', detail: error.error_description });
  if (error instanceof StoreUnavailable) return new Refusal(503, { code: 'temporarily_unavailable' });
  if (error instanceof KekUnavailable) return new Refusal(503, { code: 'vault_closed' });
  return new Refusal(500, { code: 'server_error' });
}
