/** Runs every test with one real PostgreSQL for all of them. Arguments narrow it: `npm test -- packages/issuer`. */
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { type Cluster, postgresSkipped, startCluster } from '@safeconduct/test-support/postgres';

const patterns = ['packages/*/src/**/*.test.ts', 'examples/**/*.test.ts', 'bench/src/**/*.test.ts', 'test/**/*.test.ts'];
const wanted = process.argv.slice(2);
const files = globSync(patterns, { exclude: ['**/node_modules/**'] })
  // Shared parts of tests are named so that they are not published; they hold no tests.
  .filter((file) => !/(?:fixtures|harness)\.test\.ts$/.test(file))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .sort();

let cluster: Cluster | undefined;
if (!postgresSkipped && !process.env.SAFECONDUCT_TEST_DATABASE_URL) {
  cluster = await startCluster();
  process.env.SAFECONDUCT_TEST_DATABASE_URL = cluster.url;
}
if (postgresSkipped) console.log(`# ${postgresSkipped}`);
const runner = spawn(
  process.execPath,
  ['--conditions=safeconduct-source', '--test', '--test-concurrency=3', '--test-timeout=240000', ...files],
  {
    stdio: 'inherit',
  },
);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => runner.kill(signal));
const code = await new Promise<number>((resolve) => runner.on('exit', (status) => resolve(status ?? 1)));
await cluster?.stop();
process.exitCode = code;
