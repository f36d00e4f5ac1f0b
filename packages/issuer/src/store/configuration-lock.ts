/** One at a time changes what the issuer is configured to know. Whoever waits sees what the one before has made. */
import type { Run, Statement } from './database.ts';

const LOCK: Statement = {
  name: 'lock configuration',
  text: `select from issuer.lease where name = 'configuration' for update`,
  deadline: 60_000,
};

/** Waits for its turn, which lasts until the transaction ends. */
export async function lockConfiguration(run: Run): Promise<void> {
  await run(LOCK, []);
}
