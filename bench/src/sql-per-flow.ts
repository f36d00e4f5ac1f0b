/** SQL statements per flow: ours, and the same engine with a plain adapter, interleaved on one PostgreSQL. Budget P6. */
import { API, OPAQUE_API, SECRET } from './issuer-configuration.ts';
import { openBench, Person, post, type Running, redeem, refresh, tokensOf } from './issuers.ts';

interface Flow {
  readonly name: string;
  readonly budget: number;
  run(side: Side): Promise<unknown>;
}

/** One of the two, with what its flows go on from. */
interface Side {
  readonly name: 'ours' | 'plain';
  readonly process: Running;
  person: Person;
  refreshToken: string;
  opaque: string;
  jwt: string;
}

const flows: readonly Flow[] = [
  { name: 'full login', budget: 8, run: fullLogin },
  {
    name: 'sign-in with a session',
    budget: 4,
    run: async ({ process, person }) => tokensOf(await redeem(process.url, await person.authorize())),
  },
  {
    name: 'refresh, rotating',
    budget: 2,
    async run(side) {
      side.refreshToken = String(tokensOf(await refresh(side.process.url, side.refreshToken)).refresh_token);
    },
  },
  {
    name: 'introspection, opaque',
    budget: 1,
    run: ({ process, opaque }) => introspect(process, { client_id: 'opaque-api', token: opaque }),
  },
  { name: 'introspection, JWT', budget: 1, run: ({ process, jwt }) => introspect(process, { client_id: 'api', token: jwt }) },
  { name: 'client credentials', budget: 1, run: clientCredentials },
];

/** `npm run bench -- sql-per-flow [rounds]`: medians of 9 rounds unless told otherwise. Fails when a budget is broken. */
export async function run([rounds = '9']: readonly string[]): Promise<void> {
  const bench = await openBench();
  try {
    const sides = [await prepare('ours', await bench.start('ours')), await prepare('plain', await bench.start('plain'))];
    console.log(`SQL statements per flow, medians of ${rounds} rounds (min to max)`);
    console.log(`${'flow'.padEnd(26)}${'ours'.padEnd(14)}${'plain'.padEnd(14)}${'ratio'.padEnd(8)}budget`);
    for (const flow of flows) report(flow, await measure(flow, { sides, rounds: Number(rounds) }));
    console.log(
      'Ours shows a sign-in page and checks a password; the plain side does neither. Applications are read once per five seconds and not counted.',
    );
  } finally {
    await bench.stop();
  }
}

// A person for each: on the plain side a second sign-in in the same browser ends what the first one got.
async function prepare(name: Side['name'], process: Running): Promise<Side> {
  const signIn = async (resource: string, person = new Person(process.url)) =>
    tokensOf(await redeem(process.url, await person.authorize(resource)));
  const person = new Person(process.url);
  await signIn(API, person);
  const { refresh_token, access_token } = await signIn(API);
  const opaque = await signIn(OPAQUE_API);
  return { name, process, person, refreshToken: String(refresh_token), opaque: String(opaque.access_token), jwt: String(access_token) };
}

async function fullLogin({ process }: Side): Promise<void> {
  tokensOf(await redeem(process.url, await new Person(process.url).authorize()));
}

async function introspect({ url }: Running, form: Record<string, string>): Promise<void> {
  const { active } = tokensOf(await post(url, '/oauth2/introspect', { ...form, client_secret: SECRET })) as { active?: unknown };
  if (active !== true) throw new Error('the token is not active');
}

async function clientCredentials({ process }: Side): Promise<void> {
  tokensOf(
    await post(process.url, '/oauth2/token', {
      grant_type: 'client_credentials',
      scope: 'orders:read',
      resource: API,
      client_id: 'job',
      client_secret: SECRET,
    }),
  );
}

type Measured = Map<Side['name'], number[]>;

async function measure(flow: Flow, { sides, rounds }: { sides: readonly Side[]; rounds: number }): Promise<Measured> {
  const measured: Measured = new Map(sides.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const side of round % 2 ? sides : sides.toReversed()) {
      // The plain engine cannot introspect JWTs.
      if (side.name === 'plain' && flow.name === 'introspection, JWT') continue;
      await side.process.counts();
      await flow.run(side);
      if (round > 0) measured.get(side.name)?.push(statements(await side.process.counts()));
    }
  }
  return measured;
}

/** What belongs to no flow: the issuer's own housekeeping, and applications. */
const apart =
  /^(find application|find api|begin|commit|lock audit chain|unsealed events|audit head|append to audit chain|lease logout notices)$/;

function statements(counts: Readonly<Record<string, number>>): number {
  return Object.entries(counts).reduce((sum, [name, count]) => sum + (apart.test(name) ? 0 : count), 0);
}

function report({ name, budget }: Flow, measured: Measured): void {
  const [ours, plain] = [measured.get('ours') ?? [], measured.get('plain') ?? []];
  const ratio = plain.length > 0 && median(plain) > 0 ? (median(ours) / median(plain)).toFixed(2) : '-';
  const kept = median(ours) <= budget;
  console.log(`${name.padEnd(26)}${show(ours).padEnd(14)}${show(plain).padEnd(14)}${ratio.padEnd(8)}<= ${budget}${kept ? '' : '  BROKEN'}`);
  if (!kept) process.exitCode = 1;
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
const show = (values: readonly number[]): string =>
  values.length === 0 ? '-' : `${median(values)} (${Math.min(...values)}-${Math.max(...values)})`;
