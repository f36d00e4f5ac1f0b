/**
 * The only way out of the issuer: connections to addresses that were checked. A name is resolved once for each connection, every
 * address of the answer is looked at, and the connection goes to those very addresses, so that a second answer of a name server
 * (DNS rebinding) is never asked for.
 */
import { promises as dns, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector } from 'undici';
import { isLoopbackAddress, type NetworkRule, networkRule } from './networks.ts';

/** Gives every address of a name, as `dns.promises.lookup` with `all` does. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

export interface OutboundOptions {
  /** `iss`. Only an issuer that is itself on loopback, in development, may speak http, and reach loopback. */
  readonly issuer: string;
  /** Networks of the operator that are reached though they are not public, such as `10.20.0.0/16`. They need https as well. */
  readonly allowedNetworks?: readonly string[] | undefined;
  /** Default: the system's resolver. */
  readonly resolve?: Resolve | undefined;
  /**
   * Whether a connection serves more than one request. Default true. The other side may close a kept one at the very moment at which
   * the next request goes into it, and nobody knows then whether it was carried out.
   */
  readonly keepAlive?: boolean | undefined;
}

export interface OutboundAgent {
  /** Connects to checked addresses only. */
  readonly agent: Agent;
  /** The address as it will be used. Throws an `OutboundRefused` when nobody may go there. */
  check(url: string | URL): URL;
  close(): Promise<void>;
}

/** The issuer does not go there. Nothing was sent. */
export class OutboundRefused extends Error {
  override readonly name = 'OutboundRefused';
}

const CONNECT_MS = 2_000;

export function createOutboundAgent({ issuer, allowedNetworks, resolve = resolveAll, keepAlive = true }: OutboundOptions): OutboundAgent {
  const development = isLoopbackHost(new URL(issuer).hostname);
  const rule = hostRule(networkRule(allowedNetworks), development);
  // No pipelining at all is how undici says that connections are not kept.
  const bounds = { connections: 32, maxOrigins: 256, keepAliveMaxTimeout: 10_000, pipelining: keepAlive ? 1 : 0 };
  const agent = new Agent({ connect: connector(rule, resolve), ...bounds });
  return Object.freeze({ agent, check: (url: string | URL) => checkedUrl(url, development), close: () => agent.destroy() });
}

type HostRule = (hostname: string, address: string) => boolean;

// In development too, a name that merely resolves to this machine does not get there: the address has to say so.
function hostRule(rule: NetworkRule, development: boolean): HostRule {
  return (hostname, address) => rule(address) || (development && isLoopbackHost(hostname) && isLoopbackAddress(address));
}

function checkedUrl(given: string | URL, development: boolean): URL {
  if (!URL.canParse(given)) throw new OutboundRefused('the address is no URL');
  const url = new URL(given);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && development && isLoopbackHost(url.hostname)))
    throw new OutboundRefused(`${url.protocol}//${url.host} is not reached: third parties need https`);
  if (url.username !== '' || url.password !== '') throw new OutboundRefused(`${url.host} is not reached: the address holds a user name`);
  return url;
}

function connector(rule: HostRule, resolve: Resolve): buildConnector.connector {
  const connect = buildConnector({ lookup: checkedLookup(rule, resolve), autoSelectFamily: true, timeout: CONNECT_MS });
  return (options, callback) => {
    // A literal address is never looked up.
    const literal = options.hostname.replace(/^\[|\]$/g, '');
    if (isIP(literal) !== 0 && !rule(options.hostname, literal)) callback(refused(options.hostname), null);
    else connect(options, callback);
  };
}

function checkedLookup(rule: HostRule, resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    checkedAddresses({ hostname, rule, resolve }).then(
      ([first, ...more]) => (options.all ? callback(null, [first, ...more]) : callback(null, first.address, first.family)),
      (error: unknown) => callback(error as NodeJS.ErrnoException, '', 0),
    );
  };
}

interface Looking {
  readonly hostname: string;
  readonly rule: HostRule;
  readonly resolve: Resolve;
}

// All of them: an answer that mixes public with private addresses is what an attacker's name server gives.
async function checkedAddresses({ hostname, rule, resolve }: Looking): Promise<[LookupAddress, ...LookupAddress[]]> {
  const [first, ...more] = await resolve(hostname);
  if (first === undefined) throw new OutboundRefused(`${hostname} has no address`);
  const addresses: [LookupAddress, ...LookupAddress[]] = [first, ...more];
  if (!addresses.every(({ address }) => rule(hostname, address))) throw refused(hostname);
  return addresses;
}

const refused = (hostname: string) =>
  new OutboundRefused(`the address of ${hostname} is not public, and its network is not listed for outbound requests`);

const resolveAll: Resolve = (hostname) => dns.lookup(hostname, { all: true });

/** True for a host that is written as this machine: `localhost`, 127.0.0.0/8 and [::1]. */
function isLoopbackHost(hostname: string): boolean {
  return hostname === 'localhost' || isLoopbackAddress(hostname.replace(/^\[|\]$/g, ''));
}
