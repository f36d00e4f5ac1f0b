/**
 * Third-party APIs as the person: their calendar, their mail, their repository.
 *
 * The provider keeps the accounts that people connected, renews their tokens, and gives them to applications that a person allowed.
 * `createReach` describes your application there. `tokenFor` gives a token or a link to connect; `fetchAs` a `fetch` that acts as the
 * person; `startLink` and `finishLink` connect an account on pages of your own.
 *
 * ```ts
 * import type { Identity } from 'safeconduct/identity';
 * import { safeconduct } from 'safeconduct/providers';
 * import { createReach } from 'safeconduct/reach';
 *
 * const reach = createReach({
 *   provider: safeconduct({ issuer: 'https://id.example.com' }),
 *   clientId: 'planner',
 *   clientSecret: 'from the environment',
 * });
 *
 * export async function nextEvents(identity: Identity): Promise<Response | string> {
 *   const outcome = await reach.tokenFor(identity, 'calendar', { scopes: ['calendar.read'] });
 *   if (outcome.kind === 'needs-connection') return `Connect your calendar first: ${outcome.link}`;
 *   const calendar = reach.fetchAs(identity, 'calendar', { scopes: ['calendar.read'], origins: ['https://api.calendar.example'] });
 *   return calendar('/calendar/events');
 * }
 * ```
 *
 * @module
 */
export type { ConnectedAccount } from './core/protocol/connected-accounts.ts';
export type { FetchAsOptions, PersonFetch, ThroughProxy, ThroughVault } from './steps/reach/fetch-as.ts';
export type { LinkTransaction, StartedLink, StartLinkOptions } from './steps/reach/link.ts';
export type { ConnectionNeeded, ConnectionToken, TokenOutcome } from './steps/reach/outcome.ts';
export type { Reach, ReachOptions } from './steps/reach/reach.ts';
export { createReach } from './steps/reach/reach.ts';
export type { TokenOptions } from './steps/reach/token-for.ts';
