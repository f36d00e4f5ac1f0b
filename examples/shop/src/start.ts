/** `npm start`: the issuer, the shop, a third party and their data, until Ctrl-C. */
import { relative } from 'node:path';
import { styleText } from 'node:util';
import { calendarPeople } from '@safeconduct/example-calendar-api/people';
import { demoPeople } from './demo-people.ts';
import { SettingsError, settingsFrom } from './settings.ts';
import { PartFailed, type Stack, startStack } from './stack.ts';

const colour = process.stdout.isTTY === true && !process.env.NO_COLOR;
const paint = (format: 'bold' | 'dim' | 'green', text: string) => (colour ? styleText(format, text, { validateStream: false }) : text);

try {
  await main();
} catch (error) {
  if (!(error instanceof PartFailed || error instanceof SettingsError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const begun = performance.now();
  const settings = settingsFrom();
  const { issuer, url, port, calendarUrl, dataDirectory } = settings;
  const stack = await startStack({
    issuerUrl: issuer,
    shopUrl: url,
    shopPort: port,
    calendarUrl,
    dataDirectory,
    onEnded(part, tail) {
      console.error(`\nThe ${part} has ended by itself, so everything stops. Its last words:\n${tail}`);
      void finish(stack, 1);
    },
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void finish(stack, 0));
  const database = settings.databaseUrl === undefined ? 'embedded PostgreSQL (PGlite), for development only' : 'PostgreSQL';
  const where = settings.databaseUrl === undefined ? shown(dataDirectory) : new URL(settings.databaseUrl).host;
  print(table({ issuer, url, calendarUrl, database, where, log: stack.logs, seconds: (performance.now() - begun) / 1000 }));
}

interface Facts {
  readonly issuer: string;
  readonly url: string;
  readonly calendarUrl: string;
  readonly database: string;
  readonly where: string;
  readonly log: Readonly<Record<string, string>>;
  readonly seconds: number;
}

function table({ issuer, url, calendarUrl, database, where, log, seconds }: Facts): string[] {
  const address = Math.max(issuer.length, `${url}/docs`.length, calendarUrl.length, where.length) + 3;
  const row = (name: string, place: string, what: string) => `  ${name.padEnd(12)} ${place.padEnd(address)}${paint('dim', what)}`;
  return [
    `${paint('green', '∩')} ${paint('bold', 'Safeconduct')}${paint('dim', `   demo data, demo passwords. Ready in ${seconds.toFixed(1)} s`)}`,
    '',
    row('issuer', issuer, `signs people in; log ${shown(log.issuer ?? '')}`),
    row('shop', url, `web chat and API; log ${shown(log.shop ?? '')}`),
    row('API docs', `${url}/docs`, 'sign in there and try the API as yourself'),
    row('database', where, database),
    row('third party', calendarUrl, `a calendar to connect; log ${shown(log.calendar ?? '')}`),
    '',
    `  ${paint('bold', 'Who can sign in')}`,
    ...peopleRows([
      ...demoPeople,
      ...calendarPeople.map((person) => ({ ...person, note: `at the third party; ${person.name}’s calendar` })),
    ]),
    '',
    `  ${paint('bold', 'Try next')}`,
    `  open ${url} and ask "show my orders", then "show order 1002"`,
    '  then ask "put my delivery of order 1001 into my calendar", and connect the calendar',
    `  npm run chat${paint('dim', '   the same in another terminal')}`,
    `  npm run tour${paint('dim', '   the whole journey with its evidence, in under a minute')}`,
    `  npx safeconduct setup${paint('dim', '   makes the first administrator of the issuer, once')}`,
    '',
    paint('dim', '  Ctrl-C stops everything. The next start finds its data again.'),
  ];
}

interface PersonRow {
  readonly email: string;
  readonly password: string;
  readonly note: string;
}

function peopleRows(people: readonly PersonRow[]): string[] {
  const width = (pick: (person: PersonRow) => string) => Math.max(...people.map((person) => pick(person).length)) + 3;
  const [email, password] = [width((person) => person.email), width((person) => person.password)];
  return people.map((person) => `  ${person.email.padEnd(email)}${person.password.padEnd(password)}${paint('dim', person.note)}`);
}

function shown(path: string): string {
  return relative(process.cwd(), path) || path;
}

async function finish(stack: Stack, code: number): Promise<void> {
  await stack.stop();
  process.exit(code);
}

function print(lines: readonly string[]): void {
  console.log(lines.join('\n'));
}
