import { createHash } from 'node:crypto';
import { type OpenApiDocument, serverOrigins, withScheme } from './document.ts';
import { type DocsFiles, readDocsFiles } from './files.ts';
import { apiParameters, type DocsLogin, type LoginEndpoints, securityScheme } from './login.ts';
import { type DocsSettings, docsPage, redirectPage } from './page.ts';
import { pageHeaders } from './policy.ts';
import { registrationAt } from './vendors.ts';

/** What the docs page answers from. */
export interface Answering {
  readonly path: string;
  readonly title: string | undefined;
  readonly login: DocsLogin;
  readonly schemeName: string;
  readonly document: () => OpenApiDocument;
  /** Undefined while the provider does not say. */
  readonly endpoints: () => Promise<LoginEndpoints | undefined>;
}

/** Answers what lies below the path, and nothing else. */
export function createAnswers(answering: Answering): (request: Request) => Promise<Response | undefined> {
  const { path } = answering;
  const files = readDocsFiles();
  const base = `${path}/files/${files.release}`;
  const pages: Readonly<Record<string, () => Promise<Response>>> = {
    [path]: () => page(answering, base),
    [`${path}/openapi.json`]: () => openapi(answering),
    [`${path}/oauth2-redirect`]: async () => text(redirectPage({ base }), { type: html, headers: pageHeaders([]) }),
  };
  return async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname !== path && !pathname.startsWith(`${path}/`)) return undefined;
    if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, 'Only GET and HEAD.', { allow: 'GET, HEAD' });
    if (pathname === `${path}/`) return new Response(null, { status: 308, headers: { location: path } });
    const answer = (await pages[pathname]?.()) ?? (await file(pathname, base, { files, request }));
    return finished(answer ?? plain(404, `There is nothing here. The API docs are at ${path}`), request);
  };
}

const html = 'text/html; charset=utf-8';

async function page(answering: Answering, base: string): Promise<Response> {
  const document = answering.document();
  const settings = await settingsOf(answering);
  const { endpoints } = settings;
  const connect = new Set([...(endpoints === undefined ? [] : [new URL(endpoints.tokenEndpoint).origin]), ...serverOrigins(document)]);
  return text(docsPage(document, settings, { base, title: answering.title }), { type: html, headers: pageHeaders([...connect]) });
}

async function openapi({ document, login, schemeName, endpoints }: Answering): Promise<Response> {
  const scheme = securityScheme(login, await endpoints());
  const whole = withScheme(document(), { name: schemeName, scheme });
  return text(JSON.stringify(whole), { type: 'application/json; charset=utf-8', headers: { 'x-content-type-options': 'nosniff' } });
}

async function settingsOf({ path, login, schemeName, endpoints }: Answering): Promise<DocsSettings> {
  const { provider, clientId, scopes } = login;
  const { authorization, token } = apiParameters(login);
  return {
    documentUrl: `${path}/openapi.json`,
    redirectPath: `${path}/oauth2-redirect`,
    schemeName,
    clientId,
    scopes,
    authorizationParameters: authorization,
    tokenParameters: token,
    register: registrationAt(provider),
    provider: new URL(provider.issuer).host,
    endpoints: await endpoints(),
  };
}

interface FileAsk {
  readonly files: DocsFiles;
  readonly request: Request;
}

async function file(pathname: string, base: string, { files, request }: FileAsk): Promise<Response | undefined> {
  const found = pathname.startsWith(`${base}/`) ? files.byName.get(pathname.slice(base.length + 1)) : undefined;
  if (found === undefined) return undefined;
  const small = /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/i.test(request.headers.get('accept-encoding') ?? '');
  return new Response(small ? await found.gzipped() : found.body, {
    headers: {
      'content-type': found.type,
      ...(small ? { 'content-encoding': 'gzip' } : {}),
      vary: 'accept-encoding',
      'cache-control': 'public, max-age=31536000, immutable',
      etag: `"${files.release}${small ? '-gzip' : ''}"`,
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
    },
  });
}

function text(body: string, { type, headers }: { readonly type: string; readonly headers: Record<string, string> }): Response {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  return new Response(body, { headers: { 'content-type': type, 'cache-control': 'no-cache', etag, ...headers } });
}

function plain(status: number, words: string, headers: Record<string, string> = {}): Response {
  return new Response(`${words}\n`, {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', ...headers },
  });
}

/** 304 for what the browser has already; no body for HEAD. */
function finished(answer: Response, request: Request): Response {
  const etag = answer.headers.get('etag');
  const known = (request.headers.get('if-none-match') ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (etag !== null && known.includes(etag)) {
    const headers = new Headers(answer.headers);
    for (const name of ['content-type', 'content-encoding']) headers.delete(name);
    return new Response(null, { status: 304, headers });
  }
  return request.method === 'HEAD' ? new Response(null, answer) : answer;
}
