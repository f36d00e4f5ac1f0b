import { type ErrorCode, SafeconductError } from '../../core/identity/errors.ts';
import type { Clock } from '../../core/protocol/clock.ts';
import type { Fetch } from '../../core/protocol/fetch.ts';
import { linkProvider } from '../../core/protocol/provider-link.ts';
import { type Answering, createAnswers } from './answers.ts';
import { checkDocument, type OpenApiDocument } from './document.ts';
import { checkLogin, type DocsLogin, type LoginEndpoints } from './login.ts';
import { type DocsMounts, mountsOf } from './mounts.ts';
import { schemeNameOf } from './vendors.ts';

/** What a docs page is made from. */
export interface ApiDocsOptions {
  /** The OpenAPI document, or a function that gives it when it is first asked for: when all routes are there. */
  readonly document: OpenApiDocument | (() => OpenApiDocument);
  readonly login: DocsLogin;
  /** Where browsers find the page. Default `/docs`. */
  readonly path?: string;
  /** Heading of the page. Default: `info.summary` of the document. */
  readonly title?: string;
  /** Told why nobody can sign in at the moment. The page is served nevertheless. */
  readonly log?: (event: DocsEvent) => unknown;
  /** For calls to the provider. Default: the global `fetch`. */
  readonly fetch?: Fetch;
  /** Default: `Date.now`. */
  readonly clock?: Clock;
}

/** Why nobody can sign in on the docs page. */
export interface DocsEvent {
  readonly event: 'docs_login_unavailable';
  readonly code: ErrorCode;
  readonly message: string;
}

/** A docs page, ready for any framework. */
export interface ApiDocs extends DocsMounts {
  /** Answers requests for the docs page, undefined for all others. */
  readonly fetch: (request: Request) => Promise<Response | undefined>;
  /** Path of the redirect address that is to be registered, exactly, at the provider: `/docs/oauth2-redirect`. */
  readonly redirectPath: string;
}

/**
 * Makes a page of an OpenAPI document on which people sign in and try the API as themselves: authorization code with PKCE,
 * configured already, tokens in the memory of the page only, nothing from another origin.
 *
 * Serves the page, its files, `openapi.json` with the security scheme put in, and the redirect page, all below `path`.
 * Throws a `TypeError` for a document, a path or a login that cannot work.
 */
export function openApiDocs({ document, login, path = '/docs', title, log, fetch, clock }: ApiDocsOptions): ApiDocs {
  if (!/^(\/[\w.~-]+)+$/.test(path)) throw new TypeError(`path is "${path}": write it like "/docs", without a slash at the end`);
  checkLogin(login);
  const schemeName = login.schemeName ?? schemeNameOf(login.provider);
  if (typeof document !== 'function') checkDocument(document, schemeName);
  const { metadata } = linkProvider({ ...login.provider, fetch, clock });
  const answers: Answering = {
    path,
    title,
    login,
    schemeName,
    document: typeof document === 'function' ? once(document) : () => document,
    // Docs are worth reading while nobody can sign in.
    endpoints: () =>
      metadata()
        .then(endpointsOf)
        .catch((error: unknown) => {
          tell(log, unavailable(error));
          return undefined;
        }),
  };
  const answer = createAnswers(answers);
  return Object.freeze({ fetch: answer, redirectPath: `${path}/oauth2-redirect`, ...mountsOf(path, answer) });
}

function unavailable(error: unknown): DocsEvent {
  const { code, message } = error instanceof SafeconductError ? error : { code: 'provider_invalid' as const, message: String(error) };
  return { event: 'docs_login_unavailable', code, message };
}

// A log that fails must not take the page away.
function tell(log: ApiDocsOptions['log'], event: DocsEvent): void {
  try {
    const told = log?.(event);
    if (told instanceof Promise) told.catch(() => undefined);
  } catch {
    // As above.
  }
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

type Metadata = Awaited<ReturnType<ReturnType<typeof linkProvider>['metadata']>>;

function endpointsOf(metadata: Metadata): LoginEndpoints {
  const { issuer, authorization_endpoint: authorizationEndpoint, token_endpoint: tokenEndpoint } = metadata;
  if (authorizationEndpoint === undefined || tokenEndpoint === undefined)
    throw new SafeconductError('provider_invalid', { message: `${issuer} names no authorization_endpoint or no token_endpoint` });
  const answersNameIssuer = metadata.authorization_response_iss_parameter_supported === true;
  return { issuer, authorizationEndpoint, tokenEndpoint, answersNameIssuer };
}
