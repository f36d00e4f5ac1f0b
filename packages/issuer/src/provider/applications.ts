/** Applications and APIs as the engine wants them: read once per few seconds, so that a change is seen everywhere soon. */
import type { Client, ClientMetadata } from 'oidc-provider';
import { type Api, apiByResource, findApplication, type RegisteredApplication } from '../orgs/applications.ts';
import type { Store } from '../store/database.ts';
import { INTROSPECTION, REVOCATION } from './own-endpoints.ts';

/** The scopes that belong to the issuer itself. */
export const ISSUER_SCOPES: readonly string[] = ['openid', 'offline_access', 'profile', 'email'];

export interface Applications {
  /** Metadata of an application in the engine's spelling; undefined when there is none, or it does not speak this dialect. */
  metadata(clientId: string): Promise<ClientMetadata | undefined>;
  api(resource: string): Promise<Api | undefined>;
}

/** What we keep on a client beyond the engine's own metadata. */
export interface ApplicationTraits {
  readonly kind: RegisteredApplication['kind'];
  readonly firstParty: boolean;
  readonly issuerAdmin: boolean;
  readonly pkceRequired: boolean;
  readonly secretHashes: readonly string[];
  /** Resource indicators of the APIs it may call. */
  readonly resources: readonly string[];
  readonly defaultResource: string | undefined;
  /** API scopes it may ask for. */
  readonly apiScopes: readonly string[];
  /** The audience it is itself, for kind `api`. */
  readonly audience: string | undefined;
  readonly organization: string;
  /** Where its roles are: for kind `api`, those that it is told of. Absent for a service user without a project. */
  readonly project: string | undefined;
  /** The scopes that it knows as an API. */
  readonly knownScopes: ReadonlySet<string>;
}

/** Name of the one metadata property that carries the traits. */
export const TRAITS = 'safeconduct';

export function traitsOf(client: Client): ApplicationTraits {
  return client[TRAITS] as ApplicationTraits;
}

/** Wires the reader. `maxAge` in milliseconds is how long an answer is used again, unless a credential in it expires sooner. */
export function createApplications(store: Store, { dialect, maxAge }: { dialect: string; maxAge: number }): Applications {
  return Object.freeze({
    metadata: remembered(async (clientId: string) => {
      const application = await findApplication(store, clientId);
      const value = application?.dialects.includes(dialect) ? toMetadata(application) : undefined;
      return { value, maxAge: Math.min(maxAge, (application?.credentialsFor ?? Number.POSITIVE_INFINITY) * 1000) };
    }, maxAge),
    api: remembered(async (resource: string) => ({ value: await apiByResource(store, resource), maxAge }), maxAge),
  });
}

const CAPACITY = 10_000;

interface Remembered<T> {
  readonly value: T;
  /** Milliseconds. */
  readonly maxAge: number;
}

/** Reads once per key while an answer is fresh, and once for all who ask at the same time. */
function remembered<T>(read: (key: string) => Promise<Remembered<T>>, maxAge: number): (key: string) => Promise<T> {
  const seen = new Map<string, { until: number; readonly value: Promise<T> }>();
  return (key) => {
    const hit = seen.get(key);
    if (hit && hit.until > performance.now()) return hit.value;
    const asked = performance.now();
    const answer = read(key);
    const entry = { until: asked + maxAge, value: answer.then(({ value }) => value) };
    if (seen.size >= CAPACITY) seen.clear();
    seen.set(key, entry);
    answer.then(
      (known) => {
        entry.until = asked + known.maxAge;
      },
      () => seen.delete(key),
    );
    return entry.value;
  };
}

function toMetadata(application: RegisteredApplication): ClientMetadata {
  const { id, kind, name, redirectUris, postLogoutRedirectUris, backchannelLogoutUri, authMethod, scopes } = application;
  const signsPeopleIn = application.grantTypes.includes('authorization_code');
  const [secretHash] = application.secretHashes;
  return {
    client_id: id,
    client_name: name,
    application_type: kind === 'native' ? 'native' : 'web',
    redirect_uris: redirectUris,
    post_logout_redirect_uris: postLogoutRedirectUris,
    response_types: signsPeopleIn ? ['code'] : [],
    response_modes: ['query', 'form_post'],
    grant_types: [...application.grantTypes, INTROSPECTION, REVOCATION],
    token_endpoint_auth_method: authMethod,
    scope: ISSUER_SCOPES.filter((scope) => scopes.includes(scope)).join(' ') || undefined,
    // The engine wants a secret where the method has one; what it holds is a hash, and `client-authentication.ts` compares.
    ...(authMethod.startsWith('client_secret') && { client_secret: secretHash ?? 'none' }),
    ...(authMethod === 'private_key_jwt' && { jwks: { keys: application.keys } }),
    ...(backchannelLogoutUri && { backchannel_logout_uri: backchannelLogoutUri, backchannel_logout_session_required: true }),
    [TRAITS]: traits(application),
  };
}

function traits(application: RegisteredApplication): ApplicationTraits {
  const { kind, firstParty, issuerAdmin, pkceRequired, secretHashes, resources, defaultResource } = application;
  return {
    kind,
    firstParty,
    issuerAdmin,
    pkceRequired,
    secretHashes,
    resources,
    defaultResource: defaultResource ?? (resources.length === 1 ? resources[0] : undefined),
    apiScopes: application.scopes.filter((scope) => !ISSUER_SCOPES.includes(scope)),
    audience: application.resource ?? undefined,
    organization: application.organizationId,
    project: application.projectId ?? undefined,
    knownScopes: new Set(Object.keys(application.resourceScopes)),
  };
}
