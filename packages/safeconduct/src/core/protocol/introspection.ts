import * as oauth from 'oauth4webapi';
import type { Claims } from '../identity/claims.ts';
import { SafeconductError } from '../identity/errors.ts';
import { transportOf } from './client.ts';
import type { Metadata } from './discovery.ts';
import { isOutage, onceMore } from './fetch.ts';
import { isShallow } from './jws.ts';
import type { ProviderLink } from './provider-link.ts';
import { errorCodeOf, readJson } from './tokens.ts';

/** An application that may ask a provider about tokens. */
export interface Asker {
  readonly link: ProviderLink;
  readonly clientId: string;
  readonly authentication: oauth.ClientAuth;
}

/**
 * What the provider says about a token: its claims, or undefined for one that is not active.
 * `failed` says nothing about the token: with `everybody`, no other token would fare better now.
 */
export type IntrospectionAnswer =
  | { readonly claims: Claims | undefined }
  | { readonly failed: SafeconductError; readonly everybody: boolean };

const deepestAnswer = 16;

/** Asks the provider about an access token: RFC 7662 section 2. Never throws for an answer of the provider. */
export async function introspect(asker: Asker, token: string): Promise<IntrospectionAnswer> {
  let url: string | undefined;
  try {
    const metadata = await asker.link.metadata();
    url = metadata.introspection_endpoint;
    if (url === undefined)
      return failedFor('everybody', `${asker.link.issuer} publishes no introspection_endpoint: only its JWTs can be checked`);
    return await readAnswer(await onceMore(() => ask(asker, metadata, token)), url);
  } catch (error) {
    if (!(error instanceof SafeconductError)) throw error;
    // An answer without end or a redirect came to this question; whatever else fails would fail for every other too.
    if (url === undefined || error.code !== 'provider_invalid') return { failed: error, everybody: true };
    return failedFor('this token', error.message, error);
  }
}

function ask({ link, clientId, authentication }: Asker, metadata: Metadata, token: string): Promise<Response> {
  return oauth.introspectionRequest(metadata, { client_id: clientId }, authentication, token, {
    additionalParameters: { token_type_hint: 'access_token' },
    ...transportOf({ link }),
  });
}

async function readAnswer(response: Response, url: string): Promise<IntrospectionAnswer> {
  const said = `${url} answered ${response.status}`;
  // A 500 may be about this very token: one caller with a token that the provider stumbles over must not shut out all the others.
  if (isOutage(response))
    return { failed: new SafeconductError('provider_unreachable', { message: said }), everybody: response.status !== 500 };
  const body = await readJson(response);
  if (response.status !== 200) {
    const error = errorCodeOf(body);
    const whom = isOfTheClient(response.status, error) ? 'everybody' : 'this token';
    return failedFor(whom, error === undefined ? said : `${said} ${error}`);
  }
  // RFC 7662 section 2.2: a boolean, and nothing that merely looks like one (CVE-2021-32701).
  if (body === undefined || typeof body.active !== 'boolean' || !isShallow(body, deepestAnswer))
    return failedFor('this token', `${said} and no introspection answer: a plain JSON object with a boolean active`);
  return { claims: body.active ? body : undefined };
}

// RFC 6749 section 5.2: what is wrong with the one who asks, and not with the question.
function isOfTheClient(status: number, error: string | undefined): boolean {
  return status === 401 || status === 403 || error === 'invalid_client' || error === 'unauthorized_client';
}

function failedFor(whom: 'everybody' | 'this token', message: string, cause?: unknown): IntrospectionAnswer {
  return {
    failed: new SafeconductError('introspection_refused', { message: `introspection: ${message}`, cause }),
    everybody: whom === 'everybody',
  };
}
