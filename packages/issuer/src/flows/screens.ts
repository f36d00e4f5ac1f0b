/** The engine's own pages, drawn in our look: devices, sign-out, errors. */
import type { Client, ErrorOut, KoaContextWithOIDC } from 'oidc-provider';
import { type CodeProblem, deviceCodePage, deviceConfirmPage, deviceDonePage } from '../pages/device.ts';
import type { Frame } from '../pages/layout.ts';
import { signedOutPage, signOutPage } from '../pages/sign-out.ts';
import { networkOf } from '../people/throttle.ts';
import type { DeviceOrigin, Screens } from '../provider/screens.ts';
import { unit } from '../provider/unit.ts';
import type { Store } from '../store/database.ts';
import { createFrame, type Links, readAssets } from './assets.ts';
import { type AddressOf, createAddressOf } from './client-address.ts';
import { drawProblem, type FlowLog } from './desk.ts';
import { appName, personOf } from './interaction.ts';
import type { Problem } from './problem.ts';
import { askedBy } from './scopes.ts';

export interface ScreensOptions {
  readonly issuer: string;
  readonly store: Store;
  readonly log: FlowLog;
  readonly links?: Links;
  readonly trustedProxies?: readonly string[];
}

interface Studio {
  readonly frame: Frame;
  readonly store: Store;
  readonly log: FlowLog;
  readonly addressOf: AddressOf;
}

/** Wires the pages that the engine asks for. */
export function createScreens({ issuer, store, log, links, trustedProxies = [] }: ScreensOptions): Screens {
  const studio: Studio = { frame: createFrame(issuer, readAssets(), links), store, log, addressOf: createAddressOf(trustedProxies) };
  return Object.freeze({
    error: async (ctx: KoaContextWithOIDC, out: ErrorOut, error: Error) => show(ctx, drawError(studio, ctx, out, error)),
    deviceCode: async (ctx: KoaContextWithOIDC, _form: string, _out?: ErrorOut, error?: Error) => show(ctx, drawCode(studio, ctx, error)),
    deviceConfirm: async (ctx: KoaContextWithOIDC, _form: string, client: Client, device: DeviceOrigin, code: string) =>
      show(ctx, await drawConfirm(studio, ctx, { client, device, code })),
    deviceDone: async (ctx: KoaContextWithOIDC) => show(ctx, await drawDone(studio, ctx)),
    signOut: async (ctx: KoaContextWithOIDC) => show(ctx, await drawSignOut(studio, ctx)),
    signedOut: async (ctx: KoaContextWithOIDC) => show(ctx, signedOutPage(studio.frame, { back: backTo(ctx.oidc.client) })),
  });
}

function show(ctx: KoaContextWithOIDC, page: string): void {
  ctx.type = 'html';
  ctx.body = page;
}

/** The value that the engine wants back in the field `xsrf`. */
const xsrfOf = (ctx: KoaContextWithOIDC): string => String(ctx.oidc.session?.state?.secret ?? '');

function drawError({ frame, log }: Studio, ctx: KoaContextWithOIDC, out: ErrorOut, error: Error): string {
  const asked: Readonly<Record<string, unknown>> = ctx.oidc?.params ?? {};
  const text = (value: unknown) => (typeof value === 'string' ? value.slice(0, 200) : undefined);
  const code = codes[error.name] ?? out.error;
  const problem: Problem = {
    code,
    detail: out.error_description,
    client: text(asked.client_id),
    askedFor: code === 'invalid_redirect_uri' ? text(asked.redirect_uri) : undefined,
  };
  return drawProblem({ frame, log }, problem, { failed: ctx.status >= 500, requestId: ctx.get('x-request-id') || undefined });
}

/** The engine's error classes whose OAuth code says less than their name. */
const codes: Readonly<Record<string, string>> = { SessionNotFound: 'session_not_found', InvalidRedirectUri: 'invalid_redirect_uri' };

function drawCode({ frame, log }: Studio, ctx: KoaContextWithOIDC, error: Error | undefined): string {
  if (error && lostSession(ctx)) return drawProblem({ frame, log }, { code: 'device_form_lost' }, { requestId: ctx.get('x-request-id') });
  const problem = error && problemOf(error);
  if (problem === 'denied') recordDecision(ctx, 'device.denied');
  return deviceCodePage(frame, {
    action: ctx.oidc.urlFor('code_verification'),
    csrf: { xsrf: xsrfOf(ctx) },
    code: typeof ctx.state.userCode === 'string' ? ctx.state.userCode : undefined,
    problem,
  });
}

/**
 * A form without the session that it was made in. The engine has begun another one for a second try, too late to keep it: it
 * must not try to.
 */
function lostSession({ oidc: { session } }: KoaContextWithOIDC): boolean {
  if (!session || typeof session.exp === 'number') return false;
  Object.assign(session, { touched: false });
  return true;
}

const problems: Readonly<Record<string, CodeProblem>> = {
  NotFoundError: 'unknown',
  ExpiredError: 'expired',
  AlreadyUsedError: 'used',
  NoCodeError: 'missing',
  AbortedError: 'denied',
  TooManyCodes: 'too-many',
  InvalidRequest: 'stale',
};

const problemOf = ({ name }: Error): CodeProblem => problems[name] ?? 'failed';

interface Confirm {
  readonly client: Client;
  readonly device: DeviceOrigin;
  /** As the device shows it. */
  readonly code: string;
}

async function drawConfirm(
  { frame, store, addressOf }: Studio,
  ctx: KoaContextWithOIDC,
  { client, device, code }: Confirm,
): Promise<string> {
  const params = ctx.oidc.entities.DeviceCode?.params ?? {};
  const { scopes } = await askedBy(store, client, params);
  return deviceConfirmPage(frame, {
    action: ctx.oidc.urlFor('code_verification'),
    fields: { xsrf: xsrfOf(ctx), user_code: code },
    code,
    app: appName(client),
    clientId: client.clientId,
    from: device.ip,
    elsewhere: device.ip !== undefined && networkOf(device.ip) !== networkOf(addressOf(ctx.req)),
    age: device.askedAt === undefined ? undefined : Math.max(0, Date.now() / 1000 - device.askedAt),
    scopes,
    person: await personOf(ctx.oidc.session?.accountId),
  });
}

async function drawDone({ frame }: Studio, ctx: KoaContextWithOIDC): Promise<string> {
  recordDecision(ctx, 'device.approved');
  const { client, session } = ctx.oidc;
  const person = (await personOf(session?.accountId)) ?? { name: 'you' };
  return deviceDonePage(frame, { app: client ? appName(client) : 'Your device', person });
}

function recordDecision(ctx: KoaContextWithOIDC, type: 'device.approved' | 'device.denied'): void {
  const { session, entities, client } = ctx.oidc;
  unit().record({
    type,
    outcome: type === 'device.approved' ? 'ok' : 'refused',
    actor: session?.accountId,
    client: client?.clientId ?? entities.DeviceCode?.clientId,
    ip: ctx.ip,
    requestId: ctx.get('x-request-id') || undefined,
  });
}

async function drawSignOut({ frame }: Studio, ctx: KoaContextWithOIDC): Promise<string> {
  const { session, client } = ctx.oidc;
  const signedIn = await Promise.all(Object.keys(session?.authorizations ?? {}).map((id) => ctx.oidc.provider.Client.find(id)));
  const apps = signedIn.filter((one) => one !== undefined);
  // The answer may lead back to the app that asked, when it registered the address.
  ctx.state.leadsTo = [session?.state?.postLogoutRedirectUri].filter((address) => typeof address === 'string');
  return signOutPage(frame, {
    action: ctx.oidc.urlFor('end_session_confirm'),
    fields: { xsrf: xsrfOf(ctx) },
    app: client && appName(client),
    person: (await personOf(session?.accountId)) ?? { name: 'you' },
    apps: apps.map((one) => ({ name: appName(one), host: hostOf(one) })),
  });
}

const firstWeb = ({ redirectUris = [] }: Client): URL | undefined =>
  redirectUris.filter((uri) => /^https?:/.test(uri) && URL.canParse(uri)).map((uri) => new URL(uri))[0];

const hostOf = (client: Client): string | undefined => (client.applicationType === 'native' ? undefined : firstWeb(client)?.host);

function backTo(client: Client | undefined): { name: string; url: string } | undefined {
  const origin = client && client.applicationType !== 'native' ? firstWeb(client)?.origin : undefined;
  return client && origin ? { name: appName(client), url: `${origin}/` } : undefined;
}
