/** A third party for tests of the vault: strict about refresh tokens, and able to go wrong in every way. */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { UpstreamTokens } from './third-party.ts';

/** What the token endpoint does with the next refresh. `lost`: it renews, and nobody hears of it. */
export type Mood = 'well' | 'lost' | 'busy' | 'refuses' | 'refuses the client' | 'hangs';

interface Family {
  readonly person: string;
  refresh: string;
  alive: boolean;
}

export interface StrictThirdParty {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  mood: Mood;
  /** Whether revocation works. */
  revokes: boolean;
  /** Seconds that a renewed access token lives. */
  expiresIn: number;
  /** Refresh requests that came, wrong ones included. */
  asked: number;
  refreshes: number;
  /** Refresh tokens that came a second time. */
  alarms: number;
  readonly revoked: string[];
  /** Held before a refresh is answered. */
  gate: Promise<void>;
  /** What it gives when somebody connects their account. */
  grant(person: string, seconds?: number): UpstreamTokens;
  /** Whose access token this is; undefined when it is good for nothing. */
  personOf(accessToken: string): string | undefined;
  /** Whether the refresh token of a person's newest connection is still good. */
  alive(person: string): boolean;
  close(): Promise<void>;
}

const token = (kind: string) => `${kind}-${randomBytes(12).toString('hex')}`;

export async function startStrictThirdParty(): Promise<StrictThirdParty> {
  const families: Family[] = [];
  const used = new Map<string, Family>();
  const access = new Map<string, Family>();
  const mint = (family: Family): { access_token: string; refresh_token: string } => {
    const [accessToken, refresh] = [token('at'), token('rt')];
    family.refresh = refresh;
    access.set(accessToken, family);
    return { access_token: accessToken, refresh_token: refresh };
  };
  const end = (family: Family) => {
    family.alive = false;
    for (const [value, owner] of access) if (owner === family) access.delete(value);
  };
  const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()));
  const party: StrictThirdParty = {
    url: '',
    clientId: 'safeconduct',
    clientSecret: 'the secret of a client',
    mood: 'well',
    revokes: true,
    expiresIn: 3600,
    asked: 0,
    refreshes: 0,
    alarms: 0,
    revoked: [],
    gate: Promise.resolve(),
    grant(person, seconds = 3600) {
      const family: Family = { person, refresh: '', alive: true };
      families.push(family);
      const { access_token: accessToken, refresh_token: refreshToken } = mint(family);
      return { accessToken, refreshToken, expiresAt: new Date(Date.now() + seconds * 1000), scopes: ['calendar.read', 'calendar.write'] };
    },
    personOf: (accessToken) => access.get(accessToken)?.person,
    alive: (person) => families.findLast((family) => family.person === person)?.alive === true,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = new URLSearchParams(await text(request));
    if (request.url === '/revoke') return revoke(form.get('token') ?? '', response);
    party.asked++;
    await party.gate;
    const family = families.find(({ refresh }) => refresh === form.get('refresh_token'));
    if (party.mood === 'hangs') return;
    if (party.mood === 'busy') return send(response, 503, {});
    if (party.mood === 'refuses the client') return send(response, 401, { error: 'invalid_client' });
    if (!family?.alive || party.mood === 'refuses') return refuse(form.get('refresh_token') ?? '', response);
    used.set(family.refresh, family);
    const tokens = mint(family);
    party.refreshes++;
    if (party.mood === 'lost') return void response.destroy();
    send(response, 200, { ...tokens, token_type: 'Bearer', expires_in: party.expiresIn, scope: 'calendar.read calendar.write' });
  }

  function refuse(refreshToken: string, response: ServerResponse): void {
    const family = used.get(refreshToken);
    if (family) {
      party.alarms++;
      end(family);
    }
    send(response, 400, { error: 'invalid_grant' });
  }

  function revoke(value: string, response: ServerResponse): void {
    if (!party.revokes) return void send(response, 503, {});
    party.revoked.push(value);
    const family = families.find(({ refresh }) => refresh === value) ?? used.get(value) ?? access.get(value);
    if (family) end(family);
    send(response, 200, {});
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(party, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
