/** Applications and APIs as the engine wants them: read once per few seconds, so that a change is seen everywhere soon. */
import type { Client, ClientMetadata } from 'oidc-provider';
import { meAudience, meScopes } from '../connections/me-api.ts';
import { type Api, apiByResource, findApplication, type RegisteredApplication } from '../orgs/applications.ts';
import type { Store } from '../store/database.ts';
import { remembered } from '../store/remembered.ts';

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

export interface ApplicationsOptions {
  readonly issuer: string;
  readonly dialect: string;
  /** Milliseconds that an answer is used again, unless a credential in it expires sooner. */
  readonly maxAge: number;
  /** Grant types that every application may ask for, whatever it is registered with. */
  readonly alsoGrants: readonly string[];
}

/** Wires the reader. */
export function createApplications(store: Store, { issuer, dialect, maxAge, alsoGrants }: ApplicationsOptions): Applications {
  return Object.freeze({
    metadata: remembered(async (clientId: string) => {
      const application = await findApplication(store, clientId);
      const value = application?.dialects.includes(dialect) ? toMetadata(application, { issuer, alsoGrants }) : undefined;
      return { value, maxAge: Math.min(maxAge, (application?.credentialsFor ?? Number.POSITIVE_INFINITY) * 1000) };
    }, maxAge),
    api: remembered(async (resource: string) => ({ value: await apiByResource(store, resource), maxAge }), maxAge),
  });
}

function toMetadata(
  application: RegisteredApplication,
  { issuer, alsoGrants }: Pick<ApplicationsOptions, 'issuer' | 'alsoGrants'>,
): ClientMetadata {
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
    grant_types: [...new Set([...application.grantTypes, ...alsoGrants])],
    token_endpoint_auth_method: authMethod,
    scope: ISSUER_SCOPES.filter((scope) => scopes.includes(scope)).join(' ') || undefined,
    // The engine wants a secret where the method has one; what it holds is a hash, and `client-authentication.ts` compares.
    ...(authMethod.startsWith('client_secret') && { client_secret: secretHash ?? 'none' }),
    ...(authMethod === 'private_key_jwt' && { jwks: { keys: application.keys } }),
    ...(backchannelLogoutUri && { backchannel_logout_uri: backchannelLogoutUri, backchannel_logout_session_required: true }),
    [TRAITS]: traits(application, issuer),
  };
}

function traits(application: RegisteredApplication, issuer: string): ApplicationTraits {
  const { kind, firstParty, issuerAdmin, pkceRequired, secretHashes, resources, defaultResource } = application;
  return {
    kind,
    firstParty,
    issuerAdmin,
    pkceRequired,
    secretHashes,
    // Whom a connection lists may ask for the API by which people connect accounts.
    resources: application.reaches ? [...resources, meAudience(issuer)] : resources,
    defaultResource: defaultResource ?? (resources.length === 1 ? resources[0] : undefined),
    apiScopes: [
      ...application.scopes.filter((scope) => !ISSUER_SCOPES.includes(scope)),
      ...(application.reaches ? Object.keys(meScopes) : []),
    ],
    audience: application.resource ?? undefined,
    organization: application.organizationId,
    project: application.projectId ?? undefined,
    knownScopes: new Set(Object.keys(application.resourceScopes)),
  };
}
