import type { OpenAPIHono } from '@hono/zod-openapi';
import { type ApiDocs, openApiDocs } from 'safeconduct/openapi';
import type { safeconduct } from 'safeconduct/providers';
import { docsClientId } from '../demo-client.ts';
import type { Log } from '../log.ts';
import { documentOf } from './api.ts';
import { apiScopes } from './routes.ts';

export interface DocsOptions {
  readonly provider: ReturnType<typeof safeconduct>;
  readonly resource: string;
  readonly log: Log;
}

/** The page at `/docs`, on which everybody tries the API as themselves. */
export function createDocs(api: OpenAPIHono, { provider, resource, log }: DocsOptions): ApiDocs {
  const login = { provider, clientId: docsClientId, scopes: apiScopes, resource };
  return openApiDocs({
    document: () => documentOf(api),
    login,
    title: 'Orders, products and the assistant',
    log: ({ event, ...fields }) => log(event, fields),
  });
}
