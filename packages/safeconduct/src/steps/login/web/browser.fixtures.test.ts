/** A web login, a provider that lies on demand, and browsers, for the tests beside this file. */
import { afterEach, beforeEach } from 'node:test';
import { type ScriptedProvider, startScriptedProvider } from '@safeconduct/test-support/scripted-provider';
import { generic } from '../../../core/providers/generic.ts';
import { createLogin, type LoginOptions } from '../login.ts';
import { memorySessions } from './memory-sessions.ts';
import type { SessionStore } from './session-store.ts';
import { createWebLogin, type WebLogin, type WebLoginOptions } from './web-login.ts';
import type { LoginEvent } from './wiring.ts';

export const origin = 'http://localhost:4999';
/** Made anew for each test. */
export const world = {} as { provider: ScriptedProvider; sessions: SessionStore; web: WebLogin; time: number; events: LoginEvent[] };
export const secret = 'a secret of thirty-two characters or more';

export const webLogin = (options: Partial<WebLoginOptions> = {}, loginOptions: Partial<LoginOptions> = {}): WebLogin =>
  createWebLogin({
    login: createLogin({
      provider: generic({ issuer: world.provider.issuer }),
      clientId: 'shop',
      clientSecret: 'top-secret',
      redirectUri: `${origin}/auth/callback`,
      postLogoutRedirectUri: `${origin}/`,
      scopes: ['openid', 'offline_access'],
      clock: () => world.time,
      ...loginOptions,
    }),
    sessions: world.sessions,
    secret,
    log: (event) => world.events.push(event),
    ...options,
  });

beforeEach(async () => {
  world.time = Date.now();
  world.events = [];
  world.provider = await startScriptedProvider();
  world.provider.clock = () => world.time;
  world.sessions = memorySessions();
  world.web = webLogin();
});
afterEach(() => world.provider.close());

/** A browser's cookies for this application. */
export class Browser {
  readonly jar = new Map<string, string>();

  request(path: string, init: RequestInit & { headers?: Record<string, string> } = {}): Request {
    const cookie = [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ');
    return new Request(new URL(path, origin), { ...init, headers: { ...(cookie && { cookie }), ...init.headers } });
  }

  keep(response: Response): Response {
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/Max-Age=0/.test(line)) this.jar.delete(name);
      else this.jar.set(name, value);
    }
    return response;
  }

  async begin(path = '/auth/login', at = world.web): Promise<URL> {
    const response = this.keep(await at.begin(this.request(path)));
    return new URL(response.headers.get('location') ?? '');
  }

  async finish(callback: URL, at = world.web): Promise<Response> {
    return this.keep(await at.finish(this.request(callback.href)));
  }

  async signIn(path?: string, at = world.web): Promise<Response> {
    return this.finish(world.provider.answer(await this.begin(path, at)), at);
  }

  signOut(headers: Record<string, string> = { origin, 'sec-fetch-site': 'same-origin' }): Promise<Response> {
    return world.web.signOut(this.request('/auth/sign-out', { method: 'POST', headers })).then((response) => this.keep(response));
  }

  session(at = world.web) {
    return at.sessionOf(this.request('/'));
  }
}
