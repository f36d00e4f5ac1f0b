/** A vault, an application and people who signed in, for the tests beside this file. */
import assert from 'node:assert/strict';
import { createScriptedVault, type ScriptedVault, type VaultDialect } from '@safeconduct/test-support/scripted-vault';
import type { Fetch } from '../../core/protocol/fetch.ts';
import { auth0 } from '../../core/providers/auth0.ts';
import type { ProviderPreset } from '../../core/providers/preset.ts';
import { safeconduct } from '../../core/providers/safeconduct.ts';
import { finishLogin } from '../login/finish.ts';
import { createLogin, type Login, type LoginOptions } from '../login/login.ts';
import type { SignedIn } from '../login/signed-in.ts';
import { startLogin } from '../login/start.ts';
import type { TokenOutcome } from './outcome.ts';
import { createReach, type Reach, type ReachOptions } from './reach.ts';

export interface World {
  readonly vault: ScriptedVault;
  readonly provider: ProviderPreset;
  readonly reach: Reach;
  readonly login: Login;
  /** What the third party was asked. */
  readonly asked: Request[];
  /** What it answers. */
  thirdParty: (request: Request) => Response | Promise<Response>;
  /** Milliseconds since 1970. */
  time: number;
  /** Somebody signs in. */
  signIn(options?: Partial<LoginOptions>): Promise<SignedIn>;
  reachWith(options: Partial<ReachOptions>): Reach;
}

export const api = 'https://api.calendar.example';

export async function createWorld(dialect: VaultDialect = 'safeconduct'): Promise<World> {
  const issuer = dialect === 'auth0' ? 'https://acme.eu.auth0.com/' : 'https://id.example';
  const vault = await createScriptedVault({ dialect, issuer });
  const provider = dialect === 'auth0' ? auth0({ domain: 'acme.eu.auth0.com' }) : safeconduct({ issuer });
  const asked: Request[] = [];
  const fetch: Fetch = async (url, init) => {
    if (!url.startsWith(api) && !url.startsWith('https://id.example/proxy/')) return vault.fetch(url, init);
    const request = new Request(url, init);
    asked.push(request);
    return world.thirdParty(request);
  };
  const options = (more: Partial<ReachOptions>): ReachOptions => ({
    provider,
    clientId: 'planner',
    clientSecret: 'top-secret',
    fetch,
    clock: () => world.time,
    ...(dialect === 'auth0' && { connectPath: (connection) => `/connect/${connection}` }),
    ...more,
  });
  const loginOptions: LoginOptions = {
    provider,
    clientId: 'planner',
    clientSecret: 'top-secret',
    redirectUri: 'https://planner.example/callback',
    scopes: ['openid', 'offline_access'],
    fetch,
    clock: () => world.time,
  };
  const world: World = {
    vault,
    provider,
    reach: createReach({ ...options({}) }),
    login: createLogin(loginOptions),
    asked,
    thirdParty: () => Response.json({ events: [] }),
    time: Date.now(),
    signIn: (more = {}) => signIn(vault, createLogin({ ...loginOptions, ...more })),
    reachWith: (more) => createReach(options(more)),
  };
  vault.clock = () => world.time;
  return world;
}

async function signIn(vault: ScriptedVault, login: Login): Promise<SignedIn> {
  const { url, transaction } = await startLogin(login);
  return finishLogin(login, vault.visit(url), transaction);
}

export const calendar = {
  id: 'cac_1',
  connection: 'calendar',
  account: 'ada-there',
  scopes: ['calendar.read'],
  token: 'upstream-1',
} as const;

/** The token of an outcome that is one. */
export const revealed = (outcome: TokenOutcome): string => {
  if (outcome.kind !== 'token') assert.fail(`no token: ${outcome.link}`);
  return outcome.token.reveal();
};
/** The exchanges that the vault was asked for. */
export const exchanges = ({ vault }: World) => vault.seen.filter(({ form }) => form.get('grant_type')?.includes('token-exchange'));
