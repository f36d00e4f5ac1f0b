/** What an application asks for, in the words of whoever owns it. */
import type { Client } from 'oidc-provider';
import { type Api, apiByResource } from '../orgs/applications.ts';
import type { AskedScope } from '../pages/words.ts';
import { ISSUER_SCOPES, traitsOf } from '../provider/applications.ts';
import type { Store } from '../store/database.ts';

/** What a request asks for. */
export interface Asked {
  readonly scopes: readonly AskedScope[];
  readonly apis: readonly Api[];
}

/** Reads the scopes of a request that this application may have. */
export async function askedBy(store: Store, client: Client, params: Readonly<Record<string, unknown>>): Promise<Asked> {
  const { resources, apiScopes } = traitsOf(client);
  const named = [params.resource].flat().filter((one): one is string => typeof one === 'string' && resources.includes(one));
  const apis = (await Promise.all(named.map((resource) => apiByResource(store, resource)))).filter((api) => api !== undefined);
  const described = new Map(apis.flatMap(({ scopes }) => Object.entries(scopes).filter(([name]) => apiScopes.includes(name))));
  const names = [...new Set(String(params.scope ?? '').split(' '))];
  const scopes = names
    .filter((name) => ISSUER_SCOPES.includes(name) || described.has(name))
    .map((name) => ({ name, description: described.get(name) }));
  return { scopes, apis };
}
