import type { NodeResponse } from './node-response.ts';

/** What an API tells about itself, so that a client finds out where to sign in. */
export interface ResourceMetadataOptions {
  /** The API as clients and access tokens name it: an https URL without a fragment. http on a loopback address only. */
  readonly resource: string;
  /** Issuers whose tokens the API takes, spelled as they spell themselves. */
  readonly authorizationServers: readonly string[];
  /** Scopes that a client may ask for. */
  readonly scopes?: readonly string[];
  /** For people. */
  readonly name?: string;
  /** URL of a page for developers. */
  readonly documentation?: string;
}

/** Protected resource metadata: give it to adapters as `resourceMetadata`, and serve it at `path`. */
export interface ResourceMetadata {
  /** What a challenge points to. */
  readonly url: string;
  /** Where to serve it: the well-known path with the path of the resource behind it. */
  readonly path: string;
  readonly document: Readonly<Record<string, unknown>>;
  /** Serves it to a standard request, in Hono as `app.get(metadata.path, metadata.fetch)`, and in Fastify. */
  readonly fetch: () => Response;
  /** Serves it in Express as `app.get(metadata.path, metadata.node)`, and in `node:http`. */
  readonly node: (request: unknown, response: NodeResponse) => void;
}

const wellKnown = '/.well-known/oauth-protected-resource';
const headers = {
  'content-type': 'application/json',
  'cache-control': 'public, max-age=300',
  // It is public, and clients in a browser read it from other origins.
  'access-control-allow-origin': '*',
};

/** Describes an API for its clients: RFC 9728. Throws a `TypeError` for what is no resource or no issuer. */
export function resourceMetadata(options: ResourceMetadataOptions): ResourceMetadata {
  const { resource, authorizationServers, scopes, name, documentation } = options;
  const { origin, pathname, search } = placeOf('resource', resource);
  if (authorizationServers.length === 0) throw new TypeError('authorizationServers must name at least one issuer');
  for (const server of authorizationServers) placeOf('authorizationServers', server);
  if (documentation !== undefined) placeOf('documentation', documentation);
  const document = Object.freeze({
    resource,
    authorization_servers: Object.freeze([...authorizationServers]),
    bearer_methods_supported: Object.freeze(['header']),
    ...(scopes && { scopes_supported: Object.freeze([...scopes]) }),
    ...(name !== undefined && { resource_name: name }),
    ...(documentation !== undefined && { resource_documentation: documentation }),
  });
  const body = JSON.stringify(document);
  // RFC 9728 section 3.1: the well-known part goes between the host and the path, and a lone slash is no path.
  const path = `${wellKnown}${pathname === '/' ? '' : pathname}`;
  return Object.freeze({
    url: `${origin}${path}${search}`,
    path,
    document,
    fetch: () => new Response(body, { headers }),
    node: (_request: unknown, response: NodeResponse) => {
      for (const [key, value] of Object.entries(headers)) response.setHeader(key, value);
      response.end(body);
    },
  });
}

function placeOf(what: string, value: string): URL {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const loopback = url?.protocol === 'http:' && /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname);
  if (url === undefined || value.includes('#') || !(url.protocol === 'https:' || loopback))
    throw new TypeError(`${what} must be an https URL without a fragment (http on a loopback address only), not "${value}"`);
  return url;
}
