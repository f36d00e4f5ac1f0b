import { resolve } from 'node:path';
import type { CalendarClient } from './engine.ts';

export interface Settings {
  readonly url: string;
  readonly port: number;
  readonly client: CalendarClient;
  readonly accessTokenSeconds: number;
  /** Undefined: everything ends with the process. */
  readonly file?: string;
}

/** A setting that cannot be used. The message names it and says what to write. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/** The secret of the application that `npm start` connects. Everybody can read it here: production is refused. */
const demoSecret = 'demo-client-secret-of-the-calendar-refused-in-production';

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the environment, once. */
export function settingsFrom(environment: Environment = process.env): Settings {
  if (environment.NODE_ENV === 'production')
    throw new SettingsError(
      'this calendar is a demo: its people and passwords are printed on its pages. It does not run with NODE_ENV=production',
    );
  const url = addressOf('CALENDAR_URL', given(environment, 'CALENDAR_URL') ?? 'http://localhost:4000').origin;
  const folder = given(environment, 'CALENDAR_DATA');
  const redirectUris = (given(environment, 'CALENDAR_REDIRECT_URIS') ?? 'http://localhost:8080/connections/calendar/callback').split(
    /[\s,]+/,
  );
  return {
    url,
    port: numberOf(environment, 'CALENDAR_PORT', { fallback: Number(new URL(url).port || 80), from: 0, to: 65_535 }),
    client: {
      id: given(environment, 'CALENDAR_CLIENT_ID') ?? 'calendar-demo',
      secret: given(environment, 'CALENDAR_CLIENT_SECRET') ?? demoSecret,
      name: given(environment, 'CALENDAR_CLIENT_NAME') ?? 'Shop sign-in (demo)',
      redirectUris: redirectUris.map((uri) => addressOf('CALENDAR_REDIRECT_URIS', uri).href),
    },
    accessTokenSeconds: numberOf(environment, 'CALENDAR_TOKEN_SECONDS', { fallback: 300, from: 1, to: 86_400 }),
    ...(folder === undefined ? {} : { file: resolve(folder, 'calendar.json') }),
  };
}

function given(environment: Environment, name: string): string | undefined {
  const value = environment[name]?.trim();
  return value === undefined || value === '' ? undefined : value;
}

function addressOf(name: string, value: string): URL {
  const url = URL.parse(value);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new SettingsError(`${name} is "${value}": write an address such as http://localhost:4000`);
  return url;
}

interface Range {
  readonly fallback: number;
  readonly from: number;
  readonly to: number;
}

function numberOf(environment: Environment, name: string, { fallback, from, to }: Range): number {
  const value = Number(given(environment, name) ?? fallback);
  if (!Number.isInteger(value) || value < from || value > to) throw new SettingsError(`${name} is no whole number from ${from} to ${to}`);
  return value;
}
