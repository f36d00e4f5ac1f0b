/** Budget P2: a token that nobody has seen, against what OpenSSL alone needs to verify its signature. */
import { type KeyObject, verify } from 'node:crypto';
import { createVerifier } from 'fast-jwt';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { protect } from 'safeconduct/protect';
import { generic } from 'safeconduct/providers';
import { median } from './figures.ts';
import { type Algorithm, startTokenProvider, type TokenProvider } from './token-provider.ts';

const AUDIENCE = 'https://api.example';
const budgets: Readonly<Record<Algorithm, number>> = { RS256: 0.6, ES256: 0.75, EdDSA: 0.85 };

/** Rounds before those that count. */
const WARM = 4;

type Check = (token: string) => unknown;

/** Prints tokens per second of CPU, each side over the same new tokens, interleaved, as ratios of medians. */
export async function printCold(rounds: number, tokens: number): Promise<void> {
  console.log(`\n# P2: ${tokens} new tokens a round, ${rounds} rounds, every one of them cold: tokens per second of CPU`);
  console.log(`${'algorithm and verifier'.padEnd(46)} median   ratio (min to max)     budget`);
  for (const algorithm of Object.keys(budgets) as Algorithm[]) await printAlgorithm(algorithm, { rounds, tokens });
}

async function printAlgorithm(algorithm: Algorithm, { rounds, tokens }: { rounds: number; tokens: number }): Promise<void> {
  const provider = await startTokenProvider({ algorithm, audience: AUDIENCE });
  const checks = await checksFor(provider, algorithm);
  const results = new Map<string, number[]>(Object.keys(checks).map((name) => [name, []]));
  for (let round = -WARM; round < rounds; round++) {
    const list = Array.from({ length: tokens }, provider.token);
    for (const [name, check] of Object.entries(checks)) {
      const rate = await perSecond(list, check);
      if (round >= 0) results.get(name)?.push(rate);
    }
  }
  await provider.close();
  const [raw = []] = results.values();
  for (const [name, values] of results) {
    const each = values.map((value, round) => value / (raw[round] ?? Number.NaN));
    const ratio = median(values) / median(raw);
    const held = name !== 'safeconduct' ? '' : `>= ${budgets[algorithm]} ${ratio >= budgets[algorithm] ? 'held' : 'missed'}`;
    const spread = `${ratio.toFixed(2)} (${Math.min(...each).toFixed(2)} to ${Math.max(...each).toFixed(2)})`;
    console.log(`${`${algorithm} ${name}`.padEnd(46)} ${median(values).toFixed(0).padStart(6)}   ${spread.padEnd(22)} ${held}`);
  }
}

async function perSecond(tokens: readonly string[], check: Check): Promise<number> {
  const cpu = process.cpuUsage();
  for (const token of tokens) await check(token);
  const { user, system } = process.cpuUsage(cpu);
  return (tokens.length * 1e6) / (user + system);
}

async function checksFor({ issuer, publicKey, token }: TokenProvider, algorithm: Algorithm): Promise<Readonly<Record<string, Check>>> {
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'bench', alg: algorithm };
  const keys = createLocalJWKSet({ keys: [jwk] });
  const expected = { issuer, audience: AUDIENCE, algorithms: [algorithm] };
  const guard = protect({ provider: generic({ issuer, algorithms: [algorithm] }), audience: AUDIENCE });
  await guard(bearing(token()));
  const fast = createVerifier({
    key: publicKey.export({ type: 'spki', format: 'pem' }),
    algorithms: [algorithm],
    allowedIss: issuer,
    allowedAud: AUDIENCE,
  });
  return {
    'OpenSSL alone (signature only)': (value) => rawly(value, publicKey),
    safeconduct: (value) => guard(bearing(value)),
    'jose, keys at hand': (value) => jwtVerify(value, keys, expected),
    'fast-jwt, key at hand': (value) => fast(value),
  };
}

const bearing = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

function rawly(token: string, key: KeyObject): void {
  const dot = token.lastIndexOf('.');
  const signature = Buffer.from(token.slice(dot + 1), 'base64url');
  const asDer = key.asymmetricKeyType === 'ec' ? der(signature) : signature;
  const hash = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  if (!verify(hash, Buffer.from(token.slice(0, dot), 'latin1'), key, asDer)) throw new Error('a bench token does not verify');
}

/** ECDSA as OpenSSL takes it fastest: two DER integers (RFC 3279 section 2.2.3). */
function der(signature: Buffer): Buffer {
  const [r, s] = [integer(signature.subarray(0, 32)), integer(signature.subarray(32))];
  return Buffer.concat([Buffer.from([0x30, r.length + s.length]), r, s]);
}

function integer(bytes: Buffer): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const body = bytes.subarray(start);
  const padded = (body[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.from([0]), body]) : body;
  return Buffer.concat([Buffer.from([2, padded.length]), padded]);
}
