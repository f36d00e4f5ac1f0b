/** For attacks on origins: applications that let everything through, nothing, or speak one dialect only. */
import type { KeyObject } from 'node:crypto';
import { defineConfig, type IssuerConfiguration } from '@safeconduct/issuer';
import { API, CALLBACK, OTHER_ORG, POST_LOGOUT, SECRET, SHOP_ORG } from '../flows/dialects/world.fixtures.test.ts';

/** Of the other organization, and a guest of nobody. */
export const EVE = { id: 'usr_eve', email: 'eve@other.example', password: 'a kite above the cranes', name: 'Eve Moss' };
/** Of the first, for tests that disable people. */
export const TIM = { id: 'usr_tim', email: 'tim@shop.example', password: 'nine lanterns in a row', name: 'Tim Rowe' };
/** An API that wants opaque tokens. */
export const OPAQUE = 'https://opaque.example';

/** Names of the rows. */
export const rows = ['standard', 'zitadel', 'auth0', 'entra', 'keycloak'] as const;

const everywhere = [...rows];
const everything = [
  'secret_in_address',
  'missing_pkce',
  'refresh_token_reuse',
  'localhost_redirect',
  'unasked_logout',
  'assertion_reuse',
  'token_in_address',
] as const;

/** Adds to what the world declares. */
export function withHostile(base: IssuerConfiguration, publicKey: KeyObject): IssuerConfiguration {
  const [shop] = base.projects ?? [];
  if (!shop) throw new Error('the world has no project any more');
  const site = { kind: 'web', firstParty: true, secret: SECRET, redirectUris: [CALLBACK], postLogoutRedirectUris: [POST_LOGOUT] } as const;
  const may = { resources: [API], scopes: ['openid', 'profile', 'offline_access', 'orders:read', 'orders:write'] } as const;
  const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'robot-1', alg: 'ES256', use: 'sig' }] };
  const robot = { kind: 'service', authMethod: 'private_key_jwt', jwks, resources: [API], scopes: ['orders:read'] } as const;
  return defineConfig({
    ...base,
    projects: [
      {
        ...shop,
        apis: [
          ...(shop.apis ?? []).map((api) => ({ ...api, resources: [OPAQUE] })),
          {
            id: 'opaque-api',
            resources: [API],
            name: 'Opaque',
            resource: OPAQUE,
            scopes: { look: 'Look' },
            tokenFormat: 'opaque',
            secret: SECRET,
            dialects: everywhere,
          },
        ],
        applications: [
          ...(shop.applications ?? []),
          { ...site, ...may, id: 'other-web', name: 'Another shop', dialects: everywhere },
          { ...site, ...may, id: 'strict-web', name: 'Strict shop', dialects: everywhere, refuses: [...everything] },
          {
            ...site,
            id: 'opaque-web',
            name: 'Opaque shop',
            dialects: everywhere,
            resources: [OPAQUE],
            scopes: ['openid', 'profile', 'offline_access', 'look'],
          },
          ...rows.map((one) => ({ ...site, ...may, id: `only-${one}`, name: `Only ${one}`, dialects: [one] })),
          ...['free-terminal', 'strict-terminal'].map((id) => ({
            ...{ ...may, id, name: id, kind: 'native' as const, firstParty: true, dialects: everywhere },
            redirectUris: ['http://localhost', 'http://127.0.0.1/callback'],
            ...(id === 'strict-terminal' && { refuses: [...everything] }),
          })),
          { ...robot, id: 'key-robot', name: 'Robot with a key', dialects: everywhere },
          { ...robot, id: 'strict-robot', name: 'Strict robot', dialects: everywhere, refuses: [...everything] },
        ],
      },
    ],
    users: [
      ...(base.users ?? []),
      { ...EVE, organization: OTHER_ORG, emailVerified: true },
      { ...TIM, organization: SHOP_ORG, emailVerified: true },
    ],
  });
}
