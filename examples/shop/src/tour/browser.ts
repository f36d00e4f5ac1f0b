/** A browser as far as sign-in pages need one: cookies, redirects and forms, over plain HTTP. */

/** A page that was reached, with its forms still in it. */
export interface Page {
  readonly url: URL;
  readonly status: number;
  readonly html: string;
}

export interface Browser {
  /** Opens an address and follows redirects, but never to an address that starts with one of `stopAt`. */
  open(url: string | URL, stopAt?: string): Promise<Page>;
  /** Fills in the page's form and presses a button of it. */
  submit(page: Page, fields: Readonly<Record<string, string>>, stopAt?: string): Promise<Page>;
  /** Presses the button with this text, in the first form that has one. */
  press(page: Page, button: string, stopAt?: string): Promise<Page>;
  /** Follows the page's main link. */
  follow(page: Page, stopAt?: string): Promise<Page>;
  /** How many cookies it holds. */
  cookies(): number;
}

/** Opens an empty browser. Cookies belong to a host, whatever its port, as in real browsers. */
export function createBrowser(): Browser {
  const jar = new Map<string, string>();
  const visit = async (url: URL, init: RequestInit, stopAt: string | undefined): Promise<Page> => {
    let target = url;
    let request = init;
    for (let hops = 0; hops < 12; hops++) {
      if (stopAt !== undefined && target.href.startsWith(stopAt)) return { url: target, status: 0, html: '' };
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
      const headers = { ...request.headers, cookie, accept: 'text/html', 'sec-fetch-site': 'same-origin' };
      const answer = await fetch(target, { ...request, headers, redirect: 'manual' });
      for (const line of answer.headers.getSetCookie()) keep(jar, line);
      const location = answer.headers.get('location');
      if (location === null) return { url: target, status: answer.status, html: await answer.text() };
      await answer.body?.cancel();
      target = new URL(location, target);
      request = { method: 'GET' };
    }
    throw new Error(`redirected in a circle at ${target.origin}${target.pathname}`);
  };
  const send = (page: Page, { action, body }: Form, stopAt: string | undefined) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded', origin: page.url.origin };
    return visit(action, { method: 'POST', body, headers }, stopAt);
  };
  return {
    open: (url, stopAt) => visit(new URL(url), { method: 'GET' }, stopAt),
    submit: (page, fields, stopAt) => send(page, formOf(page, fields), stopAt),
    press: (page, button, stopAt) => send(page, formOf(page, {}, button), stopAt),
    follow: (page, stopAt) => visit(mainLinkOf(page), { method: 'GET' }, stopAt),
    cookies: () => jar.size,
  };
}

function keep(jar: Map<string, string>, line: string): void {
  const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
  const name = pair.slice(0, pair.indexOf('='));
  const gone = attributes.some(
    (attribute) => /^max-age=0$/i.test(attribute) || (/^expires=/i.test(attribute) && Date.parse(attribute.slice(8)) <= Date.now()),
  );
  if (gone) jar.delete(name);
  else jar.set(name, pair.slice(pair.indexOf('=') + 1));
}

interface Form {
  readonly action: URL;
  readonly body: string;
}

/** The first form of the page that has every field or button named in `fields`, and a button with this text. */
function formOf(page: Page, fields: Readonly<Record<string, string>>, button = ''): Form {
  for (const [, head = '', inside = ''] of page.html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)) {
    if (!Object.keys(fields).every((name) => inside.includes(`name="${name}"`))) continue;
    if (button !== '' && !inside.includes(`>${button}</button>`)) continue;
    const hidden = [...inside.matchAll(/<input\b[^>]*type="hidden"[^>]*>/g)].map(([tag]) => [
      attribute(tag, 'name'),
      attribute(tag, 'value'),
    ]);
    const body = new URLSearchParams({ ...Object.fromEntries(hidden), ...fields }).toString();
    return { action: new URL(attribute(head, 'action') || page.url.href, page.url), body };
  }
  const title = /<title>([^<]*)/.exec(page.html)?.[1] ?? 'no title';
  throw new Error(`the page "${title}" (${page.status}) has no form with ${[...Object.keys(fields), button].join(', ')}`);
}

function mainLinkOf(page: Page): URL {
  const tag = /<a\b[^>]*class="button primary[^"]*"[^>]*>/.exec(page.html)?.[0];
  if (tag === undefined) throw new Error(`the page "${page.url.pathname}" (${page.status}) leads nowhere`);
  return new URL(attribute(tag, 'href'), page.url);
}

function attribute(tag: string, name: string): string {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1] ?? '';
  return value.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
