/** Resource indicators (RFC 8707): which API a token is for, and which of its scopes. */
import { type Client, errors, type KoaContextWithOIDC, type ResourceServer } from 'oidc-provider';
import type { Dialect } from '../dialects/dialect.ts';
import { type Applications, traitsOf } from './applications.ts';
import type { Voice } from './voice.ts';

/** Describes the API that a request names. Unknown APIs and those the application may not call are refused alike. */
export function describeResource(applications: Applications, { dialect }: Voice) {
  return async (_ctx: KoaContextWithOIDC, resource: string, client: Client): Promise<ResourceServer> => {
    if (resource === OWN && dialect.policy.ownAudience !== undefined) return ownAudience(dialect, dialect.policy.ownAudience);
    const { resources, apiScopes } = traitsOf(client);
    const api = resources.includes(resource) ? await applications.api(resource) : undefined;
    if (!api) throw new errors.InvalidTarget('this application may not call that resource');
    const scopes = Object.keys(api.scopes).filter((scope) => apiScopes.includes(scope));
    return {
      audience: api.resource,
      scope: scopes.join(' '),
      accessTokenTTL: api.tokenLifetime,
      accessTokenFormat: api.tokenFormat,
      jwt: { sign: { alg: dialect.shapes.signingAlgorithm } },
    } as ResourceServer;
  };
}

/** Stands for no API in particular, in a dialect whose tokens are JWTs all the same. */
const OWN = 'urn:safeconduct:no-api';

function ownAudience({ shapes }: Dialect, audience: string): ResourceServer {
  const jwt = { sign: { alg: shapes.signingAlgorithm } };
  return { audience, scope: '', accessTokenTTL: 600, accessTokenFormat: 'jwt', jwt } as ResourceServer;
}

/** The resource that is meant when a request names none, or when a grant covers several. */
export function defaultResource({ dialect }: Voice) {
  const none = dialect.policy.ownAudience === undefined ? [] : OWN;
  return (_ctx: KoaContextWithOIDC, client: Client, oneOf?: readonly string[]): string | string[] => {
    const { defaultResource: fallback } = traitsOf(client);
    if (oneOf === undefined) return fallback ?? none;
    if (fallback !== undefined && oneOf.includes(fallback)) return fallback;
    // A refresh token reaches the others.
    return dialect.policy.manyResources ? (oneOf[0] ?? []) : [...oneOf];
  };
}
