/** Fills in what a declaration leaves out: what an application of its kind needs, and no more. */
import { type Application, plainApplication, serviceGrants } from '../orgs/applications.ts';
import type { ApiDeclaration, ApplicationDeclaration, GrantType } from './define.ts';

const grantTypesOf: Record<Exclude<ApplicationDeclaration['kind'], 'service'>, readonly GrantType[]> = {
  web: ['authorization_code', 'refresh_token'],
  spa: ['authorization_code', 'refresh_token'],
  native: ['authorization_code', 'refresh_token'],
};

/** An application as it is stored. It gets the scopes of those `apis` that it may call, when it names none. */
export function toApplication(app: ApplicationDeclaration, projectId: string, apis: readonly ApiDeclaration[]): Application {
  const isPublic = app.kind === 'spa' || app.kind === 'native';
  const dialects = app.dialects ?? plainApplication.dialects;
  const grantTypes = app.grantTypes ?? (app.kind === 'service' ? serviceGrants(dialects) : grantTypesOf[app.kind]);
  const resources = app.resources ?? [];
  return {
    ...plainApplication,
    id: app.id,
    projectId,
    kind: app.kind,
    name: app.name,
    firstParty: app.firstParty ?? false,
    redirectUris: app.redirectUris ?? [],
    postLogoutRedirectUris: app.postLogoutRedirectUris ?? [],
    backchannelLogoutUri: app.backchannelLogoutUri ?? null,
    grantTypes,
    authMethod: app.authMethod ?? (isPublic ? 'none' : 'client_secret_basic'),
    scopes: app.scopes ?? [...defaultScopes(grantTypes), ...scopesOf(resources, apis)],
    resources,
    defaultResource: app.defaultResource ?? null,
    pkceRequired: app.pkceRequired ?? true,
    dialects,
    refuses: app.refuses ?? [],
  };
}

/** An API as it is stored: an application that asks about tokens, and may call those of `apis` that it names. Without a secret or keys it cannot. */
export function apiToApplication(api: ApiDeclaration, projectId: string, apis: readonly ApiDeclaration[]): Application {
  const resources = api.resources ?? [];
  return {
    ...plainApplication,
    id: api.id,
    projectId,
    kind: 'api',
    name: api.name,
    authMethod: api.authMethod ?? (api.secret === undefined ? 'none' : 'client_secret_basic'),
    grantTypes: resources.length > 0 ? ['urn:ietf:params:oauth:grant-type:jwt-bearer'] : [],
    resources,
    defaultResource: api.defaultResource ?? null,
    scopes: scopesOf(resources, apis),
    resource: api.resource,
    resourceScopes: api.scopes,
    tokenFormat: api.tokenFormat ?? 'jwt',
    tokenLifetime: api.tokenLifetime ?? plainApplication.tokenLifetime,
    tokenVersion: api.tokenVersion ?? plainApplication.tokenVersion,
    dialects: api.dialects ?? plainApplication.dialects,
  };
}

// None of these begins with a person who signs in.
const actsForItself: readonly string[] = ['client_credentials', 'refresh_token', 'urn:ietf:params:oauth:grant-type:jwt-bearer'];

function defaultScopes(grantTypes: readonly string[]): string[] {
  const aboutPeople = grantTypes.some((type) => !actsForItself.includes(type));
  return [...(aboutPeople ? ['openid', 'profile', 'email'] : []), ...(grantTypes.includes('refresh_token') ? ['offline_access'] : [])];
}

/** Every scope of these APIs. */
function scopesOf(resources: readonly string[], apis: readonly ApiDeclaration[]): string[] {
  return [...new Set(apis.filter(({ resource }) => resources.includes(resource)).flatMap(({ scopes }) => Object.keys(scopes)))];
}
