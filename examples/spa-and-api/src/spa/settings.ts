import type { OidcClientSettings } from 'oidc-client-ts';

/** Who signs people in, as which application, and what for. Another provider is another value here: see the .diff files. */
export const signInSettings: Pick<OidcClientSettings, 'authority' | 'client_id' | 'scope' | 'resource' | 'extraQueryParams'> = {
  authority: import.meta.env.VITE_ISSUER,
  client_id: import.meta.env.VITE_CLIENT_ID,
  scope: 'openid profile email offline_access notices:read',
  resource: import.meta.env.VITE_AUDIENCE,
};

/** Where the API is, without a slash at the end. */
export const apiUrl: string = import.meta.env.VITE_API;
