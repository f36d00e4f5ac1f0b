/** HTTP for the tests: single calls, and a browser without scripts. */
import http from 'node:http';
import { ADA, SECRET } from './shop.fixtures.test.ts';

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers are read by tests, which check what they read
  readonly json: any;
}

interface Call {
  readonly method?: string;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly form?: Record<string, string> | URLSearchParams;
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 256 });

export function call(base: string, path: string, { form, method = form ? 'POST' : 'GET', headers = {} }: Call = {}): Promise<Answer> {
  const body = form && new URLSearchParams(form).toString();
  const sent =
    body === undefined
      ? headers
      : { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body), ...headers };
  return new Promise((resolve, reject) => {
    const request = http.request(new URL(path, base), { method, agent, headers: sent }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.on('error', reject).on('end', () => resolve(answerOf(response, text)));
    });
    request.on('error', reject).end(body);
  });
}

function answerOf({ statusCode = 0, headers }: http.IncomingMessage, body: string): Answer {
  return {
    status: statusCode,
    headers,
    body,
    get json() {
      return JSON.parse(body);
    },
  };
}

export const basic = (id: string, secret = SECRET) => ({ authorization: `Basic ${btoa(`${id}:${secret}`)}` });

/** Keeps cookies by name and path. */
export class Jar {
  readonly #cookies = new Map<string, { readonly pair: string; readonly path: string }>();

  take({ 'set-cookie': lines = [] }: http.IncomingHttpHeaders): void {
    for (const line of lines) {
      const [pair = '', ...rest] = line.split('; ');
      const path = rest.find((part) => part.toLowerCase().startsWith('path='))?.slice(5) ?? '/';
      const name = pair.slice(0, pair.indexOf('='));
      if (pair.endsWith('=') || line.includes('01 Jan 1970')) this.#cookies.delete(`${name}@${path}`);
      else this.#cookies.set(`${name}@${path}`, { pair, path });
    }
  }

  for(path: string): string {
    return [...this.#cookies.values()]
      .filter((one) => path.startsWith(one.path))
      .map((one) => one.pair)
      .join('; ');
  }

  get names(): string[] {
    return [...this.#cookies.keys()];
  }
}

/** Plays a browser: follows redirects within the issuer, fills in the sign-in page, agrees to what it is asked. */
export class Browser {
  readonly base: string;
  readonly jar: Jar;
  readonly user: { readonly email: string; readonly password: string };

  constructor(base: string, { jar = new Jar(), user = ADA } = {}) {
    this.base = base;
    this.jar = jar;
    this.user = user;
  }

  async send(path: string, options: Call = {}): Promise<Answer> {
    const answer = await call(this.base, path, {
      ...options,
      headers: { origin: this.base, ...options.headers, cookie: this.jar.for(path) },
    });
    this.jar.take(answer.headers);
    return answer;
  }

  /** Goes on until a page that is not the sign-in page, or a redirect that leaves the issuer. */
  async follow(path: string, options: Call = {}): Promise<{ readonly answer: Answer; readonly path: string; readonly left?: URL }> {
    let at = path;
    let answer = await this.send(at, options);
    for (let step = 0; step < 12; step++) {
      const { location } = answer.headers;
      if (location !== undefined) {
        const url = new URL(location, new URL(at, this.base));
        if (url.origin !== this.base) return { answer, path: at, left: url };
        at = url.pathname + url.search;
        answer = await this.send(at);
      } else if (answer.body.includes('name="password"')) {
        answer = await this.submit(answer, at, { email: this.user.email, password: this.user.password });
      } else return { answer, path: at };
    }
    throw new Error('too many redirects');
  }

  /** Sends the first form of a page with its hidden fields. */
  submit(page: Answer, path: string, fields: Record<string, string> = {}): Promise<Answer> {
    const [, action = path] = /<form[^>]*action="([^"]*)"/.exec(page.body) ?? [];
    const hidden = [...page.body.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(([, name = '', value = '']) => [
      name,
      value,
    ]);
    const target = new URL(action.replaceAll('&amp;', '&'), new URL(path, this.base));
    return this.send(target.pathname + target.search, { form: { ...Object.fromEntries(hidden), ...fields } });
  }
}
