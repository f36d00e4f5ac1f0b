/** Who calls the API, by the token that the engine gave. */
import type { Context } from 'hono';
import type { Provider } from 'oidc-provider';

/** A live access token: whose calendar it opens, and how far. */
export interface Caller {
  readonly personId: string;
  readonly scopes: ReadonlySet<string>;
}

/** Gives the caller, or the answer that refuses (RFC 6750, section 3). */
export async function callerOf(provider: Provider, c: Context, scope: string): Promise<Caller | Response> {
  const header = c.req.header('authorization');
  if (header === undefined) return refusal(c, { status: 401 });
  const [, value = ''] = /^Bearer +([\w.~+/-]+=*)$/i.exec(header) ?? [];
  const token = value === '' ? undefined : await provider.AccessToken.find(value);
  const grant = token?.grantId === undefined ? undefined : await provider.Grant.find(token.grantId);
  if (token === undefined || grant === undefined) {
    return refusal(c, { status: 401, error: 'invalid_token', description: 'the access token has ended or was never given' });
  }
  if (!token.scopes.has(scope)) {
    return refusal(c, { status: 403, error: 'insufficient_scope', description: `the access token lacks ${scope}`, scope });
  }
  return { personId: token.accountId, scopes: token.scopes };
}

interface Refusal {
  readonly status: 401 | 403;
  readonly error?: string;
  readonly description?: string;
  readonly scope?: string;
}

function refusal(c: Context, { status, error, description, scope }: Refusal): Response {
  const parameters = Object.entries({ realm: 'almanac', error, error_description: description, scope })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}="${value}"`);
  return c.json({ error: error ?? 'unauthorized', error_description: description ?? 'send an access token' }, status, {
    'www-authenticate': `Bearer ${parameters.join(', ')}`,
  });
}
