/**
 * API docs that sign people in: one line adds a page on which everybody tries the API as themselves.
 *
 * `openApiDocs` completes your OpenAPI document with the security scheme of your provider and serves it as a page, with an
 * *Authorize* button that needs no typing. Everything comes from your own origin, under a strict content security policy.
 *
 * @module
 */
export type { OpenApiDocument } from './edges/openapi/document.ts';
export type { DocsLogin } from './edges/openapi/login.ts';
export type {
  DocsFastify,
  DocsFastifyReply,
  DocsHonoContext,
  DocsIncoming,
  DocsMounts,
  DocsOutgoing,
} from './edges/openapi/mounts.ts';
export type { ApiDocs, ApiDocsOptions, DocsEvent } from './edges/openapi/openapi-docs.ts';
export { openApiDocs } from './edges/openapi/openapi-docs.ts';
