/** `npm start`: an issuer with demo people, the API, and the page on Vite's development server, until Ctrl-C. */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { resolve } from 'node:path';
import { createIssuer, SettingsError as IssuerSettingsError } from '@safeconduct/issuer';
import { createServer } from 'vite';
import { startApi } from './api/serve.ts';
import { demoPeople, issuerConfiguration } from './demo.ts';
import { type Places, placesFrom, portOf, SettingsError } from './places.ts';
import { siteConfig } from './site.ts';

type Ending = () => Promise<unknown>;

try {
  await main(placesFrom());
} catch (error) {
  if (!(error instanceof SettingsError || error instanceof IssuerSettingsError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

async function main(places: Places): Promise<void> {
  const endings: Ending[] = [];
  const stop = async () => {
    for (const end of endings.reverse()) await end();
  };
  try {
    endings.push((await startApi(places)).close);
    if (!places.issuerGiven) endings.push(await startIssuer(places));
    endings.push(await startPage(places));
  } catch (error) {
    await stop();
    throw error;
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop().then(() => process.exit(0)));
  console.log(table(places).join('\n'));
}

async function startIssuer(places: Places): Promise<Ending> {
  const { issuer: url, dataDirectory } = places;
  const issuer = await createIssuer({ issuer: url, dataDirectory, configuration: issuerConfiguration(places), logLevel: 'warn' });
  try {
    await issuer.listen();
  } catch (error) {
    await issuer.close(0);
    if (!(error instanceof Error && error.name === 'PortTaken')) throw error;
    throw new SettingsError(`port ${portOf(url)} is in use: set ISSUER_PORT to another, or ISSUER to an issuer that runs already`);
  }
  return () => issuer.close(1_000);
}

// On a server of our own: Vite's would end the process at the first signal, before the issuer has put its things away.
async function startPage(places: Places): Promise<Ending> {
  const { spa, dataDirectory } = places;
  const server = createHttpServer();
  const site = await createServer({
    configFile: false,
    logLevel: 'warn',
    cacheDir: resolve(dataDirectory, 'vite'),
    ...siteConfig(places),
    server: { middlewareMode: true, hmr: { server } },
  });
  server.on('request', site.middlewares);
  const end = async () => {
    await site.close();
    server.close();
    server.closeAllConnections();
  };
  try {
    await once(server.listen(portOf(spa), new URL(spa).hostname), 'listening');
    return end;
  } catch (error) {
    await end();
    throw new SettingsError(`port ${portOf(spa)} is in use: set SPA_URL to another address`, { cause: error });
  }
}

function table({ issuer, issuerGiven, api, spa }: Places): string[] {
  const people = demoPeople.map(({ email, password, note }) => `  ${email.padEnd(22)}${password.padEnd(24)}${note}`);
  return [
    `  page     ${spa}`,
    `  API      ${api}/docs`,
    `  issuer   ${issuer}${issuerGiven ? '' : '   with demo people and demo passwords:'}`,
    ...(issuerGiven ? [] : ['', ...people]),
    '',
    '  Ctrl-C stops everything.',
  ];
}
