/**
 * Headers by which a proxy names the user to the application behind it. From a client they are a claim that nobody
 * verified, and behind a guard the token alone says who calls: so they are taken out before a handler can trust one.
 */
const namesOfUsers = new RegExp(
  [
    '^(?:x-)?remote-(?:user|name|email|groups?)$',
    '^x-user(?:-?(?:id|name|email|groups?|roles?))?$',
    '^x-forwarded-(?:user|email|groups|preferred-username|access-token)$',
    '^x-(?:auth-request|authenticated|webauth|amzn-oidc|goog-authenticated-user|ms-client-principal)(?:-.*)?$',
  ]
    .join('|')
    // Some servers read both spellings as one name.
    .replaceAll('-', '[-_]'),
);

interface NodeHeaders {
  readonly headers: object;
  readonly rawHeaders?: readonly string[] | undefined;
}

/** Takes the headers that name a user out of a request of Node. */
export function dropIdentityHeaders(request: NodeHeaders): void {
  const { rawHeaders = [] } = request;
  // Node makes `headers` of the raw list when somebody reads it: a request that names nobody is spared that here.
  if (rawHeaders.length > 0 && !namesUser(rawHeaders)) return;
  dropFrom(request.headers as Record<string, unknown>, rawHeaders as string[]);
}

function dropFrom(headers: Record<string, unknown>, rawHeaders: string[]): void {
  for (const name of Object.keys(headers)) if (isIdentityHeader(name)) delete headers[name];
  for (let at = rawHeaders.length - 2; at >= 0; at -= 2) if (isIdentityHeader(rawHeaders[at])) rawHeaders.splice(at, 2);
}

/**
 * A standard request without the headers that name a user: the same one, unless its headers cannot be changed.
 * `platform` is what came with it: the bindings of @hono/node-server hold Node's own request, whose raw list is quicker to read.
 */
export function withoutIdentityHeaders(request: Request, platform?: unknown): Request {
  const rawHeaders = (platform as { incoming?: NodeHeaders } | null | undefined)?.incoming?.rawHeaders;
  if (Array.isArray(rawHeaders) && rawHeaders.length > 0 && !namesUser(rawHeaders)) return request;
  let names: string[] | undefined;
  for (const name of request.headers.keys()) if (isIdentityHeader(name)) names = [...(names ?? []), name];
  if (names === undefined) return request;
  const headers = new Headers(request.headers);
  for (const name of names) headers.delete(name);
  try {
    for (const name of names) request.headers.delete(name);
    return request;
  } catch {
    return new Request(request, { headers });
  }
}

function namesUser(rawHeaders: readonly string[]): boolean {
  for (let at = 0; at < rawHeaders.length; at += 2) if (isIdentityHeader(rawHeaders[at])) return true;
  return false;
}

function isIdentityHeader(name = ''): boolean {
  const first = name.charCodeAt(0) | 0x20;
  return (first === 0x78 || first === 0x72) && namesOfUsers.test(name.toLowerCase());
}
