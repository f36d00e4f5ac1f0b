/**
 * Guards an API: turns the access token of a request into the identity that everything after takes as its first argument,
 * or refuses the request and says why.
 *
 * `protect` makes the guard, `refusalOf` the answer to a request that it refused. `safeconduct/http` puts both in a framework.
 *
 * @module
 */
export type { ChallengeOptions } from './core/identity/challenge.ts';
export type { Bearing } from './steps/protect/bearer.ts';
export type { Guard, ProtectOptions } from './steps/protect/protect.ts';
export { protect } from './steps/protect/protect.ts';
export type { RefusalEvent, RefusalOptions } from './steps/protect/refusal.ts';
export { refusalOf } from './steps/protect/refusal.ts';
export type { Requirement } from './steps/protect/require.ts';
