/** The planner in this process, beside a provider and a calendar that a test scripts, and a browser without a window. */
import { createScriptedVault, type ScriptedVault, type VaultDialect } from '@safeconduct/test-support/scripted-vault';
import type { createApp } from './app.ts';
import { settingsFrom } from './settings.ts';

export const origin = 'http://localhost:3002';
const calendar = 'https://api.almanac.example';

export interface Stage {
  readonly vault: ScriptedVault;
  readonly app: ReturnType<typeof createApp>;
  readonly logged: string[];
  /** What the calendar was asked, and how it answers. */
  readonly asked: Request[];
  answer: (request: Request) => Response;
  close(): void;
}

/** Until it is closed, no request of this process leaves it. */
export async function setStage(create: typeof createApp, dialect: VaultDialect): Promise<Stage> {
  const issuer = dialect === 'auth0' ? 'https://acme.eu.auth0.com/' : 'https://id.example';
  const vault = await createScriptedVault({ dialect, issuer });
  const settings = settingsFrom({ ISSUER: issuer, CLIENT_SECRET: 'top-secret', APP_URL: origin, CALENDAR_URL: calendar });
  const { fetch } = globalThis;
  const logged: string[] = [];
  const stage: Stage = {
    vault,
    app: create(settings, (event, fields) => logged.push(JSON.stringify({ event, ...fields }))),
    logged,
    asked: [],
    answer: () => Response.json({ events: [{ id: '1', title: 'Parcel <b>now</b>', day: '2026-11-26' }] }),
    close: () => {
      globalThis.fetch = fetch;
    },
  };
  globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    if (!request.url.startsWith(calendar)) return vault.fetch(String(input instanceof Request ? input.url : input), init);
    stage.asked.push(request);
    return stage.answer(request);
  };
  return stage;
}

const ownPage = { origin, 'sec-fetch-site': 'same-origin' };

/** What a person with a browser does, one request at a time. */
export class Visitor {
  readonly jar = new Map<string, string>();
  readonly stage: Stage;

  constructor(stage: Stage) {
    this.stage = stage;
  }

  async go(path: string, init: RequestInit & { readonly headers?: Record<string, string> } = {}): Promise<Response> {
    const cookie = [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await this.stage.app.request(new URL(path, origin), {
      ...init,
      headers: { ...(cookie && { cookie }), ...init.headers },
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/Max-Age=0/.test(line)) this.jar.delete(name);
      else this.jar.set(name, value);
    }
    return response;
  }

  /** Sends a form, from a page of the planner unless the headers say something else. */
  post(path: string, form: Record<string, string> = {}, headers: Record<string, string> = ownPage): Promise<Response> {
    return this.go(path, { method: 'POST', headers, body: new URLSearchParams(form) });
  }

  /** Follows a redirect to the provider, and gives what the browser brings back. */
  back(response: Response, changes: Readonly<Record<string, string | undefined>> = {}): string {
    const { pathname, search } = this.stage.vault.visit(new URL(response.headers.get('location') ?? ''), changes);
    return pathname + search;
  }

  async signIn(): Promise<Response> {
    return this.go(this.back(await this.go('/login')));
  }

  async connect(): Promise<Response> {
    return this.go(this.back(await this.post('/connect/calendar')));
  }
}
