/** Applications and APIs as the engine wants them: read once per few seconds, so that a change is seen everywhere soon. */
import type { Client, ClientMetadata, ResponseType } from 'oidc-provider';
import { meAudience, meScopes } from '../connections/me-api.ts';
import type { Known } from '../dialects/dialect.ts';
import type { KnownApi, KnownApplication, Leniency } from '../dialects/facts.ts';
import { type Api, apiByName, apisOf, applicationLeavingTo, findApplication, type RegisteredApplication } from '../orgs/applications.ts';
import type { Store } from '../store/database.ts';
import { remembered } from '../store/remembered.ts';
import { ON_BEHALF_OF } from './own-endpoints.ts';
import { createTenants } from './tenants.ts';
import type { Voice } from './voice.ts';

/** The scopes that belong to the issuer itself. */
export const ISSUER_SCOPES: readonly string[] = ['openid', 'offline_access', 'profile', 'email', 'phone', 'address'];

export interface Applications {
  /** Metadata of an application in the engine's spelling; undefined when there is none, or it does not speak this dialect. */
  metadata(clientId: string): Promise<ClientMetadata | undefined>;
  /** By resource indicator. */
  api(resource: string): Promise<Api | undefined>;
  /** For the dialect: the same as it may know it. */
  readonly known: Known;
  /** Public keys of an application. */
  keys(clientId: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
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
  readonly refuses: readonly string[];
  /** As its dialect may know it. */
  readonly known: KnownApplication;
  /** Ids of all applications and APIs of its project. */
  readonly projectClients: readonly string[];
}

/** Name of the one metadata property that carries the traits. */
export const TRAITS = 'safeconduct';

export function traitsOf(client: Client): ApplicationTraits {
  return client[TRAITS] as ApplicationTraits;
}

export interface ApplicationsOptions {
  readonly voice: Voice;
  /** Milliseconds that an answer is used again, unless a credential in it expires sooner. */
  readonly maxAge: number;
  /** Grant types that every application may ask for, whatever it is registered with. */
  readonly alsoGrants: readonly string[];
  /** Public keys that every application with keys has as well. */
  readonly alsoKeys?: readonly Readonly<Record<string, unknown>>[];
}

/** Wires the reader. */
export function createApplications(store: Store, options: ApplicationsOptions): Applications {
  const { voice, maxAge } = options;
  const registered = remembered(async (clientId: string) => {
    const found = await findApplication(store, clientId);
    const value = found?.dialects.includes(voice.dialect.name)
      ? { metadata: toMetadata(found, options), known: knownApplication(found, voice), keys: found.keys }
      : undefined;
    return { value, maxAge: Math.min(maxAge, (found?.credentialsFor ?? Number.POSITIVE_INFINITY) * 1000) };
  }, maxAge);
  const named = remembered(async (name: string) => ({ value: await apiNamed(store, name, voice), maxAge }), maxAge);
  const projects = remembered(async (project: string) => ({ value: (await apisOf(store, project)).map(knownApi), maxAge }), maxAge);
  return Object.freeze({
    metadata: async (clientId: string) => (await registered(clientId))?.metadata,
    keys: async (clientId: string) => (await registered(clientId))?.keys ?? [],
    async api(resource: string) {
      const api = await named(resource);
      return api?.resource === resource ? api : undefined;
    },
    known: Object.freeze({
      application: async (id: string) => (await registered(id))?.known,
      async api(name: string) {
        const api = await named(name);
        return api && knownApi(api);
      },
      apis: projects,
      organizations: createTenants(store).all,
      leavingTo: (uri: string) => applicationLeavingTo(store, uri, voice.dialect.name),
    }),
  });
}

/** The API by which people connect accounts has a name at each origin. */
async function apiNamed(store: Store, name: string, { origin, home }: Voice): Promise<Api | undefined> {
  if (origin === home || name !== meAudience(origin)) return apiByName(store, name);
  const own = await apiByName(store, meAudience(home));
  return own && { ...own, resource: name };
}

export const knownApi = ({ id, resource, projectId, scopes, tokenVersion }: Api): KnownApi => ({
  id,
  resource,
  project: projectId,
  scopes: Object.keys(scopes),
  tokenVersion,
});

function knownApplication(application: RegisteredApplication, voice: Voice): KnownApplication {
  const { id, kind, authMethod, projectId, organizationId, redirectUris, postLogoutRedirectUris } = application;
  const { resources, defaultResource, apiScopes } = mayReach(application, voice);
  return {
    id,
    kind,
    firstParty: application.firstParty,
    confidential: authMethod !== 'none',
    project: projectId ?? undefined,
    organization: organizationId,
    resources,
    defaultResource,
    scopes: [...application.scopes.filter((scope) => ISSUER_SCOPES.includes(scope)), ...apiScopes],
    refuses: application.refuses as readonly Leniency[],
    redirectUris,
    postLogoutRedirectUris,
  };
}

/** What an application may be sent through the browser. A place of all tenants gives out codes alone: a token is one tenant's. */
export function responseTypesOf({ dialect, shared }: Voice): ResponseType[] {
  return (shared === undefined ? ['code', ...dialect.policy.responseTypes] : ['code']) as ResponseType[];
}

/** Those of dialects are there where they are registered for everybody (`alsoGrants`). */
const isServed = (grantType: string): boolean => grantType !== ON_BEHALF_OF;

function toMetadata(application: RegisteredApplication, { voice, alsoGrants, alsoKeys = [] }: ApplicationsOptions): ClientMetadata {
  const { id, kind, name, redirectUris, postLogoutRedirectUris, backchannelLogoutUri, authMethod, scopes } = application;
  const { policy } = voice.dialect;
  const responseTypes = responseTypesOf(voice);
  const signsPeopleIn = application.grantTypes.includes('authorization_code');
  const frontChannel = responseTypes.some((type) => type.includes('id_token'));
  const [secretHash] = application.secretHashes;
  return {
    client_id: id,
    client_name: name,
    application_type: kind === 'native' ? 'native' : 'web',
    redirect_uris: redirectUris,
    post_logout_redirect_uris: postLogoutRedirectUris,
    response_types: signsPeopleIn ? responseTypes : [],
    response_modes: [...policy.responseModes],
    grant_types: [
      ...new Set([...application.grantTypes.filter(isServed), ...alsoGrants, ...(signsPeopleIn && frontChannel ? ['implicit'] : [])]),
    ],
    token_endpoint_auth_method: authMethod,
    scope: ISSUER_SCOPES.filter((scope) => scopes.includes(scope)).join(' ') || undefined,
    // The engine wants a secret where the method has one; what it holds is a hash, and `client-authentication.ts` compares.
    ...(authMethod.startsWith('client_secret') && { client_secret: secretHash ?? 'none' }),
    ...(authMethod === 'private_key_jwt' && { jwks: { keys: [...application.keys, ...alsoKeys] } }),
    ...(backchannelLogoutUri && { backchannel_logout_uri: backchannelLogoutUri, backchannel_logout_session_required: true }),
    [TRAITS]: traits(application, voice),
  };
}

/** What it may ask for beyond the issuer's own scopes. */
function mayReach({ resources, defaultResource, scopes, reaches }: RegisteredApplication, { origin, dialect }: Voice) {
  const { soleApi = true } = dialect.policy;
  return {
    // Whom a connection lists may ask for the API by which people connect accounts.
    resources: reaches ? [...resources, meAudience(origin)] : resources,
    defaultResource: defaultResource ?? (soleApi && resources.length === 1 ? resources[0] : undefined),
    apiScopes: [...scopes.filter((scope) => !ISSUER_SCOPES.includes(scope)), ...(reaches ? Object.keys(meScopes) : [])],
  };
}

function traits(application: RegisteredApplication, voice: Voice): ApplicationTraits {
  const { kind, firstParty, issuerAdmin, pkceRequired, secretHashes, refuses, projectClients } = application;
  return {
    kind,
    firstParty,
    issuerAdmin,
    pkceRequired,
    secretHashes,
    ...mayReach(application, voice),
    audience: application.resource ?? undefined,
    organization: application.organizationId,
    project: application.projectId ?? undefined,
    knownScopes: new Set(Object.keys(application.resourceScopes)),
    refuses,
    projectClients,
    known: knownApplication(application, voice),
  };
}
