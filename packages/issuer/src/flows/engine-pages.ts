/** What stands around the engine's pages: their headers, where their forms may come from, and its own intermediate pages. */
import { hash } from 'node:crypto';
import { raw } from 'hono/html';
import type { Provider } from 'oidc-provider';
import { continuePage } from '../pages/continue.ts';
import { fromOurPage } from './csrf.ts';
import { type Desk, drawProblem } from './desk.ts';
import { inPopups } from './interaction.ts';
import { formTarget, pageHeaders } from './security-headers.ts';

type Middleware = Parameters<Provider['use']>[0];
type Ctx = Parameters<Middleware>[0];
type EngineDesk = Pick<Desk, 'provider' | 'issuer' | 'frame' | 'log' | 'voice'>;

/** Wires the middleware. It belongs before the engine: `provider.use(...)`. */
export function aroundEnginePages(desk: EngineDesk): Middleware {
  const guarded = [desk.provider.pathFor('code_verification'), desk.provider.pathFor('end_session_confirm')].map((own) =>
    own.toLowerCase(),
  );
  const [device] = guarded;
  return async (ctx, next) => {
    // The engine's router takes a path with a slash at its end for the same, and letters in either case.
    const path = ctx.path.replace(/\/$/, '').toLowerCase();
    if (ctx.method === 'POST' && guarded.includes(path) && !fromOurPage(desk.issuer, provenanceOf(ctx))) return refuse(desk, ctx);
    if (ctx.method === 'GET' && path === device) keepUserCode(ctx);
    await next();
    if (ctx.response.is('html')) dress(desk, ctx);
  };
}

const provenanceOf = (ctx: Ctx) => ({
  origin: ctx.get('origin') || undefined,
  site: ctx.get('sec-fetch-site') || undefined,
});

function refuse(desk: EngineDesk, ctx: Ctx): void {
  ctx.status = 403;
  ctx.type = 'html';
  ctx.body = drawProblem(desk, { code: 'form_refused' });
  ctx.set(pageHeaders(desk.issuer));
}

/** A code in the address (`verification_uri_complete`) fills in the form; without this the engine sends it by script. */
function keepUserCode(ctx: Ctx): void {
  const { user_code: code, ...rest } = ctx.query;
  if (typeof code !== 'string') return;
  ctx.state.userCode = code.slice(0, 64);
  ctx.query = rest;
}

function dress({ issuer, frame, voice }: EngineDesk, ctx: Ctx): void {
  const message = typeof ctx.body === 'string' ? messageScript(ctx.body) : undefined;
  const framedBy = formTarget(String(ctx.oidc?.params?.redirect_uri));
  if (message !== undefined && framedBy !== undefined)
    return void ctx.set(pageHeaders(issuer, { script: hash('sha256', message, 'base64'), framedBy }));
  const own = typeof ctx.body === 'string' ? selfSending(ctx.body) : undefined;
  if (own) ctx.body = continuePage(frame, { action: own.action, fields: raw(own.fields), script: raw(own.script) });
  const leadsTo: readonly string[] = Array.isArray(ctx.state.leadsTo) ? ctx.state.leadsTo : [];
  const script = own && hash('sha256', own.script, 'base64');
  ctx.set(pageHeaders(issuer, { leadsTo: own ? [own.action] : leadsTo, script, keepsOpener: inPopups(voice) }));
}

interface SelfSending {
  readonly action: string;
  /** HTML of the hidden fields, escaped by the engine. */
  readonly fields: string;
  readonly script: string;
}

// The engine's page for response_mode=form_post and for posts to itself (oidc-provider lib/response_modes/form_post.js).
const FORM = /<form method="post" action="([^"]*)">\s*((?:<input type="hidden" name="[^"<>]*" value="[^"<>]*"\/>\s*)*)<noscript>/;
const SCRIPT = /<script>([^<]*)<\/script>/;

function selfSending(body: string): SelfSending | undefined {
  if (!body.includes('<title>Submitting Callback</title>')) return undefined;
  const [, action, fields] = FORM.exec(body) ?? [];
  const [, script] = SCRIPT.exec(body) ?? [];
  if (action === undefined || fields === undefined || script === undefined) return undefined;
  return { action: unescaped(action), fields, script };
}

/** The script of the engine's answer to whoever framed or opened it (oidc-provider lib/response_modes/web_message.js). */
function messageScript(body: string): string | undefined {
  return body.includes('<title>Web Message Response</title>') ? SCRIPT.exec(body)?.[1] : undefined;
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
const unescaped = (text: string): string => text.replace(/&(amp|lt|gt|quot|#39);/g, (whole, name: string) => entities[name] ?? whole);
