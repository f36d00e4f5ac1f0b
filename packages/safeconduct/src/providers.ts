/**
 * How providers spell things: presets are data, over one runtime.
 *
 * `safeconduct` is the issuer in the box, `generic` any provider that keeps to OpenID Connect and RFC 9068.
 * Give the same preset to `createLogin` and to `protect`.
 *
 * @module
 */
export type { ClaimPath, ClaimSpelling } from './core/identity/claims.ts';
export type { GenericOptions } from './core/providers/generic.ts';
export { generic } from './core/providers/generic.ts';
export type { ProviderPreset } from './core/providers/preset.ts';
export { safeconduct } from './core/providers/safeconduct.ts';
