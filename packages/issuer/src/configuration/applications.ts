/** Fills in what a declaration leaves out: what an application of its kind needs, and no more. */
import { type Application, plainApplication } from '../orgs/applications.ts';
import type { ApiDeclaration, ApplicationDeclaration, GrantType } from './define.ts';

const grantTypesOf: Record<ApplicationDeclaration['kind'], readonly GrantType[]> = {
  web: ['authorization_code', 'refresh_token'],
  spa: ['authorization_code', 'refresh_token'],
  native: ['authorization_code', 'refresh_token'],
  service: ['client_credentials'],
};

/** An application as it is stored. It gets the scopes of those `apis` that it may call, when it names none. */
export function toApplication(app: ApplicationDeclaration, projectId: string, apis: readonly ApiDeclaration[]): Application {
  const isPublic = app.kind === 'spa' || app.kind === 'native';
  const grantTypes = app.grantTypes ?? grantTypesOf[app.kind];
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
    scopes:
      app.scopes ??
      defaultScopes(
        grantTypes,
        apis.filter(({ resource }) => resources.includes(resource)),
      ),
    resources,
    defaultResource: app.defaultResource ?? (resources.length === 1 ? (resources[0] ?? null) : null),
    pkceRequired: app.pkceRequired ?? true,
  };
}

/** An API as it is stored: an application that only asks about tokens. Without a secret or keys it cannot. */
export function apiToApplication(api: ApiDeclaration, projectId: string): Application {
  return {
    ...plainApplication,
    id: api.id,
    projectId,
    kind: 'api',
    name: api.name,
    authMethod: api.authMethod ?? (api.secret === undefined ? 'none' : 'client_secret_basic'),
    resource: api.resource,
    resourceScopes: api.scopes,
    tokenFormat: api.tokenFormat ?? 'jwt',
    tokenLifetime: api.tokenLifetime ?? 600,
  };
}

function defaultScopes(grantTypes: readonly string[], apis: readonly ApiDeclaration[]): string[] {
  const aboutPeople = grantTypes.some((type) => type !== 'client_credentials' && type !== 'refresh_token');
  return [
    ...(aboutPeople ? ['openid', 'profile', 'email'] : []),
    ...(grantTypes.includes('refresh_token') ? ['offline_access'] : []),
    ...new Set(apis.flatMap(({ scopes }) => Object.keys(scopes))),
  ];
}
