/** One issuer, or its plain peer, in a process of its own. The parent sends what to run and asks for the count of statements. */
import { createIssuer } from '@safeconduct/issuer';
import pg from 'pg';
import { issuerConfiguration } from './issuer-configuration.ts';
import { startPlainProvider } from './plain-provider.ts';

/** What the parent sends first. */
export interface Orders {
  readonly side: 'ours' | 'plain';
  readonly issuer: string;
  readonly port: number;
  readonly databaseUrl: string;
  readonly dataDirectory: string;
  readonly masterKey: string;
}

/** Statements since the last question, by their prepared name or first words. */
export type Counts = Readonly<Record<string, number>>;

const counts = new Map<string, number>();
countStatements();

process.on('message', async (message: Orders | 'count') => {
  if (message === 'count') {
    process.send?.(Object.fromEntries(counts));
    counts.clear();
    return;
  }
  await start(message);
  process.send?.('ready');
});
process.on('disconnect', () => process.exit(0));

async function start({ side, ...options }: Orders): Promise<void> {
  if (side === 'plain') return startPlainProvider(options);
  const issuer = await createIssuer({ ...options, configuration: issuerConfiguration, logLevel: 'error' });
  await issuer.listen();
}

/** Counts what is sent to the database, below whatever library sends it. */
function countStatements(): void {
  const { query } = pg.Client.prototype;
  pg.Client.prototype.query = function counted(this: pg.Client, ...parameters: unknown[]) {
    const [statement] = parameters as [string | { name?: string; text?: string }];
    const name = typeof statement === 'string' ? statement : (statement.name ?? statement.text ?? '');
    counts.set(name, (counts.get(name) ?? 0) + 1);
    return Reflect.apply(query, this, parameters);
  } as typeof query;
}
