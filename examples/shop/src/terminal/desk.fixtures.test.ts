/** One small server that is the issuer and the shop's chat at once, as far as the terminal sees them. */
import { createHash, createSign, generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ChatMessage } from './events.ts';

/** What the shop answers to a conversation: lines of JSON, as they are written. */
export type Script = (messages: readonly ChatMessage[], closed: AbortSignal) => AsyncIterable<object | string> | Iterable<object | string>;

export interface Desk {
  readonly url: string;
  readonly api: string;
  /** The conversations that were sent with a good token. */
  readonly chats: (readonly ChatMessage[])[];
  /** Grant types that were answered with tokens, in order. */
  readonly grants: string[];
  readonly revoked: string[];
  /** Every token that was given out. */
  readonly tokens: string[];
  script: Script;
  /** Who signs in next. */
  subject: string;
  /** An OAuth error that the next token request gets. */
  refusal: string | undefined;
  /** Nobody finishes the sign-in. */
  pending: boolean;
  /** From now on the shop takes no access token that was given out before. */
  endTokens(): void;
  close(): Promise<void>;
}

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'k', use: 'sig', alg: 'ES256' };
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function jwt(claims: object, typ: string): string {
  const signed = `${part({ alg: 'ES256', kid: 'k', typ })}.${part(claims)}`;
  return `${signed}.${createSign('sha256').update(signed).sign({ key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text;
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Gives tokens to whoever asks with a device code or a refresh token. */
function issue(desk: Desk, live: Set<string>): object {
  const now = Math.floor(Date.now() / 1000);
  const common = { iss: desk.url, sub: desk.subject, client_id: 'shop-terminal', iat: now, exp: now + 600, sid: 's1' };
  const access = jwt(
    { ...common, aud: desk.api, jti: randomBytes(9).toString('hex'), scope: 'openid orders:read', roles: ['customer'] },
    'at+jwt',
  );
  const atHash = createHash('sha256').update(access).digest().subarray(0, 16).toString('base64url');
  const name = desk.subject === 'usr_ada' ? 'Ada Brandt' : 'Ben Okafor';
  const id = jwt({ ...common, aud: 'shop-terminal', at_hash: atHash, name, email: `${desk.subject}@shop.example` }, 'JWT');
  const refresh = `refresh-${randomBytes(24).toString('hex')}`;
  live.add(access);
  desk.tokens.push(access, refresh, id);
  return { access_token: access, id_token: id, refresh_token: refresh, token_type: 'Bearer', expires_in: 600, scope: 'openid orders:read' };
}

async function answerToken(desk: Desk, live: Set<string>, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const parameters = new URLSearchParams(await bodyOf(request));
  const { refusal } = desk;
  if (desk.pending) return json(response, 400, { error: 'authorization_pending' });
  desk.refusal = undefined;
  if (refusal) return json(response, 400, { error: refusal });
  desk.grants.push(parameters.get('grant_type')?.split(':').at(-1) ?? '');
  json(response, 200, issue(desk, live));
}

async function answerChat(desk: Desk, live: Set<string>, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { messages } = JSON.parse(await bodyOf(request)) as { messages: ChatMessage[] };
  const token = request.headers.authorization?.replace('Bearer ', '') ?? '';
  if (!live.has(token)) return json(response, 401, { error: 'invalid_token', error_description: 'The access token is not valid here.' });
  desk.chats.push(messages);
  const closed = new AbortController();
  response.on('close', () => closed.abort());
  response.writeHead(200, { 'content-type': 'application/x-ndjson' }).flushHeaders();
  for await (const line of desk.script(messages, closed.signal))
    response.write(typeof line === 'string' ? line : `${JSON.stringify(line)}\n`);
  response.end();
}

export async function startDesk(): Promise<Desk> {
  const live = new Set<string>();
  const routes: Record<string, (request: IncomingMessage, response: ServerResponse) => unknown> = {
    '/.well-known/openid-configuration': (_, response) => json(response, 200, metadata()),
    '/jwks': (_, response) => json(response, 200, { keys: [jwk] }),
    '/device_authorization': (_, response) =>
      json(response, 200, {
        device_code: 'd1',
        user_code: 'BDWP-HQPK',
        verification_uri: `${url}/device`,
        verification_uri_complete: `${url}/device?user_code=BDWP-HQPK`,
        expires_in: 120,
        interval: 0,
      }),
    '/token': (request, response) => answerToken(desk, live, request, response),
    '/revoke': async (request, response) => {
      desk.revoked.push(new URLSearchParams(await bodyOf(request)).get('token') ?? '');
      response.writeHead(200).end();
    },
    '/api/me': ({ headers }, response) => {
      const signedIn = live.has(headers.authorization?.replace('Bearer ', '') ?? '');
      json(response, signedIn ? 200 : 401, signedIn ? { model: 'Scripted stand-in, no language model' } : { error: 'invalid_token' });
    },
    '/api/chat': (request, response) => answerChat(desk, live, request, response),
  };
  const server = createServer((request, response) => {
    const route = routes[request.url ?? ''];
    if (route) route(request, response);
    else json(response, 404, { error: 'not_found' });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const metadata = () => ({
    issuer: url,
    authorization_endpoint: `${url}/authorize`,
    token_endpoint: `${url}/token`,
    device_authorization_endpoint: `${url}/device_authorization`,
    revocation_endpoint: `${url}/revoke`,
    jwks_uri: `${url}/jwks`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  });
  const desk: Desk = {
    url,
    api: `${url}/api`,
    chats: [],
    grants: [],
    revoked: [],
    tokens: [],
    script: () => [{ type: 'text', text: 'Hello.' }, { type: 'done' }],
    subject: 'usr_ada',
    refusal: undefined,
    pending: false,
    endTokens: () => live.clear(),
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return desk;
}
