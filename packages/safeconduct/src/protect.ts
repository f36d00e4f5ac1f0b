/**
 * Guards an API: turns the access token of a request into the identity that everything after takes as its first argument,
 * or refuses the request and says why.
 *
 * `protect` makes the guard, `refusalOf` the answer to a request that it refused. `safeconduct/http` puts both in a framework.
 * One guard takes JWTs, opaque tokens and personal access tokens, of one issuer or of several:
 *
 * ```ts
 * import { protect } from 'safeconduct/protect';
 * import { generic, safeconduct } from 'safeconduct/providers';
 *
 * export const guard = protect({
 *   issuers: [
 *     {
 *       provider: safeconduct({ issuer: 'https://id.example.com' }),
 *       audience: 'https://api.example.com',
 *       introspection: { clientId: 'orders-api', clientSecret: 'from the environment' },
 *     },
 *     { provider: generic({ issuer: 'https://partner.example' }), audience: 'https://api.example.com' },
 *   ],
 *   require: { anyOf: [{ scopes: ['orders:read'] }, { roles: ['support'], organization: 'acme' }] },
 * });
 * ```
 *
 * @module
 */
export type { ChallengeOptions } from './core/identity/challenge.ts';
export type { RequiredAuthentication } from './core/identity/errors.ts';
export type { ClientAuthMethod, ClientProof, PrivateJwk } from './core/protocol/client-authentication.ts';
export type { Bearing } from './steps/protect/bearer.ts';
export type { Guard, GuardOptions, ProtectOptions } from './steps/protect/protect.ts';
export { protect } from './steps/protect/protect.ts';
export type { RefusalEvent, RefusalOptions } from './steps/protect/refusal.ts';
export { refusalOf } from './steps/protect/refusal.ts';
export type { AllOf, Requirement } from './steps/protect/require.ts';
export type { IntrospectionClient, TrustedIssuer } from './steps/protect/trust.ts';
