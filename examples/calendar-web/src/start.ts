/** `npm start`: an issuer with demo people, a calendar as the third party, and the planner, until Ctrl-C. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createCalendarApi } from '@safeconduct/example-calendar-api';
import { createIssuer, SettingsError as IssuerSettingsError } from '@safeconduct/issuer';
import { calendarClient, demoPeople, issuerConfiguration } from './demo.ts';
import { serveApp } from './serve.ts';
import { portOf, type Settings, SettingsError, settingsFrom } from './settings.ts';

type Ending = () => Promise<unknown>;

try {
  await main(settingsFrom());
} catch (error) {
  if (!(error instanceof SettingsError || error instanceof IssuerSettingsError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

async function main(settings: Settings): Promise<void> {
  const endings: Ending[] = [];
  const stop = async () => {
    for (const end of endings.reverse()) await end();
  };
  try {
    endings.push((await serveApp(settings)).close);
    if (!settings.calendarGiven) endings.push(await startCalendar(settings));
    if (!settings.issuerGiven) endings.push(await startIssuer(settings));
  } catch (error) {
    await stop();
    throw error;
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop().then(() => process.exit(0)));
  console.log(table(settings).join('\n'));
}

async function startIssuer({ issuer: url, dataDirectory, ...settings }: Settings): Promise<Ending> {
  const configuration = issuerConfiguration({ issuer: url, ...settings });
  const issuer = await createIssuer({ issuer: url, dataDirectory, configuration, logLevel: 'warn' });
  try {
    await issuer.listen();
  } catch (error) {
    await issuer.close(0);
    throw taken(error, url, 'ISSUER_PORT to another, or ISSUER to an issuer that runs already');
  }
  return () => issuer.close(1_000);
}

async function startCalendar({ issuer, calendar: url, dataDirectory }: Settings): Promise<Ending> {
  const client = { ...calendarClient, name: 'Planner’s sign-in service', redirectUris: [`${issuer}/connections/calendar/callback`] };
  try {
    mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
    // Kept as long as the issuer keeps what it was given: a restart would break every connected account otherwise.
    const calendar = await createCalendarApi({ url, port: portOf(url), clients: [client], file: join(dataDirectory, 'calendar.json') });
    return () => calendar.close();
  } catch (error) {
    throw taken(error, url, 'CALENDAR_PORT to another, or CALENDAR_URL to a calendar that runs already');
  }
}

function taken(error: unknown, url: string, what: string): unknown {
  if (!(error instanceof Error && error.name === 'PortTaken')) return error;
  return new SettingsError(`port ${portOf(url)} is in use: set ${what}`, { cause: error });
}

function table({ issuer, issuerGiven, app, calendar, calendarGiven }: Settings): string[] {
  const people = demoPeople.map(({ email, password }) => `  ${email.padEnd(24)}${password}`);
  return [
    `  planner  ${app}`,
    `  calendar ${calendar}${calendarGiven ? '' : '   the third party; its demo people are on its sign-in page'}`,
    `  issuer   ${issuer}${issuerGiven ? '' : '   with demo people and demo passwords:'}`,
    ...(issuerGiven ? [] : ['', ...people]),
    '',
    '  Ctrl-C stops everything.',
  ];
}
