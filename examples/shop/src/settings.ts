import { isAbsolute, resolve } from 'node:path';

/** Which model answers. */
export type ModelSettings =
  | {
      readonly provider: 'azure';
      readonly apiKey: string;
      readonly resourceName?: string;
      readonly baseUrl?: string;
      readonly apiVersion?: string;
      readonly model: string;
    }
  | { readonly provider: 'openai'; readonly apiKey: string; readonly model: string }
  | { readonly provider: 'compatible'; readonly apiKey?: string; readonly baseUrl: string; readonly model: string }
  | { readonly provider: 'scripted'; readonly pause: number };

export interface Settings {
  /** Where browsers find the shop, such as `http://localhost:3000`; without a slash at the end. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** The OpenID provider that signs people in. */
  readonly issuer: string;
  /** Folder of the embedded database and of the shop's key. */
  readonly dataDirectory: string;
  /** A superuser's or CREATEROLE user's URL, for set-up; undefined means the embedded PGlite. */
  readonly databaseUrl?: string;
  readonly clientId: string;
  readonly clientSecret?: string;
  /** Proves the shop’s API at the issuer, when it asks for what people connected. */
  readonly apiSecret?: string;
  /** The calendar that people may connect, such as `http://localhost:4000`. */
  readonly calendarUrl: string;
  /** At least 32 bytes that seal sessions; undefined means a generated file in the data folder. */
  readonly secret?: string;
  readonly model: ModelSettings;
}

/** A setting that cannot be used. The message names it and says what to write. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the environment, once. The only reader of `process.env` in this example. */
export function settingsFrom(environment: Environment = process.env): Settings {
  const url = origin('SHOP_URL', webUrl(environment, 'SHOP_URL', `http://localhost:${portOf(environment.PORT, 3000)}`));
  const { port: urlPort, protocol } = new URL(url);
  const databaseUrl = databaseFrom(environment);
  const clientSecret = given(environment, 'SHOP_CLIENT_SECRET');
  const apiSecret = given(environment, 'SHOP_API_SECRET');
  const secret = given(environment, 'SHOP_SECRET');
  if (secret !== undefined && Buffer.byteLength(secret) < 32)
    throw new SettingsError('SHOP_SECRET is too short: write at least 32 random bytes');
  return Object.freeze({
    url,
    host: given(environment, 'SHOP_HOST') ?? '127.0.0.1',
    port: portOf(environment.PORT, Number(urlPort || (protocol === 'https:' ? 443 : 80))),
    issuer: webUrl(environment, 'SAFECONDUCT_ISSUER', 'http://localhost:8080'),
    dataDirectory: absolute(given(environment, 'SAFECONDUCT_DATA') ?? './.safeconduct'),
    clientId: given(environment, 'SHOP_CLIENT_ID') ?? 'shop-web',
    calendarUrl: origin('CALENDAR_URL', webUrl(environment, 'CALENDAR_URL', 'http://localhost:4000')),
    model: modelFrom(environment),
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
    ...(clientSecret === undefined ? {} : { clientSecret }),
    ...(apiSecret === undefined ? {} : { apiSecret }),
    ...(secret === undefined ? {} : { secret }),
  });
}

/** The names are those that the providers' own libraries read. */
function modelFrom(environment: Environment): ModelSettings {
  const model = given(environment, 'MODEL') ?? given(environment, 'OPENAI_MODEL');
  const azureKey = given(environment, 'AZURE_OPENAI_API_KEY') ?? given(environment, 'AZURE_API_KEY');
  if (azureKey !== undefined) return azure(environment, azureKey);
  const apiKey = given(environment, 'OPENAI_API_KEY');
  const baseUrl = given(environment, 'OPENAI_BASE_URL');
  if (baseUrl !== undefined) {
    if (model === undefined) throw new SettingsError('OPENAI_BASE_URL is set, but no model: set MODEL to a name that this endpoint knows');
    return {
      provider: 'compatible',
      baseUrl: webUrl(environment, 'OPENAI_BASE_URL', 'http://localhost:11434/v1'),
      model,
      ...(apiKey === undefined ? {} : { apiKey }),
    };
  }
  if (apiKey !== undefined) return { provider: 'openai', apiKey, model: model ?? 'gpt-5-mini' };
  return { provider: 'scripted', pause: pauseOf(environment) };
}

function azure(environment: Environment, apiKey: string): ModelSettings {
  const endpoint = given(environment, 'AZURE_OPENAI_ENDPOINT');
  const resourceName = given(environment, 'AZURE_OPENAI_RESOURCE_NAME') ?? given(environment, 'AZURE_RESOURCE_NAME');
  const model =
    given(environment, 'AZURE_OPENAI_DEPLOYMENT') ?? given(environment, 'AZURE_OPENAI_DEPLOYMENT_NAME') ?? given(environment, 'MODEL');
  const apiVersion = given(environment, 'AZURE_OPENAI_API_VERSION') ?? given(environment, 'OPENAI_API_VERSION');
  if (endpoint === undefined && resourceName === undefined)
    throw new SettingsError('an Azure OpenAI key is set, but no place: set AZURE_OPENAI_ENDPOINT, such as https://NAME.openai.azure.com');
  if (model === undefined)
    throw new SettingsError('an Azure OpenAI key is set, but no model: set AZURE_OPENAI_DEPLOYMENT to the name of your deployment');
  return {
    provider: 'azure',
    apiKey,
    model,
    ...(endpoint === undefined
      ? {}
      : { baseUrl: `${webUrl(environment, 'AZURE_OPENAI_ENDPOINT', 'https://NAME.openai.azure.com')}/openai` }),
    ...(resourceName === undefined ? {} : { resourceName }),
    ...(apiVersion === undefined ? {} : { apiVersion }),
  };
}

function given(environment: Environment, name: string): string | undefined {
  const value = environment[name]?.trim();
  return value === undefined || value === '' ? undefined : value;
}

function portOf(value: string | undefined, fallback: number): number {
  if (value === undefined || value.trim() === '') return fallback;
  const port = Number(value);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new SettingsError(`PORT is "${value}": write a number from 0 to 65535`);
  return port;
}

/** How many milliseconds the stand-in waits between words, so that one can see an answer stream. */
function pauseOf(environment: Environment): number {
  const pause = Number(given(environment, 'SHOP_SCRIPT_PAUSE') ?? 18);
  if (!Number.isFinite(pause) || pause < 0 || pause > 1000)
    throw new SettingsError('SHOP_SCRIPT_PAUSE is no number of milliseconds from 0 to 1000');
  return pause;
}

/** `example` is what the message offers, and what is meant when nothing was given. */
function webUrl(environment: Environment, name: string, example: string): string {
  const value = given(environment, name) ?? example;
  const url = URL.parse(value);
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '')
    throw new SettingsError(`${name} is "${value}": write an http(s) address without a query, such as ${example}`);
  return value.replace(/\/+$/, '');
}

/** The shop's routes, cookies and redirect addresses begin at the root of a host. */
function origin(name: string, value: string): string {
  const { origin: whole, username, password, pathname } = new URL(value);
  if (username !== '' || password !== '' || pathname !== '/')
    throw new SettingsError(`${name} has a path or a user name: write scheme, host and port alone, such as ${whole}`);
  return whole;
}

function databaseFrom(environment: Environment): string | undefined {
  const name = given(environment, 'SHOP_DATABASE_URL') === undefined ? 'DATABASE_URL' : 'SHOP_DATABASE_URL';
  const value = given(environment, name);
  if (value === undefined || /^postgres(ql)?:$/.test(URL.parse(value)?.protocol ?? '')) return value;
  throw new SettingsError(`${name} is no PostgreSQL address: write postgres://user:password@host:5432/database`);
}

function absolute(path: string): string {
  return isAbsolute(path) ? path : resolve(path);
}
