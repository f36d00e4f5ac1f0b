/** Where everything is, and with which secrets. The only reader of `process.env` in this example. */
import { randomBytes } from 'node:crypto';

export interface Settings {
  /** The provider that signs people in and keeps the accounts that they connect. */
  readonly issuer: string;
  /** Whether that one runs already, and knows the application. Otherwise `npm start` runs its own. */
  readonly issuerGiven: boolean;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Origin of this application. */
  readonly app: string;
  /** Origin of the third party. */
  readonly calendar: string;
  /** Whether the third party runs already. Otherwise `npm start` runs one. */
  readonly calendarGiven: boolean;
  /** Seals cookies and sessions. */
  readonly sessionSecret: string;
  /** Folder of the issuer's database. */
  readonly dataDirectory: string;
}

/** A setting that cannot be used. The message names it and says what to write. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/** Everybody can read it here: a provider that is not the demo's own refuses it. */
export const demoSecret = 'demo-client-secret-of-the-planner-refused-in-production';

type Environment = Readonly<Record<string, string | undefined>>;

export function settingsFrom(environment: Environment = process.env): Settings {
  const given = (name: string) => environment[name]?.trim() || undefined;
  const issuer = given('ISSUER');
  const calendar = given('CALENDAR_URL');
  const clientSecret = given('CLIENT_SECRET');
  if (issuer !== undefined && clientSecret === undefined)
    throw new SettingsError('CLIENT_SECRET is missing: write the secret that your provider gave this application');
  return Object.freeze({
    issuer: webAddress('ISSUER', issuer ?? `http://localhost:${given('ISSUER_PORT') ?? 8082}`),
    issuerGiven: issuer !== undefined,
    clientId: given('CLIENT_ID') ?? 'planner',
    clientSecret: clientSecret ?? demoSecret,
    app: origin('APP_URL', given('APP_URL') ?? 'http://localhost:3002'),
    calendar: origin('CALENDAR_URL', calendar ?? `http://localhost:${given('CALENDAR_PORT') ?? 4002}`),
    calendarGiven: calendar !== undefined,
    sessionSecret: sessionSecret(given('SESSION_SECRET')),
    dataDirectory: given('DATA') ?? './.safeconduct',
  });
}

// Without one everybody signs in again after a restart, which the sessions in memory want anyway.
function sessionSecret(value: string | undefined): string {
  if (value !== undefined && value.length < 32) throw new SettingsError('SESSION_SECRET is too short: write at least 32 random characters');
  return value ?? randomBytes(32).toString('base64url');
}

/** As it was written: some providers end theirs with a slash, and it counts. */
function webAddress(name: string, value: string): string {
  const url = URL.parse(value);
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '' || url.username !== '')
    throw new SettingsError(`${name} is no web address: write one such as https://id.example.com`);
  return value;
}

function origin(name: string, value: string): string {
  const { origin: whole, pathname } = new URL(webAddress(name, value));
  if (pathname !== '/') throw new SettingsError(`${name} has a path: write scheme, host and port alone, such as ${whole}`);
  return whole;
}

/** The port to listen on for an address. */
export function portOf(url: string): number {
  const { port, protocol } = new URL(url);
  return Number(port || (protocol === 'https:' ? 443 : 80));
}
