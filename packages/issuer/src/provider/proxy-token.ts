/** Tokens for the proxy: one of ours that carries a request to a third party, so that its holder never has the third party's. */
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Connection } from '../connections/connection.ts';
import { findAccount } from './accounts.ts';
import { ACCESS_TOKEN, proxyAudience } from './exchange-names.ts';
import type { ExchangeRequest } from './exchange-request.ts';
import type { Subject } from './subject-token.ts';
import type { Voice } from './voice.ts';

/** Seconds. */
const LIFETIME = 600;

export interface ProxyTokenOptions {
  readonly voice: Voice;
  readonly request: ExchangeRequest;
  readonly connection: Connection;
  readonly subject: Subject;
}

/** What the claims of a token for the proxy say beyond those of any access token; read by `access-token.ts`. */
export interface ProxyClaims {
  /** Who acts for the person, when it is not whom they signed in to (RFC 8693, 4.1). */
  readonly act?: Readonly<Record<string, unknown>>;
  /** The one account that it is for. */
  readonly account?: string;
}

/** Issues a JWT that ends with the sign-in of its subject token. */
export async function issueProxyToken(ctx: KoaContextWithOIDC, options: ProxyTokenOptions): Promise<object> {
  const { request, connection, subject } = options;
  const { provider, client } = ctx.oidc;
  ctx.oidc.entity('Account', await findAccount(options.voice)(ctx, subject.person.id));
  const expiresIn = Math.max(1, Math.min(LIFETIME, Math.floor(Number(subject.token.grant?.exp) - Date.now() / 1000)));
  const scope = request.scopes?.join(' ');
  const token = new provider.AccessToken({ accountId: subject.person.id, client, grantId: subject.grantId, expiresIn, scope } as never);
  token.resourceServer = resourceServer(ctx, options, scope);
  proxyClaims.set(token, claimsOf(ctx, { request, connection, subject }));
  const value = await token.save();
  return {
    access_token: value,
    issued_token_type: ACCESS_TOKEN,
    token_type: 'Bearer',
    expires_in: expiresIn,
    ...(scope !== undefined && { scope }),
  };
}

function resourceServer({ oidc: { provider } }: KoaContextWithOIDC, { voice, connection }: ProxyTokenOptions, scope?: string) {
  const audience = proxyAudience(voice.home, connection.id);
  const described = {
    audience,
    scope: scope ?? '',
    accessTokenTTL: LIFETIME,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: voice.dialect.shapes.signingAlgorithm } },
  };
  return new provider.ResourceServer(audience, described as never);
}

const proxyClaims = new WeakMap<object, ProxyClaims>();

/** The claims that belong to a token for the proxy, and to no other. */
export const proxyClaimsOf = (token: object): ProxyClaims => proxyClaims.get(token) ?? {};

function claimsOf(
  { oidc: { client } }: KoaContextWithOIDC,
  { request, subject: { token } }: Pick<ProxyTokenOptions, 'request' | 'connection' | 'subject'>,
): ProxyClaims {
  const before = token.extra.act as ProxyClaims['act'] | undefined;
  const act = client && client.clientId !== token.client ? { sub: client.clientId, ...(before && { act: before }) } : before;
  return { ...(act && { act }), ...(request.account !== undefined && { account: request.account }) };
}
