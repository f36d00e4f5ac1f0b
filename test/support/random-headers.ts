/** Authorization headers that nobody would send: noise, odd schemes, and tokens that were tampered with. The same for the same seed. */

export interface RandomHeadersOptions {
  readonly seed: number;
  /** Is taken apart and tampered with, and never given back whole. Its parts are short enough to be told from. */
  readonly token: string;
  /** Only what one line on a socket can carry: no line ends, no NUL, nothing longer than Node reads. */
  readonly wire?: boolean;
  /** How many of a thousand keep the form of a signed token with a known key, which is what costs time to refuse. Default 3. */
  readonly costly?: number;
}

type Random = (below: number) => number;

/** Gives a function that gives one header after another. */
export function randomHeaders({ seed, token, wire = false, costly = 3 }: RandomHeadersOptions): () => string {
  const random = generator(seed);
  const valid = `bearer ${token}`.toLowerCase();
  const next = () => {
    if (random(1000) < costly) return `Bearer ${tampered(token, random)}`;
    const value = pick(random, kinds)(random, token);
    return wire ? sendable(value) : value;
  };
  return () => {
    for (;;) {
      const value = next();
      if (value.length !== valid.length || value.toLowerCase() !== valid) return value;
    }
  };
}

// Whoever reads a header from the wire leaves out the space around it.
function sendable(value: string): string {
  return value
    .replace(/[^\t\x20-\x7e\x80-\xff]/g, '?')
    .slice(0, 12_000)
    .trim();
}

/** A small generator with a known sequence (mulberry32). */
function generator(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (((mixed ^ (mixed >>> 14)) >>> 0) % 0x7fffffff) % below;
  };
}

const kinds: readonly ((random: Random, token: string) => string)[] = [
  (random) => noise(random, 60),
  (random) => `Bearer ${noise(random, 40)}`,
  (random) => `${pick(random, schemes)}${pick(random, gaps)}${noise(random, 20)}`,
  (random, token) => `${pick(random, schemes)}${pick(random, gaps)}${token}${pick(random, tails)}`,
  (random) => `Bearer ${segments(random)}`,
  (random, token) => `Bearer ${cut(random, token)}`,
  (random, token) => `Bearer ${shuffled(random, token)}`,
  (random, token) => `Bearer ${spelled(random, token)}`,
  (random) => `Bearer ${crafted(random)}`,
  (random) => `Bearer ${crafted(random)}`,
  (random, token) => (random(200) === 0 ? `Bearer ${long(random, token)}` : `Bearer ${text(random, base64url, 120)}`),
];

const schemes = [
  'Bearer',
  'bearer',
  'BEARER',
  'BeArEr',
  'Basic',
  'DPoP',
  'Token',
  'Bearer,',
  'Bearer:',
  '"Bearer"',
  ' Bearer',
  '\u0412earer',
  '',
];
const gaps = ['', ' ', '  ', '\t', ',', ' , ', '=', ' =', '\u00a0', '\u2003', ' token=', ' Bearer ', '%20'];
const tails = [' ', '\t', ' x', ',', ', Bearer x', '=', '==', '.', '..', '\0', '\r\nx: y', '%00', '\u200b', '#', ';', '/../'];
const base64url = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const printable = ` !"#$%&'()*+,/:;<=>?@[\\]^\`{|}~.${base64url}`;
const strange = [
  '\0',
  '\r',
  '\n',
  '\r\n',
  '\x7f',
  '\x80',
  '\xff',
  '\u0130',
  '\u017f',
  '\u200b',
  '\u202e',
  '\ufeff',
  '\ud800',
  '\udfff',
  '😀',
  '__proto__',
];

function noise(random: Random, longest: number): string {
  let value = '';
  for (let length = random(longest); length > 0; length--) {
    value += random(8) === 0 ? pick(random, strange) : (printable[random(printable.length)] ?? '');
  }
  return value;
}

function text(random: Random, letters: string, longest: number): string {
  let value = '';
  for (let length = random(longest); length > 0; length--) value += letters[random(letters.length)];
  return value;
}

function segments(random: Random): string {
  const parts: string[] = [];
  for (let count = random(7); count >= 0; count--) parts.push(text(random, base64url, 24));
  return parts.join('.');
}

function cut(random: Random, token: string): string {
  const at = random(token.length);
  return random(2) === 0 ? token.slice(0, at) : token.slice(at + 1);
}

// No signature of these fits any key: the last part is never the honest one beside the first two.
function shuffled(random: Random, token: string): string {
  const [head = '', body = '', signature = ''] = token.split('.');
  return pick(random, [
    `${head}.${body}.`,
    `${head}..${signature}`,
    `.${body}.${signature}`,
    `${body}.${head}.${signature}`,
    `${head}.${body}.${signature}.${signature}`,
    `${head}.${body}`,
    `${head}.${head}.${head}`,
    `${signature}.${body}.${head}`,
    `..${signature}`,
    `${head}.${body}.${signature}${signature}`,
  ]);
}

/** The same token in a spelling that is not its own. */
function spelled(random: Random, token: string): string {
  const at = random(token.length);
  return pick(random, [
    () => `${token.slice(0, at)}${pick(random, strange)}${token.slice(at)}`,
    () => `${token.slice(0, at)}=${token.slice(at)}`,
    () => `${token.slice(0, at)}%${token.charCodeAt(at).toString(16)}${token.slice(at + 1)}`,
    () => encodeURIComponent(`"${token}"`),
    () => `${token}${'='.repeat(1 + random(3))}`,
    () => token.toUpperCase(),
    () => `${token} ${token}`,
    () => `"${token}"`,
  ])();
}

/** A token whose signature somebody has to look at. */
function tampered(token: string, random: Random): string {
  const start = token.indexOf('.') + 1;
  const at = start + random(token.length - start);
  if (token[at] === '.') return `${token}.`;
  return `${token.slice(0, at)}${base64url[random(64)]}${token.slice(at + 1)}`;
}

const algorithms = ['none', 'None', 'HS256', 'RS256', 'ES256', 'EdDSA', 'ES256K', '', '\u0000', null, 1, [], {}, ['ES256']];
const members = ['kid', 'typ', 'jku', 'x5u', 'jwk', 'x5c', 'crit', 'b64', 'zip', 'cty', '__proto__', 'constructor', 'toString', 'alg'];
const values = [
  '',
  'at+jwt',
  'JWT',
  'https://evil.example/keys',
  null,
  true,
  -1,
  1e308,
  [],
  ['b64'],
  {},
  { kty: 'oct', k: 'AA' },
  '__proto__',
  '\ud800',
];

/** Three parts that hold JSON, or nearly so. */
function crafted(random: Random): string {
  const head: Record<string, unknown> = { alg: pick(random, algorithms) };
  for (let count = random(4); count > 0; count--) head[pick(random, members)] = pick(random, values);
  const body = { iss: pick(random, values), aud: pick(random, values), exp: pick(random, values), sub: pick(random, values) };
  const nested = random(40) === 0 ? '['.repeat(random(200)) : '';
  return [`${nested}${JSON.stringify(head)}`, JSON.stringify(body), text(random, base64url, 90)].map(encoded).join('.');
}

function encoded(part: string, index: number): string {
  return index === 2 ? part : Buffer.from(part).toString('base64url');
}

function long(random: Random, token: string): string {
  const filler = pick(random, ['a', '.', 'eyJ', '=', ' ', token]);
  return filler.repeat(Math.ceil((15_000 + random(6_000)) / filler.length));
}

function pick<Value>(random: Random, from: readonly Value[]): Value {
  const value = from[random(from.length)];
  if (value === undefined) throw new RangeError('nothing to pick from');
  return value;
}
