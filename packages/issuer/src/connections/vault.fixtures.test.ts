/** For tests of the vault: two people, two applications, two connections at one strict third party, and vaults on one database. */
import { randomBytes } from 'node:crypto';
import { applyConfiguration } from '../configuration/apply.ts';
import { defineConfig } from '../configuration/define.ts';
import { parseMasterKeys } from '../secrets/master-key.ts';
import { createSeal, type MasterKey } from '../secrets/seal.ts';
import { Secret } from '../secrets/secret.ts';
import type { Statement, Store } from '../store/database.ts';
import type { ConnectedAccount } from './accounts.ts';
import type { Connection } from './connection.ts';
import type { Keks } from './kek.ts';
import { createKeks } from './keks.ts';
import { createOutboundFetch } from './outbound-fetch.ts';
import { createConnections } from './registry.ts';
import { setConnectionApplications, upsertConnection } from './stored-connection.ts';
import { type StrictThirdParty, startStrictThirdParty } from './strict-third-party.fixtures.test.ts';
import { createUpstream } from './upstream.ts';
import { createVault, type Vault, type VaultOptions } from './vault.ts';
import type { VaultLog } from './vault-desk.ts';

export const ADA = 'usr_ada';
export const EVE = 'usr_eve';
export const WEB = 'web';
export const OTHER = 'other';
export const SCOPES = ['calendar.read'] as const;

const configuration = defineConfig({
  organizations: [{ id: 'shop-org', name: 'Quay Shop' }],
  projects: [
    {
      id: 'shop',
      organization: 'shop-org',
      name: 'Shop',
      applications: [WEB, OTHER].map((id) => ({
        id,
        name: id,
        kind: 'native' as const,
        redirectUris: ['http://127.0.0.1/callback'],
        scopes: ['openid'],
      })),
    },
  ],
  users: [ADA, EVE].map((id) => ({
    id,
    organization: 'shop-org',
    email: `${id}@shop.example`,
    name: id,
    password: 'plain tea on the quay',
  })),
});

/** What a vault is opened with, as text, so that another process can open one, too. */
export interface Opening {
  readonly masterKey: string;
}

export interface World {
  readonly store: Store;
  readonly party: StrictThirdParty;
  readonly opening: Opening;
  readonly vault: Vault;
  /** What the vault told operators: reason and message. */
  readonly told: string[];
  connection(id?: string): Promise<Connection>;
  /** One more vault on the same database, as another process has it. */
  open(options?: Partial<VaultOptions> & { readonly on?: Store }): Promise<Vault>;
  /** Connects a person's account through a connection, and allows the web application to read it. */
  connect(
    person: string,
    of?: { readonly connection?: string; readonly account?: string; readonly seconds?: number },
  ): Promise<ConnectedAccount>;
  /** Ends the access token that is held, by the database's clock. */
  expire(accountId: string, seconds?: number): Promise<void>;
  sql<R extends Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<R[]>;
  close(): Promise<void>;
}

export async function keksOf(masterKey: string): Promise<Keks> {
  return createKeks({ masterKeys: parseMasterKeys(masterKey) });
}

/** Everything on an empty, migrated database. */
export async function openWorld(store: Store): Promise<World> {
  const masterKey = randomBytes(32).toString('base64url');
  const keys = parseMasterKeys(masterKey);
  const party = await startStrictThirdParty();
  await applyConfiguration(store, configuration, { mode: 'development' });
  for (const id of ['calendar', 'mail']) await declare(store, party, { id, keys });
  const told: string[] = [];
  const fetch = createOutboundFetch({ issuer: 'http://127.0.0.1:1' });
  const open = async ({ on = store, ...options }: Partial<VaultOptions> & { readonly on?: Store } = {}) =>
    createVault({
      ...(await parts(on, keys)),
      keks: await keksOf(masterKey),
      upstream: createUpstream({ fetch }),
      log: listening(told),
      ...options,
    });
  const vault = await open();
  let statement = 0;
  const sql: World['sql'] = (text, values = []) => store.run({ name: `test ${++statement}`, text } satisfies Statement, values);
  const connection = async (id = 'calendar') => {
    const found = await createConnections({ store, seal: createSeal(keys), maxAge: 0 }).find(id);
    if (found === undefined) throw new Error(`there is no connection ${id}`);
    return found;
  };
  return {
    store,
    party,
    opening: { masterKey },
    vault,
    told,
    connection,
    open,
    async connect(person, { connection: id = 'calendar', account = person, seconds } = {}) {
      return vault.keep({
        userId: person,
        organizationId: 'shop-org',
        connection: await connection(id),
        account: { issuer: party.url, subject: account, name: `${account}@calendar.example`, ...unknown },
        tokens: party.grant(person, seconds),
        asked: ['calendar.read', 'calendar.write'],
        application: { id: WEB, scopes: SCOPES },
      });
    },
    expire: async (accountId, seconds = -1) =>
      void (await sql(`update issuer.connected_account set expires_at = now() + $2::float8 * interval '1 second' where id = $1`, [
        accountId,
        seconds,
      ])),
    sql,
    async close() {
      await vault.settle();
      await fetch.close();
      await party.close();
    },
  };
}

const unknown = { authenticatedAt: undefined, email: undefined, emailVerified: false, fullName: undefined };

const parts = async (store: Store, keys: readonly MasterKey[]) => ({
  store,
  connections: createConnections({ store, seal: createSeal(keys), maxAge: 0 }),
});

const listening = (told: string[]): VaultLog => ({
  warn: ({ reason }, message) => told.push(`${reason}: ${message}`),
  error: ({ reason }, message) => told.push(`${reason}: ${message}`),
});

async function declare(
  store: Store,
  party: StrictThirdParty,
  { id, keys }: { readonly id: string; readonly keys: readonly MasterKey[] },
): Promise<void> {
  const declared = {
    id,
    organizationId: 'shop-org',
    name: id,
    preset: 'oauth2' as const,
    signIn: false,
    signUp: false,
    accounts: true,
    issuer: null,
    endpoints: {
      authorization: `${party.url}/authorize`,
      token: `${party.url}/token`,
      revocation: `${party.url}/revoke`,
      userinfo: `${party.url}/me`,
    },
    clientId: party.clientId,
    clientSecret: new Secret(party.clientSecret),
    authMethod: null,
    scopes: ['calendar.read'],
    authorizationParams: {},
    publicClients: false,
    refreshRetry: null,
    proxy: null,
  };
  await store.transaction(async (run) => {
    await upsertConnection(run, declared, { seal: createSeal(keys) });
    await setConnectionApplications(run, id, { [WEB]: { scopes: 'all', tokens: true }, [OTHER]: { scopes: 'all', tokens: true } });
  });
}
