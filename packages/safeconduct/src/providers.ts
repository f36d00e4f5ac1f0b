/**
 * How providers spell things: presets are data, over one runtime.
 *
 * `safeconduct` is the issuer in the box, `generic` any provider that keeps to OpenID Connect and RFC 9068, and `zitadel`, `auth0`,
 * `entra` and `keycloak` know what those really send. Give the same preset to `createLogin` and to `protect`.
 * `docs/providers.md` says for each what it assumes and what to set at the vendor.
 *
 * @module
 */
export type { ClaimPath, ClaimSpelling, Sign } from './core/identity/claims.ts';
export type { Auth0Options } from './core/providers/auth0.ts';
export { auth0 } from './core/providers/auth0.ts';
export { entra } from './core/providers/entra.ts';
export type { EntraClaims } from './core/providers/entra-claims.ts';
export { entraClaims } from './core/providers/entra-claims.ts';
export type {
  EntraAddress,
  EntraCommon,
  EntraEveryTenant,
  EntraOneTenant,
  EntraOptions,
  EntraTenants,
} from './core/providers/entra-options.ts';
export type { GenericOptions } from './core/providers/generic.ts';
export { generic } from './core/providers/generic.ts';
export type { KeycloakOptions } from './core/providers/keycloak.ts';
export { keycloak } from './core/providers/keycloak.ts';
export type { ProviderPreset, TenantIssuers, VaultPreset } from './core/providers/preset.ts';
export type { SafeconductOptions } from './core/providers/safeconduct.ts';
export { safeconduct } from './core/providers/safeconduct.ts';
export type { SharedSubject } from './core/providers/shared-subject.ts';
export type { ZitadelOptions } from './core/providers/zitadel.ts';
export { zitadel } from './core/providers/zitadel.ts';
