/** How the docs page gets into a framework: typed by shape, so that no version of any is forced on anybody. */

type Answer = (request: Request) => Promise<Response | undefined>;

/** The part of a Hono context that is used. */
export interface DocsHonoContext {
  readonly req: { readonly raw: Request };
}

/** The part of a Node request that is used. */
export interface DocsIncoming {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** Express: the path before a router cut something off. */
  readonly originalUrl?: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** The part of a Node response that is used. */
export interface DocsOutgoing {
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  end(body?: Uint8Array): unknown;
}

/** The part of a Fastify reply that is used. */
export interface DocsFastifyReply {
  code(status: number): unknown;
  header(name: string, value: string): unknown;
  send(body?: unknown): unknown;
}

/** The part of a Fastify instance that is used. */
export interface DocsFastify {
  get(path: string, handler: (request: { readonly raw: DocsIncoming }, reply: DocsFastifyReply) => Promise<unknown>): unknown;
}

/** One mount for each framework. */
export interface DocsMounts {
  /** `app.use(docs.hono)` */
  readonly hono: (context: DocsHonoContext, next: () => Promise<void>) => Promise<Response | undefined>;
  /** `app.use(docs.express)` */
  readonly express: (request: DocsIncoming, response: DocsOutgoing, next: (error?: unknown) => void) => void;
  /** `app.register(docs.fastify)` */
  readonly fastify: (instance: DocsFastify) => Promise<void>;
  /** `if (await docs.node(request, response)) return;` True when it answered. */
  readonly node: (request: DocsIncoming, response: DocsOutgoing) => Promise<boolean>;
}

/** Puts an answer into each framework. */
export function mountsOf(path: string, answer: Answer): DocsMounts {
  const node: DocsMounts['node'] = async (request, response) => {
    if (!isBelow(path, request)) return false;
    const found = await answer(requestOf(request));
    if (found === undefined) return false;
    response.statusCode = found.status;
    found.headers.forEach((value, name) => void response.setHeader(name, value));
    response.end(new Uint8Array(await found.arrayBuffer()));
    return true;
  };
  return {
    node,
    async hono({ req }, next) {
      const found = await answer(req.raw);
      if (found === undefined) await next();
      return found;
    },
    express(request, response, next) {
      if (isBelow(path, request)) node(request, response).then((answered) => answered || next(), next);
      else next();
    },
    async fastify(instance) {
      for (const route of [path, `${path}/*`]) {
        instance.get(route, async ({ raw }, reply) => {
          const found = await answer(requestOf(raw));
          reply.code(found?.status ?? 404);
          found?.headers.forEach((value, name) => void reply.header(name, value));
          return reply.send(found === undefined ? '' : Buffer.from(await found.arrayBuffer()));
        });
      }
    },
  };
}

const urlOf = ({ originalUrl, url }: DocsIncoming): string => originalUrl ?? url ?? '/';

function isBelow(path: string, request: DocsIncoming): boolean {
  const url = urlOf(request);
  return url.startsWith(path) && /^([/?#]|$)/.test(url.slice(path.length));
}

// Only the path and three headers are read, so any host does.
function requestOf(request: DocsIncoming): Request {
  const headers = new Headers();
  for (const name of ['accept-encoding', 'if-none-match']) {
    const value = request.headers[name];
    if (typeof value === 'string') headers.set(name, value);
  }
  // Some methods of HTTP are none of fetch: whatever is neither GET nor HEAD is answered alike.
  const method = request.method === 'GET' || request.method === 'HEAD' ? request.method : 'POST';
  return new Request(new URL(urlOf(request).split(/[?#]/)[0] ?? '/', 'http://docs.invalid'), { method, headers });
}
