/** Runs every test with one real PostgreSQL for all of them. Arguments narrow it: `npm test -- packages/issuer`. */
import { spawn } from 'node:child_process';
import { chmodSync, globSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cluster, postgresSkipped, startCluster } from '@safeconduct/test-support/postgres';
import { secretScan } from './secret-scan.ts';

const patterns = ['packages/*/src/**/*.test.ts', 'examples/**/*.test.ts', 'bench/src/**/*.test.ts', 'test/**/*.test.ts'];
const wanted = process.argv.slice(2);
const files = globSync(patterns, { exclude: ['**/node_modules/**'] })
  // Shared parts of tests are named so that they are not published; they hold no tests.
  .filter((file) => !/(?:fixtures|harness)\.test\.ts$/.test(file))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .sort();

// Databases, profiles and compiled code of a run: in memory where there is room, because some disks take a millisecond for each file.
const directory = mkdtempSync(join(hasRoom('/dev/shm') ? '/dev/shm' : tmpdir(), 'safeconduct-tests-'));
// PostgreSQL runs as a user of its own, who passes through.
chmodSync(directory, 0o711);
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
process.env.TMPDIR = directory;
process.env.NODE_COMPILE_CACHE = join(directory, 'compiled');

let cluster: Cluster | undefined;
if (!postgresSkipped && !process.env.SAFECONDUCT_TEST_DATABASE_URL) {
  cluster = await startCluster();
  process.env.SAFECONDUCT_TEST_DATABASE_URL = cluster.url;
}
if (postgresSkipped) console.log(`# ${postgresSkipped}`);
const flags = [
  '--conditions=safeconduct-source',
  `--import=${import.meta.resolve('./ends.ts')}`,
  // PGlite is compiled in each process that opens it, for a short life: once is enough.
  '--no-wasm-tier-up',
  '--no-wasm-dynamic-tiering',
];
const runner = spawn(process.execPath, [...flags, '--test', '--test-concurrency=3', '--test-timeout=240000', ...files], {
  stdio: ['inherit', 'pipe', 'pipe'],
});
const scans = (
  [
    ['stdout', runner.stdout],
    ['stderr', runner.stderr],
  ] as const
).map(([name, stream]) => {
  const scan = secretScan();
  stream.setEncoding('utf8').on('data', (piece: string) => {
    process[name].write(piece);
    scan.read(piece);
  });
  return { name, scan };
});
// A program that a test left running keeps the runner waiting: then it ends here, and says what it waited for.
const late = setTimeout(() => {
  console.error('# the run takes more than 30 minutes: it is stopped');
  runner.kill('SIGTERM');
}, 30 * 60_000);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => runner.kill(signal));
const code = await new Promise<number>((resolve) => runner.on('close', (status) => resolve(status ?? 1)));
clearTimeout(late);
await cluster?.stop();
// Nothing that the whole run printed may hold a credential.
const leaks = scans.flatMap(({ name, scan }) => scan.findings().map((finding) => `${name}, ${finding}`));
for (const leak of leaks) console.error(`# the test run printed a credential: ${leak}`);
process.exitCode = leaks.length > 0 ? 1 : code;

function hasRoom(directory: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize > 4 * 1024 ** 3;
  } catch {
    return false;
  }
}
