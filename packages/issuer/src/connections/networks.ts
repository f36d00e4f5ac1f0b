/** Which addresses the issuer may connect to. What is not public is refused, unless the operator listed its network. */
import { BlockList, isIP } from 'node:net';

/** IPv4 that is not for the public internet: IANA's special-purpose registry (RFC 6890), and what clouds serve their machines from. */
const special4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32', // Azure's host agent: public by its number only
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];

// Of IPv6 only this block is given out. Mapped and compatible IPv4, NAT64, ULA, link-local and multicast all lie outside.
const global6 = ['2000::/3'];

/** Parts of the block that stand for something else: protocol assignments with Teredo, documentation, 6to4, AS112. */
const special6 = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20'];

const loopback = blockList(['127.0.0.0/8', '::1/128']);
const special = blockList([...special4, ...special6]);
const global = blockList(global6);

/** Says whether a connection to an address is allowed. Anything that is no IP address is refused. */
export type NetworkRule = (address: string) => boolean;

/** Makes the rule. Throws a TypeError that names the first entry that is no network. */
export function networkRule(allowedNetworks: readonly string[] = []): NetworkRule {
  const allowed = blockList(allowedNetworks);
  return (address) => {
    const plain = withoutZone(address);
    return holds(allowed, plain) || isPublic(plain);
  };
}

/** True for an address that only this machine answers. */
export function isLoopbackAddress(address: string): boolean {
  return holds(loopback, withoutZone(address));
}

function isPublic(address: string): boolean {
  if (isIP(address) === 4) return !special.check(address, 'ipv4');
  return isIP(address) === 6 && global.check(address, 'ipv6') && !special.check(address, 'ipv6');
}

function holds(list: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

// A resolver may name the interface of a link-local address.
const withoutZone = (address: string): string => address.split('%', 1)[0] ?? '';

/** Reads networks such as `10.0.0.0/8`, `fd00::/8` or single addresses. */
function blockList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) add(list, network);
  return list;
}

function add(list: BlockList, network: string): void {
  const [address = '', prefix, ...rest] = network.split('/');
  const family = isIP(address);
  const widest = family === 4 ? 32 : 128;
  const bits = prefix === undefined ? widest : Number(/^\d{1,3}$/.test(prefix) ? prefix : Number.NaN);
  if (family === 0 || rest.length > 0 || !(bits <= widest))
    throw new TypeError(`"${network}" is no network: write one like 10.0.0.0/8 or fd00::/8`);
  list.addSubnet(address, bits, family === 4 ? 'ipv4' : 'ipv6');
}
