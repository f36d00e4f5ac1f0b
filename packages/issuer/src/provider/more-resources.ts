/**
 * One refresh token for every API that an application may call, where the dialect has it so. Only for the organization's own
 * applications: theirs is everything that they are registered for, and nobody was asked about it at the sign-in either.
 */
import { Provider } from 'oidc-provider';
import { traitsOf } from './applications.ts';
import type { Voice } from './voice.ts';

/** The API that a refresh names and may reach, whatever its token was made for, and the scopes that the application may have. */
interface Reach {
  readonly resource: string;
  readonly scopes: readonly string[];
}

/** Of the request that is being answered. */
function reachOf({ dialect: { policy } }: Voice): Reach | undefined {
  const { client, params } = Provider.ctx?.oidc ?? {};
  if (!policy.manyResources || !client || params?.grant_type !== 'refresh_token' || typeof params.resource !== 'string') return undefined;
  const { firstParty, resources, apiScopes } = traitsOf(client);
  return firstParty && resources.includes(params.resource) ? { resource: params.resource, scopes: apiScopes } : undefined;
}

/** A refresh token, as far as it is refined. */
export interface ScopedToken {
  get scopes(): Set<string>;
  get resourceIndicators(): Set<string>;
}

/** The APIs of a refresh token, with the one that is reached now. */
export function reachedResources(own: Set<string>, voice: Voice): Set<string> {
  const reach = reachOf(voice);
  return reach ? new Set([...own, reach.resource]) : own;
}

/** Its scopes, with those of an API that it was not made for. For its own API they only become fewer (RFC 6749, 6). */
export function reachedScopes({ scopes, resourceIndicators }: ScopedToken, voice: Voice): Set<string> {
  const reach = reachOf(voice);
  return reach && !resourceIndicators.has(reach.resource) ? new Set([...scopes, ...reach.scopes]) : scopes;
}

/** What a grant that covers nothing at an API gives there. */
export function reachedAt(resource: string, wanted: Iterable<string>, voice: Voice): string {
  const reach = reachOf(voice);
  return reach?.resource === resource ? [...wanted].filter((scope) => reach.scopes.includes(scope)).join(' ') : '';
}
