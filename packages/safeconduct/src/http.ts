/**
 * Puts a guard of `safeconduct/protect` into a framework.
 *
 * `express`, `fastify`, `hono`, `node` and `fetchHandler` are thin: they let a request through or answer it, and
 * `identityOf` tells afterwards who called. `resourceMetadata` tells clients where to sign in.
 *
 * @module
 */
export type { AdapterOptions, Caller, Certain } from './edges/http/admission.ts';
export { findIdentity, identityOf } from './edges/http/admission.ts';
export type { ExpressHandler, ExpressMiddleware, ExpressNext } from './edges/http/express.ts';
export { express } from './edges/http/express.ts';
export type { FastifyHandler, FastifyHook, FastifyReply, FastifyRequest } from './edges/http/fastify.ts';
export { fastify } from './edges/http/fastify.ts';
export type { FetchHandler } from './edges/http/fetch.ts';
export { fetchHandler } from './edges/http/fetch.ts';
export { codeAndDescription, fastApiAzureAuth, fastApiAzureAuthObject } from './edges/http/formats.ts';
export type { HonoContext, HonoHandler, HonoMiddleware } from './edges/http/hono.ts';
export { hono } from './edges/http/hono.ts';
export type { NodeHandler } from './edges/http/node.ts';
export { node } from './edges/http/node.ts';
export type { NodeRequest, NodeResponse } from './edges/http/node-response.ts';
export type { ResourceMetadata, ResourceMetadataOptions } from './edges/http/resource-metadata.ts';
export { resourceMetadata } from './edges/http/resource-metadata.ts';
export type { RefusalFacts, RefusalFormat } from './steps/protect/refusal.ts';
