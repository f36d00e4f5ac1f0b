/** Whether a request was written on this machine and came here without a stop. */
import type { IncomingMessage } from 'node:http';

/** What the socket and the request as it was sent say, before anything rewrote its headers. */
export type SetupCaller = Pick<IncomingMessage, 'rawHeaders'> & { readonly socket: Pick<IncomingMessage['socket'], 'remoteAddress'> };

const proxyHeaders =
  /^(?:forwarded|via|x-forwarded-.+|x-real-ip|x-client-ip|x-cluster-client-ip|x-original-.+|true-client-ip|cf-.+|fastly-client-ip|fly-client-ip|x-envoy-.+|x-amzn-.+)$/i;
const loopbackName = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;

/** Why a caller may not set up, as a sentence; undefined when it may. The socket decides: no header can help a caller. */
export function callerProblem({ socket, rawHeaders }: SetupCaller): string | undefined {
  if (!isLoopbackAddress(socket.remoteAddress ?? ''))
    return 'only a program on the machine of the issuer may set it up: run `safeconduct setup` there';
  const names = rawHeaders.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());
  if (names.some((name) => proxyHeaders.test(name)))
    return 'this request came through a proxy: run `safeconduct setup` on the machine of the issuer, which asks it directly';
  if (['origin', 'cookie', 'sec-fetch-site'].some((name) => names.includes(name)))
    return 'this request came from a browser: run `safeconduct setup` on the machine of the issuer';
  const hosts = rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === 'host');
  if (hosts.length !== 1 || !loopbackName.test(hosts[0] ?? ''))
    return 'this request was sent to a public name: run `safeconduct setup` on the machine of the issuer';
  return undefined;
}

function isLoopbackAddress(address: string): boolean {
  return address === '::1' || /^(?:::ffff:)?127(?:\.\d{1,3}){3}$/i.test(address);
}
