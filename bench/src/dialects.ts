/**
 * What a dialect costs: logins, refreshes and client credentials at each against the issuer's own dialect, interleaved in one run.
 * `npm run bench -- dialects [ROUNDS]`. One process serves them all, by plain http: TLS would be measured otherwise.
 */
import { hash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@safeconduct/test-support/ports';
import { createDatabase } from '@safeconduct/test-support/postgres';
import { median, number } from './figures.ts';
import { API, CALLBACK, SCOPE, SECRET } from './issuer-configuration.ts';
import { Person, post, tokensOf } from './issuers.ts';
import { type Served, serveFile } from './served.ts';

const BUDGET = 1.15;
const RS256 = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
const ES256 = { name: 'ECDSA', hash: 'SHA-256', namedCurve: 'P-256' };
const { subtle } = globalThis.crypto;
const ORGANIZATION = 'bench';

/** How each is asked for the same thing. */
const dialects: Readonly<Record<string, { readonly below: string; readonly login: Form; readonly own: Form }>> = {
  standard: { below: '', login: { scope: SCOPE, resource: API }, own: { scope: 'orders:read', resource: API } },
  zitadel: {
    below: '',
    login: { scope: 'openid email offline_access urn:zitadel:iam:org:project:id:shop:aud' },
    own: { scope: 'openid urn:zitadel:iam:org:project:id:shop:aud' },
  },
  auth0: { below: '', login: { scope: SCOPE, audience: API }, own: { audience: API } },
  entra: {
    below: `/${ORGANIZATION}/v2.0`,
    login: { scope: `openid email offline_access ${API}/orders:read` },
    own: { scope: `${API}/.default` },
  },
  keycloak: { below: `/realms/${ORGANIZATION}`, login: { scope: SCOPE }, own: { scope: 'orders:read' } },
};

type Form = Readonly<Record<string, string>>;

/** What is measured, and how often in a round. */
const flows = {
  login: { times: 4, run: login },
  refresh: { times: 30, run: refresh },
  'client credentials': { times: 30, run: own },
} as const;

type Flow = keyof typeof flows;

/** One dialect, with what its flows go on from. */
interface Side {
  readonly name: string;
  readonly origin: string;
  readonly authorize: URL;
  readonly token: URL;
  refreshToken: string;
  /** Microseconds of the issuer's CPU for one, a figure a round. */
  readonly costs: Readonly<Record<Flow, number[]>>;
  /** RS256 signatures in the answer to one. */
  readonly signatures: Record<Flow, number>;
}

/** Prints the CPU that each flow costs the issuer, by dialect, and the ratio to its own. 15 rounds unless told otherwise. */
export async function run([rounds = '15']: readonly string[]): Promise<void> {
  const stage = await openStage();
  try {
    const sides = await Promise.all(Object.entries(stage.origins).map(([name, origin]) => prepare(name, origin)));
    for (let round = -2; round < Number(rounds); round++) {
      for (const flow of Object.keys(flows) as Flow[]) {
        for (const side of round % 2 ? sides : sides.toReversed()) await measure(side, { flow, served: stage.served, counts: round >= 0 });
      }
    }
    await print(sides, Number(rounds));
  } finally {
    await stage.close();
  }
}

async function openStage() {
  const database = await createDatabase();
  const data = mkdtempSync(join(tmpdir(), 'safeconduct-bench-'));
  const port = await freePort();
  const origins: Record<string, string> = {};
  for (const name of Object.keys(dialects)) if (name !== 'standard') origins[name] = `http://localhost:${await freePort()}`;
  const served = await serveFile('dialects-process.ts', [], {
    PORT: String(port),
    ORIGINS: JSON.stringify(origins),
    DATABASE_URL: database.url,
    DATA: data,
    MASTER_KEY: randomBytes(32).toString('base64url'),
  });
  const close = async (): Promise<void> => {
    await served.stop();
    await database.drop();
    rmSync(data, { recursive: true, force: true });
  };
  return { served, origins: { standard: `http://127.0.0.1:${port}`, ...origins }, close };
}

async function prepare(name: string, origin: string): Promise<Side> {
  const response = await fetch(`${origin}${dialects[name]?.below}/.well-known/openid-configuration`);
  const { authorization_endpoint, token_endpoint } = (await response.json()) as Record<string, string>;
  const side: Side = {
    ...{ name, origin, authorize: new URL(authorization_endpoint ?? ''), token: new URL(token_endpoint ?? '') },
    ...{ refreshToken: '', costs: { login: [], refresh: [], 'client credentials': [] } },
    signatures: { login: 0, refresh: 0, 'client credentials': 0 },
  };
  await login(side);
  return side;
}

/** Authorize, sign in with a password, redeem the code. */
async function login(side: Side): Promise<Form> {
  const verifier = randomBytes(32).toString('base64url');
  const asked = {
    ...{ client_id: 'web', response_type: 'code', redirect_uri: CALLBACK, state: 's', nonce: 'n' },
    ...{ code_challenge: hash('sha256', verifier, 'base64url'), code_challenge_method: 'S256' },
    ...dialects[side.name]?.login,
  };
  const start = new URL(side.authorize);
  start.search = String(new URLSearchParams(asked));
  const left = await new Person(side.origin).follow(start);
  const code = left.searchParams.get('code');
  if (code === null) throw new Error(`no code at ${side.name}: ${left.search}`);
  const form = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: verifier };
  return keep(side, await redeem(side, { ...form, client_id: 'web', client_secret: SECRET }));
}

async function refresh(side: Side): Promise<Form> {
  const form = { grant_type: 'refresh_token', refresh_token: side.refreshToken, client_id: 'web', client_secret: SECRET };
  return keep(side, await redeem(side, form));
}

function own(side: Side): Promise<Form> {
  return redeem(side, { grant_type: 'client_credentials', client_id: 'job', client_secret: SECRET, ...dialects[side.name]?.own });
}

async function redeem({ token, origin }: Side, form: Form): Promise<Form> {
  return tokensOf(await post(origin, token.pathname, form));
}

function keep(side: Side, tokens: Form): Form {
  side.refreshToken = tokens.refresh_token ?? side.refreshToken;
  if (!tokens.id_token || !side.refreshToken) throw new Error(`${side.name} gave no ID token or no refresh token`);
  return tokens;
}

interface Round {
  readonly flow: Flow;
  readonly served: Served;
  readonly counts: boolean;
}

async function measure(side: Side, { flow, served, counts }: Round): Promise<void> {
  const { times, run: once } = flows[flow];
  const before = served.cpu();
  for (let time = 0; time < times; time++) side.signatures[flow] = signaturesIn(await once(side));
  if (counts) side.costs[flow].push((served.cpu() - before) / times);
}

const signaturesIn = ({ access_token = '', id_token = '' }: Form): number =>
  [access_token, id_token].filter((token) => token.startsWith('ey') && headerOf(token).alg === 'RS256').length;
const headerOf = (token: string): { alg?: string } => JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString());

async function print(sides: readonly Side[], rounds: number): Promise<void> {
  const extra = (await signatureCost(RS256)) - (await signatureCost(ES256));
  console.log(
    `# µs of the issuer's CPU, medians of ${rounds} rounds, interleaved; an RS256 signature costs ${extra.toFixed(0)} µs more than ES256`,
  );
  console.log(
    `${'flow'.padEnd(20)}${'dialect'.padEnd(11)}${'µs (min to max)'.padEnd(26)}${'ratio'.padEnd(8)}${'without RS256'.padEnd(15)}budget`,
  );
  const [standard] = sides;
  for (const flow of Object.keys(flows) as Flow[]) {
    for (const { name, costs, signatures } of sides) {
      const cost = median(costs[flow]);
      const figures = `${cost.toFixed(0)} (${Math.min(...costs[flow]).toFixed(0)} to ${Math.max(...costs[flow]).toFixed(0)})`;
      // By round: what else the machine does, it does to both.
      const ratios = (less: number) => median(costs[flow].map((one, round) => (one - less) / (standard?.costs[flow][round] ?? Number.NaN)));
      const [ratio, rest] = [ratios(0), ratios(signatures[flow] * extra)];
      const held = name === 'standard' ? '' : `<= ${BUDGET} ${ratio <= BUDGET ? 'met' : 'MISSED'}`;
      console.log(`${flow.padEnd(20)}${name.padEnd(11)}${figures.padEnd(26)}${number(ratio).padEnd(8)}${number(rest).padEnd(15)}${held}`);
    }
  }
}

/** Microseconds of CPU of one signature, made as the issuer makes them. */
async function signatureCost(algorithm: typeof RS256 | typeof ES256): Promise<number> {
  const { privateKey } = (await subtle.generateKey(algorithm, false, ['sign', 'verify'])) as CryptoKeyPair;
  const sign = async (times: number): Promise<void> => {
    for (let time = 0; time < times; time++) await subtle.sign(algorithm, privateKey, Buffer.alloc(600, 'x'));
  };
  await sign(300);
  const before = process.cpuUsage();
  await sign(1000);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
