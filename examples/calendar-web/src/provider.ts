import { createLogin, type Login } from 'safeconduct/login';
import { safeconduct } from 'safeconduct/providers';
import { createReach, type Reach } from 'safeconduct/reach';
import type { Settings } from './settings.ts';

/** The provider as this application uses it: it signs people in, and keeps the accounts that they connect. */
export interface Provider {
  readonly login: Login;
  readonly reach: Reach;
}

/** Another provider is another preset here: see the .diff file. */
export function createProvider({ issuer, clientId, clientSecret, app }: Settings): Provider {
  const provider = safeconduct({ issuer });
  const login = createLogin({
    provider,
    clientId,
    clientSecret,
    redirectUri: `${app}/callback`,
    postLogoutRedirectUri: `${app}/`,
    // The access token of a sign-in is for the API where accounts are connected and disconnected.
    resource: `${issuer}/me/`,
    scopes: ['openid', 'profile', 'email', 'offline_access', ...['create', 'read', 'delete'].map((may) => `${may}:me:connected_accounts`)],
  });
  const connectPath = (connection: string) => `/connect/${connection}`;
  return { login, reach: createReach({ provider, clientId, clientSecret, connectPath }) };
}
