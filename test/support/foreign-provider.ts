/** A provider that is not ours, with its own defaults and its own sign-in pages, and somebody who fills them in. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ClientMetadata, type Configuration, Provider } from 'oidc-provider';

export interface ForeignProvider {
  readonly issuer: string;
  readonly provider: Provider;
  close(): Promise<void>;
}

/** Starts `oidc-provider` on a free port. Only what a test asks for differs from its defaults. */
export async function startForeignProvider(clients: ClientMetadata[], configuration: Configuration = {}): Promise<ForeignProvider> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = quietly(() => new Provider(issuer, { ...configuration, clients }));
  server.on('request', provider.callback());
  return {
    issuer,
    provider,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Its notices about development defaults are right, and no news in a test. */
function quietly<T>(work: () => T): T {
  const { warn, info } = console;
  console.warn = () => undefined;
  console.info = () => undefined;
  try {
    return work();
  } finally {
    Object.assign(console, { warn, info });
  }
}

/** A browser without scripts: cookies, redirects, and forms that it fills in with whatever is asked. */
export class FormBrowser {
  readonly #cookies = new Map<string, Map<string, string>>();

  /** Opens `url`, fills in `values` and agrees to everything, until it is sent to an address that begins with `until`. */
  async signIn(url: URL, values: Readonly<Record<string, string>>, until: string): Promise<URL> {
    let next = await this.#go(url);
    for (let step = 0; step < 20; step++) {
      if (next instanceof URL) {
        if (next.href.startsWith(until)) return next;
        next = await this.#go(next);
      } else {
        next = await this.#submit(next, { password: 'anything', ...values });
      }
    }
    throw new Error('the sign-in did not come to an end');
  }

  async #go(url: URL, body?: URLSearchParams): Promise<URL | Page> {
    const headers: Record<string, string> = { cookie: this.#cookieHeader(url), accept: 'text/html' };
    if (body) Object.assign(headers, { origin: url.origin, 'sec-fetch-site': 'same-origin' });
    const response = await fetch(url, { redirect: 'manual', headers, ...(body && { method: 'POST', body }) });
    this.#keep(url, response);
    const location = response.headers.get('location');
    if (location !== null) return new URL(location, url);
    const html = await response.text();
    if (response.status >= 400) throw new Error(`${url.pathname} answered ${response.status}: ${html.slice(0, 300)}`);
    return { url, html };
  }

  async #submit({ url, html }: Page, values: Record<string, string>): Promise<URL | Page> {
    const form = /<form[^>]*action="([^"]+)"[^>]*>([\s\S]*?)<\/form>/.exec(html);
    if (!form) throw new Error(`no form at ${url.pathname}`);
    const body = new URLSearchParams();
    for (const [input] of (form[2] ?? '').matchAll(/<input[^>]*>|<button[^>]*>/g)) {
      const name = /name="([^"]+)"/.exec(input)?.[1];
      // The first button is the one that agrees, and only one is ever pressed.
      if (name === undefined || (input.startsWith('<button') && body.has(name))) continue;
      body.set(name, /value="([^"]*)"/.exec(input)?.[1] || values[name] || '');
    }
    return this.#go(new URL((form[1] ?? '').replaceAll('&amp;', '&'), url), body);
  }

  #jar(url: URL): Map<string, string> {
    const jar = this.#cookies.get(url.hostname) ?? new Map<string, string>();
    this.#cookies.set(url.hostname, jar);
    return jar;
  }

  #cookieHeader(url: URL): string {
    return [...this.#jar(url)].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  #keep(url: URL, response: Response): void {
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const [name = '', ...value] = pair.split('=');
      if (value.join('=') === '' || /expires=Thu, 01 Jan 1970/i.test(line)) this.#jar(url).delete(name);
      else this.#jar(url).set(name, value.join('='));
    }
  }
}

interface Page {
  readonly url: URL;
  readonly html: string;
}
