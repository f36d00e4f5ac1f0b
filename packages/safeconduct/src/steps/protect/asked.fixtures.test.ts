/** A provider that is asked about tokens, which a test can script, stop and start again at the same address. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { generic } from '../../core/providers/generic.ts';
import { type Guard, type ProtectOptions, protect } from './protect.ts';
import type { IntrospectionClient } from './trust.ts';

type Json = Record<string, unknown>;

export const api = 'https://api.example';

/** What the introspection endpoint was asked. */
export interface Question {
  readonly form: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
}

export interface AskedProvider {
  readonly issuer: string;
  /** What the provider says about tokens it knows. */
  readonly known: Map<string, Json>;
  /** Everything that reached the introspection endpoint. */
  readonly questions: Question[];
  /** How many requests came, by path. */
  readonly calls: Map<string, number>;
  /** Answers in place of the honest answer: status, body, content type. */
  respond?: ((question: Question) => { status?: number; body?: string; type?: string } | undefined) | undefined;
  /** Runs before an answer is sent: wait in it to hold the answer back. */
  holding?: (() => Promise<void>) | undefined;
  metadata: (honest: Json) => Json;
  sign(claims: Json, header?: Json): Promise<string>;
  stop(): Promise<void>;
  start(): Promise<void>;
}

export async function startAskedProvider(kid = 'k1'): Promise<AskedProvider> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk: JWK = { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' };
  let server: Server | undefined;
  let port = 0;
  const start = async () => {
    server = createServer((request, response) => void handle(provider, jwk, [request, response]));
    await new Promise<void>((resolve) => server?.listen(port, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  };
  const stop = async () => {
    server?.closeAllConnections();
    await new Promise((resolve) => server?.close(resolve));
  };
  const provider = {} as AskedProvider;
  await start();
  return Object.assign(provider, {
    issuer: `http://127.0.0.1:${port}`,
    known: new Map(),
    questions: [],
    calls: new Map(),
    metadata: (honest: Json) => honest,
    sign: (claims: Json, header: Json = {}) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid, typ: 'at+jwt', ...header }).sign(privateKey),
    start,
    stop,
  });
}

async function handle(provider: AskedProvider, jwk: JWK, [request, response]: [IncomingMessage, ServerResponse]): Promise<void> {
  const path = request.url ?? '/';
  provider.calls.set(path, (provider.calls.get(path) ?? 0) + 1);
  // Nobody finds a kept connection broken: what is counted here are attempts.
  const headers = { connection: 'close' };
  const send = (status: number, body: string, type = 'application/json') =>
    response.writeHead(status, { ...headers, 'content-type': type }).end(body);
  const { issuer } = provider;
  if (path === '/.well-known/openid-configuration') {
    const honest = {
      issuer,
      jwks_uri: `${issuer}/jwks`,
      token_endpoint: `${issuer}/token`,
      introspection_endpoint: `${issuer}/introspect`,
    };
    send(200, JSON.stringify(provider.metadata(honest)));
  } else if (path === '/jwks') {
    send(200, JSON.stringify({ keys: [jwk] }));
  } else if (path === '/introspect') {
    let text = '';
    for await (const chunk of request) text += chunk;
    const question = { form: new URLSearchParams(text), headers: request.headers };
    provider.questions.push(question);
    const answer = provider.respond?.(question) ?? {};
    const honest = JSON.stringify(provider.known.get(question.form.get('token') ?? '') ?? { active: false });
    await provider.holding?.();
    send(answer.status ?? 200, answer.body ?? honest, answer.type);
  } else send(404, '{}');
}

/** Seconds since 1970, as claims count them. */
export const seconds = (ms = Date.now()) => Math.floor(ms / 1000);

/** What a provider says about a good token. */
export const active = ({ issuer }: Pick<AskedProvider, 'issuer'>, changes: Json = {}): Json => ({
  active: true,
  iss: issuer,
  aud: [api],
  sub: 'ada',
  client_id: 'shop',
  scope: 'openid orders:read',
  roles: ['customer'],
  token_type: 'Bearer',
  iat: seconds() - 10,
  exp: seconds() + 3_600,
  ...changes,
});

export const credentials: IntrospectionClient = { clientId: 'orders-api', clientSecret: 'secret' };

/** A guard that asks this provider about every token. */
export const askingGuard = ({ issuer }: Pick<AskedProvider, 'issuer'>, options: Partial<AskingGuardOptions> = {}): Guard => {
  const { introspection = credentials, ...others } = options;
  return protect({ provider: generic({ issuer, accessTokens: 'introspection' }), audience: api, introspection, ...others });
};

type AskingGuardOptions = Omit<Extract<ProtectOptions, { audience: unknown }>, 'issuers'>;

export const bearing = (token: string) => new Request(api, { headers: { authorization: `Bearer ${token}` } });
