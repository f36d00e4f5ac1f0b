import type { ProviderPreset } from '../../core/providers/preset.ts';

/** Where in each provider's console the redirect address of the docs page is registered, and as what. */
const registrations: Readonly<Record<string, string>> = {
  safeconduct: 'in redirectUris of this application, which is of the kind "spa"',
  zitadel: 'at Zitadel: the project, this application (User Agent, PKCE), Redirect URIs; http needs Development Mode',
  auth0:
    'at Auth0: Applications, this Single Page Application, Allowed Callback URLs; and the origin of this page under Allowed Web Origins',
  entra: 'at Entra ID: App registrations, this application, Authentication, under a platform of the type Single-page application',
  keycloak:
    'at Keycloak: Clients, this client (Client authentication off), Valid redirect URIs; and the origin of this page under Web origins',
};

const elsewhere =
  'as a redirect URI of this public client (PKCE, no secret); the token endpoint must answer the origin of this page (CORS)';

/** The words behind "Register exactly <address>". */
export function registrationAt({ name }: ProviderPreset): string {
  return registrations[name] ?? elsewhere;
}

/** The usual name of the security scheme. For Entra ID, that of its libraries, so that generated clients find what they know. */
export function schemeNameOf({ name, issuer, tenants }: ProviderPreset): string {
  if (name !== 'entra') return 'oauth2';
  if (tenants === undefined) return 'AzureAD_PKCE_B2C_multi_tenant';
  return issuer.includes('{tenantid}') ? 'AzureAD_PKCE_multi_tenant' : 'AzureAD_PKCE_single_tenant';
}
