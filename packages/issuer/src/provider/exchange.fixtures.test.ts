/** An issuer with connections, a vault that people's accounts are kept in, and a third party that renews tokens. */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Connection, ConnectionUse } from '../connections/connection.ts';
import { createKeks } from '../connections/keks.ts';
import { createOutboundFetch } from '../connections/outbound-fetch.ts';
import { createConnections } from '../connections/registry.ts';
import { setConnectionApplications, upsertConnection } from '../connections/stored-connection.ts';
import { createUpstream } from '../connections/upstream.ts';
import { createVault, type Vault } from '../connections/vault.ts';
import { parseMasterKeys } from '../secrets/master-key.ts';
import type { Seal } from '../secrets/seal.ts';
import { Secret } from '../secrets/secret.ts';
import type { Store } from '../store/database.ts';
import { type BareOptions, type OnEngine, startBareOn } from './bare-issuer.fixtures.test.ts';
import { type Answer, basic, call } from './browser.fixtures.test.ts';
import { CONNECTION_TOKEN, FEDERATED_EXCHANGE, FEDERATED_TOKEN, TOKEN_EXCHANGE } from './exchange-names.ts';
import { ADA } from './shop.fixtures.test.ts';

export const REFRESH = 'urn:ietf:params:oauth:token-type:refresh_token';
export const ACCESS = 'urn:ietf:params:oauth:token-type:access_token';
const MASTER = randomBytes(32).toString('base64url');

export interface ThirdParty {
  readonly url: string;
  /** How often a refresh token was shown to it. */
  renewals: number;
  /** Answers 503 from now on. */
  away: boolean;
  /** Takes requests and answers none. */
  hangs: boolean;
  /** Requests that it has not answered. */
  waiting: number;
  close(): Promise<void>;
}

/** The third party's token endpoint. */
async function startThirdParty(): Promise<ThirdParty> {
  const party = { renewals: 0, away: false, hangs: false, waiting: 0 };
  const server = createServer((request, response) => {
    request.resume();
    if (party.hangs) return void party.waiting++;
    if (party.away) return void response.writeHead(503).end();
    party.renewals += 1;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({ access_token: `renewed-${party.renewals}`, token_type: 'Bearer', expires_in: 3600, scope: 'read write' }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return Object.assign(party, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close });
}

const all: ConnectionUse = { scopes: 'all', tokens: true };

/** Each connection of the tests with who may use it. */
const uses: Record<string, Record<string, ConnectionUse>> = {
  calendar: {
    web: all,
    api: all,
    narrow: { scopes: ['read'], tokens: true },
    classic: { scopes: 'all', tokens: false },
    spa: all,
    job: all,
  },
  files: { web: all, spa: all },
  off: { web: all },
};

async function declare({ store, seal, url }: { store: Store; seal: Seal; url: string }): Promise<void> {
  for (const [id, applications] of Object.entries(uses)) {
    await upsertConnection(
      store.run,
      {
        id,
        organizationId: 'shop-org',
        name: id,
        preset: 'oauth2',
        signIn: false,
        signUp: false,
        accounts: true,
        issuer: null,
        endpoints: { authorization: `${url}/authorize`, token: `${url}/token`, userinfo: `${url}/me` },
        clientId: 'safeconduct-here',
        clientSecret: new Secret('a secret at the third party'),
        authMethod: null,
        scopes: null,
        authorizationParams: {},
        publicClients: id === 'files',
        refreshRetry: 'safe',
        proxy: id === 'files' ? null : { baseUrl: `${url}/api`, methods: ['GET'], paths: ['/**'] },
      },
      { seal },
    );
    await setConnectionApplications(store.run, id, applications);
  }
}

export interface Keeping {
  readonly user?: string;
  readonly connection?: string;
  readonly account?: string;
  readonly application?: string;
  readonly token?: string;
  /** Seconds; null: the third party did not say. */
  readonly expiresIn?: number | null;
  readonly scopes?: readonly string[];
  readonly allowed?: readonly string[];
}

export interface ExchangeIssuer extends OnEngine {
  readonly store: Store;
  readonly vault: Vault;
  readonly thirdParty: ThirdParty;
  /** Who comes to the sign-in page. */
  visitor: string;
  /** Connects an account as the flows do, and gives its id. */
  keep(keeping?: Keeping): Promise<string>;
}

/** Starts one on a database of its own. */
export async function startExchangeIssuer(
  engine: 'pglite' | 'postgres',
  { hotApplications = false, ...more }: Partial<BareOptions> & { readonly hotApplications?: boolean } = {},
): Promise<ExchangeIssuer> {
  const thirdParty = await startThirdParty();
  const door = { visitor: ADA.id };
  let made: { readonly vault: Vault; readonly find: (id: string) => Promise<Connection | undefined> } | undefined;
  const started = await startBareOn(engine, {
    ...more,
    applicationCache: hotApplications ? 60_000 : 0,
    visitor: () => door.visitor,
    thirdParties: async ({ store, seal, issuer }) => {
      await declare({ store, seal, url: thirdParty.url });
      const connections = createConnections({ store, seal, maxAge: hotApplications ? 60_000 : 0 });
      const keks = await createKeks({ masterKeys: parseMasterKeys(MASTER) });
      const upstream = createUpstream({ fetch: createOutboundFetch({ issuer, allowedNetworks: [] }) });
      const vault = createVault({ store, keks, upstream, connections, log: { warn() {}, error() {} } });
      made = { vault, find: connections.find };
      return { connections, vault };
    },
  });
  if (!made) throw new Error('the issuer made no vault');
  const { vault, find } = made;
  return Object.assign(door, {
    ...started,
    store: started.bare.store,
    vault,
    thirdParty,
    keep: (keeping = {}) => keep({ vault, find }, keeping),
    async end() {
      await vault.settle();
      await started.end();
      await thirdParty.close();
    },
  });
}

async function keep(
  { vault, find }: { vault: Vault; find: (id: string) => Promise<Connection | undefined> },
  {
    user = ADA.id,
    connection = 'calendar',
    account = `${user}-there`,
    application = 'web',
    token = `token-of-${account}-at-${connection}`,
    expiresIn = 3600,
    scopes = ['read', 'write'],
    allowed = scopes,
  }: Keeping,
): Promise<string> {
  const known = await find(connection);
  if (!known) throw new Error(`there is no connection ${connection}`);
  const { id } = await vault.keep({
    userId: user,
    organizationId: 'shop-org',
    connection: known,
    account: {
      issuer: 'https://calendar.example',
      subject: account,
      name: account,
      email: undefined,
      emailVerified: false,
      fullName: undefined,
      authenticatedAt: undefined,
    },
    tokens: {
      accessToken: token,
      refreshToken: `refresh-of-${account}`,
      expiresAt: expiresIn === null ? undefined : new Date(Date.now() + expiresIn * 1000),
      scopes,
    },
    asked: scopes,
    application: { id: application, scopes: allowed },
  });
  return id;
}

export interface Exchanging {
  readonly as?: string;
  readonly connection?: string;
  readonly federated?: boolean;
  readonly access?: boolean;
  readonly headers?: Record<string, string>;
  readonly more?: Record<string, string>;
}

/** Exchanges a token of the issuer, by Basic as `web` unless something else is said. An empty value in `more` leaves a parameter out. */
export function exchange(
  base: string,
  subject: string,
  {
    as = 'web',
    connection = 'calendar',
    federated = false,
    access = subject.startsWith('ey'),
    headers = basic(as),
    more = {},
  }: Exchanging = {},
): Promise<Answer> {
  const form = {
    grant_type: federated ? FEDERATED_EXCHANGE : TOKEN_EXCHANGE,
    requested_token_type: federated ? FEDERATED_TOKEN : CONNECTION_TOKEN,
    subject_token: subject,
    subject_token_type: access ? ACCESS : REFRESH,
    connection,
    ...more,
  };
  const sent = Object.entries(form).filter(([, value]) => value !== '');
  return call(base, '/oauth2/token', { form: Object.fromEntries(sent), headers });
}
