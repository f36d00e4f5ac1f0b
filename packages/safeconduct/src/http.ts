/**
 * Puts a guard of `safeconduct/protect` into a framework.
 *
 * `hono` and `fetchHandler` are thin: they let a request through or answer it, and `identityOf` tells afterwards who called.
 *
 * @module
 */
export type { AdapterOptions } from './edges/http/admission.ts';
export { identityOf } from './edges/http/admission.ts';
export type { IdentifiedHandler } from './edges/http/fetch.ts';
export { fetchHandler } from './edges/http/fetch.ts';
export type { HonoContext, HonoMiddleware } from './edges/http/hono.ts';
export { hono } from './edges/http/hono.ts';
