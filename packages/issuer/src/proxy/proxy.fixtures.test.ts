/** A proxy, a third party's API behind it and two people in front of it, for tests. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener, type RequestOptions, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Connection, ProxyPolicy } from '../connections/connection.ts';
import { createOutboundAgent, type OutboundOptions } from '../connections/outbound-agent.ts';
import { connectionOf } from '../connections/upstream.fixtures.test.ts';
import type { VaultAnswer } from '../connections/vault.ts';
import type { VaultQuestion } from '../connections/vault-row.ts';
import type { LiveToken } from '../provider/live-token.ts';
import type { SecurityEvent } from '../store/events.ts';
import { createProxy, type ProxyOptions } from './proxy.ts';

export const ISSUER = 'http://localhost:8080';

/** What the third party's API was asked. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: Record<string, string>;
}

export interface ProxyWorld {
  /** Where the proxy listens. */
  readonly port: number;
  readonly api: string;
  readonly seen: Seen[];
  readonly events: SecurityEvent[];
  readonly asked: VaultQuestion[];
  /** What the third party answers. Default: 200 and what it was asked, as JSON. */
  answer: RequestListener | undefined;
  policy: ProxyPolicy | undefined;
  connection: Partial<Connection>;
  vault: (asked: VaultQuestion) => VaultAnswer;
  ask(path: string, options?: RequestOptions & { readonly body?: string | undefined }): Promise<Answered>;
  close(): Promise<void>;
}

export interface WorldOptions {
  readonly limits?: ProxyOptions['limits'];
  readonly outbound?: Partial<OutboundOptions>;
}

const inAMinute = (): number => Math.floor(Date.now() / 1000) + 60;

/** A token for the proxy as introspection knows it. Its value is the person's name. */
export function tokenOf(person: string, changes: Partial<LiveToken> = {}): LiveToken {
  return {
    kind: 'jwt',
    usedFor: undefined,
    subject: `usr_${person}`,
    client: 'shop-api',
    audience: [`${ISSUER}/proxy/calendar`],
    scopes: [],
    id: `jti-${person}`,
    expiresAt: inAMinute(),
    issuedAt: undefined,
    extra: {},
    grantId: undefined,
    grant: undefined,
    bearer: { kind: 'person', id: `usr_${person}`, organization: 'org_demo' } as LiveToken['bearer'],
    suspended: false,
    ...changes,
  };
}

export const vaultToken = (accessToken: string): VaultAnswer => ({
  kind: 'token',
  accessToken,
  expiresAt: undefined,
  scopes: [],
  accountId: 'cac_1',
});

export async function startProxyWorld({ limits, outbound = {} }: WorldOptions = {}): Promise<ProxyWorld> {
  const tokens = new Map<string, LiveToken>([
    ['ada', tokenOf('ada')],
    ['ben', tokenOf('ben')],
    ['other-connection', tokenOf('ada', { audience: [`${ISSUER}/proxy/mail`] })],
    ['other-api', tokenOf('ada', { audience: ['https://api.example'] })],
    ['two-audiences', tokenOf('ada', { audience: [`${ISSUER}/proxy/calendar`, 'https://api.example'] })],
    ['service', tokenOf('bot', { bearer: { kind: 'service', id: 'usr_bot' } as LiveToken['bearer'] })],
    ['moved', tokenOf('ada', { bearer: { kind: 'person', id: 'usr_ada', organization: 'org_other' } as LiveToken['bearer'] })],
    ['nobody', tokenOf('ada', { bearer: undefined })],
    ['personal', tokenOf('ada', { kind: 'personal' })],
    ['chosen', tokenOf('ada', { scopes: ['calendar.read'], extra: { account: 'ada@there' } })],
  ]);
  const api = await listening((request, response) => void answerThere(world, request, response));
  const agent = createOutboundAgent({ issuer: ISSUER, ...outbound });
  const proxy = createProxy({
    issuer: ISSUER,
    connections: {
      find: async (id) =>
        ['calendar', 'mail'].includes(id) ? connectionOf('oauth2', { id, proxy: world.policy, ...world.connection }) : undefined,
    },
    vault: {
      token: async (asked) => {
        world.asked.push(asked);
        return world.vault(asked);
      },
    },
    outbound: agent,
    verify: async (value) => tokens.get(value),
    record: async (event) => void world.events.push(event),
    log: { warn: () => {} },
    limits,
  });
  const front = await listening((request, response) => void proxy.handler(request, response));
  const world: ProxyWorld = {
    port: front.port,
    api: api.url,
    seen: [],
    events: [],
    asked: [],
    answer: undefined,
    policy: { baseUrl: `${api.url}/v3`, methods: ['GET', 'HEAD', 'POST', 'DELETE'], paths: ['/events', '/events/*', '/files/**'] },
    connection: {},
    vault: ({ userId }) => vaultToken(`third-party-token-of-${userId}`),
    ask: (path, options = {}) => ask(front.port, path, options),
    close: async () => {
      await Promise.all([front.close(), api.close()]);
      await agent.close();
    },
  };
  return world;
}

async function answerThere(world: ProxyWorld, ...[request, response]: Parameters<RequestListener>): Promise<void> {
  const { method = '', url = '', headers } = request;
  const chunks: Buffer[] = [];
  if (world.answer === undefined || headers['x-stream'] === undefined) for await (const chunk of request) chunks.push(chunk as Buffer);
  const seen = { method, url, headers, body: Buffer.concat(chunks).toString() };
  world.seen.push(seen);
  if (world.answer) {
    world.answer(request, response);
    return;
  }
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(seen));
}

export async function listening(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { port, url: `http://127.0.0.1:${port}`, close };
}

/** Sends the path to the letter, which `fetch` would not. */
async function ask(
  port: number,
  path: string,
  { body, ...options }: RequestOptions & { readonly body?: string | undefined },
): Promise<Answered> {
  const given = Object.entries({ authorization: 'Bearer ada', ...options.headers }).filter(([, value]) => value !== undefined);
  const request = send({ port, host: '127.0.0.1', path, ...options, headers: Object.fromEntries(given) });
  request.end(body);
  const [response] = await once(request, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return { status: response.statusCode, headers: response.headers, text, json: text.startsWith('{') ? JSON.parse(text) : {} };
}
