import { startForeignProvider as startProvider } from '@safeconduct/test-support/foreign-provider';

type Configuration = NonNullable<Parameters<typeof startProvider>[1]>;
type Client = Parameters<typeof startProvider>[0][number];

/** A provider that is not ours, on loopback, with its own pages for sign-in and consent. */
export interface ForeignProvider {
  readonly issuer: string;
  /** The token requests that were answered, by grant type, in order. */
  readonly grants: readonly { readonly grant: string; readonly granted: boolean }[];
  close(): Promise<void>;
}

/** What a test wants otherwise. */
export interface ForeignOptions {
  /** Default true. */
  readonly deviceGrant?: boolean;
}

export const clientId = 'terminal';
export const resource = 'https://api.example/';

const clientOf = ({ deviceGrant = true }: ForeignOptions): Client => ({
  client_id: clientId,
  application_type: 'native',
  token_endpoint_auth_method: 'none',
  redirect_uris: ['http://127.0.0.1/callback'],
  response_types: ['code'],
  grant_types: ['authorization_code', 'refresh_token', ...(deviceGrant ? ['urn:ietf:params:oauth:grant-type:device_code'] : [])],
});

function configuration({ deviceGrant = true }: ForeignOptions): Configuration {
  return {
    cookies: { keys: ['a key that signs cookies in a test'] },
    features: {
      deviceFlow: { enabled: deviceGrant },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({ scope: 'orders:read', accessTokenFormat: 'jwt', accessTokenTTL: 600 }),
      },
    },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    issueRefreshToken: () => true,
    pkce: { required: () => true },
    scopes: ['openid', 'offline_access', 'orders:read'],
  };
}

/** Starts it on a free port. */
export async function startForeignProvider(options: ForeignOptions = {}): Promise<ForeignProvider> {
  const grants: { grant: string; granted: boolean }[] = [];
  const { issuer, provider, close } = await startProvider([clientOf(options)], configuration(options));
  provider.on('grant.success', ({ oidc }) => void grants.push({ grant: String(oidc.params?.grant_type), granted: true }));
  provider.on('grant.error', ({ oidc }) => void grants.push({ grant: String(oidc.params?.grant_type), granted: false }));
  return { issuer, grants, close };
}

/** What somebody with a browser does. */
export interface Browser {
  /** Follows redirects from `url` through the provider's pages, as `login`, until there is no form left or an address begins with `stopAt`. Gives the last page. */
  signIn(url: URL | string, login: string, stopAt?: string): Promise<{ readonly url: URL; readonly status: number; readonly text: string }>;
}

/** A browser as far as these pages need one: cookies, redirects, forms. */
export function openBrowserOf(): Browser {
  const jar = new Map<string, string>();
  const fetchPage = async (
    url: URL,
    stopAt: string | undefined,
    body?: URLSearchParams,
  ): Promise<{ url: URL; status: number; text: string }> => {
    if (stopAt && url.href.startsWith(stopAt)) return { url, status: 0, text: '' };
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { method: body ? 'POST' : 'GET', headers: { cookie }, redirect: 'manual', ...(body && { body }) });
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=');
      jar.set(name, value);
    }
    const location = response.headers.get('location');
    if (location) return fetchPage(new URL(location, url), stopAt);
    return { url, status: response.status, text: await response.text() };
  };
  return {
    signIn: async (start, login, stopAt) => {
      let page = await fetchPage(new URL(start), stopAt);
      for (let forms = 0; forms < 8; forms++) {
        const [, attributes, inside] = /<form([^>]*)>([\s\S]*?)<\/form>/.exec(page.text) ?? [];
        if (attributes === undefined || inside === undefined) return page;
        const action = /action="([^"]+)"/.exec(attributes)?.[1] ?? '';
        const hidden = [...inside.matchAll(/<input[^>]*type="hidden"[^>]*>/g)].map(([tag]): [string, string] => [
          attribute(tag, 'name'),
          attribute(tag, 'value'),
        ]);
        const fields = inside.includes('name="login"') ? { login, password: 'any' } : {};
        page = await fetchPage(new URL(action, page.url), stopAt, new URLSearchParams({ ...Object.fromEntries(hidden), ...fields }));
      }
      throw new Error(`too many forms, the last at ${page.url.pathname}`);
    },
  };
}

const attribute = (tag: string, name: string): string => new RegExp(`${name}="([^"]*)"`).exec(tag)?.[1] ?? '';
