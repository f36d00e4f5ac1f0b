/** Where everything is. The only reader of `process.env` in this example. */

export interface Places {
  /** The provider that signs people in. */
  readonly issuer: string;
  /** Whether that one runs already, and knows the application. Otherwise `npm start` runs its own. */
  readonly issuerGiven: boolean;
  /** The application in the browser, as the provider knows it. */
  readonly clientId: string;
  /** The API's docs page, as the provider knows it. */
  readonly docsClientId: string;
  /** Origin of the API. */
  readonly api: string;
  /** The API, as its tokens name it. */
  readonly audience: string;
  /** Origin of the application in the browser. */
  readonly spa: string;
  /** Folder of the issuer's database. */
  readonly dataDirectory: string;
}

/** A setting that cannot be used. The message names it and says what to write. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

type Environment = Readonly<Record<string, string | undefined>>;

export function placesFrom(environment: Environment = process.env): Places {
  const given = (name: string) => environment[name]?.trim() || undefined;
  const issuer = given('ISSUER');
  const api = origin('API_URL', given('API_URL') ?? 'http://localhost:4000');
  return Object.freeze({
    issuer: webAddress('ISSUER', issuer ?? `http://localhost:${given('ISSUER_PORT') ?? 8081}`),
    issuerGiven: issuer !== undefined,
    clientId: given('CLIENT_ID') ?? 'noticeboard',
    docsClientId: given('DOCS_CLIENT_ID') ?? 'noticeboard-docs',
    api,
    audience: given('AUDIENCE') ?? `${api}/api`,
    spa: origin('SPA_URL', given('SPA_URL') ?? 'http://localhost:5173'),
    dataDirectory: given('DATA') ?? './.safeconduct',
  });
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
