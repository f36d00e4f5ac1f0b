/** Rules for authorization requests that the engine does not have. They run on every one of them. */
import { type Client, errors, type KoaContextWithOIDC } from 'oidc-provider';
import { tenantBehind } from './accounts.ts';
import { traitsOf } from './applications.ts';
import { refusalsPerMinute } from './audit.ts';
import { isLenient, noteLeniency } from './lenient.ts';
import { MAX_SCOPES, oversized, unstorable } from './limits.ts';
import { unit } from './unit.ts';
import type { Voice } from './voice.ts';
import { NOBODY, wireOf } from './wire.ts';

/** Name of the extra parameter whose validator the engine calls on every authorization request, sent or not. */
export const RULES = 'safeconduct_rules';

export function checkRequest(voice: Voice) {
  return (ctx: KoaContextWithOIDC, _value: unknown, client: Client): void => {
    const raw = (ctx.method === 'POST' ? ctx.oidc.body : ctx.query) as Readonly<Record<string, unknown>> | undefined;
    boundInputs(ctx, raw ?? {});
    noteSecretInAddress(ctx, { raw: raw ?? {}, client });
    requireNonceWithoutPkce(ctx, client, voice);
    checkTokenInAddress(ctx, client, voice);
    refuseUnknownOrganization(ctx);
    keepOfflineAccess(ctx, { client, asked: String(raw?.scope ?? '') });
    askForSomething(ctx, client);
  };
}

function boundInputs(ctx: KoaContextWithOIDC, raw: Readonly<Record<string, unknown>>): void {
  const tooLong = oversized(raw);
  const odd = unstorable(raw);
  if (tooLong === undefined && odd === undefined) return;
  // What is not taken is not sent back either.
  if (ctx.oidc.params) ctx.oidc.params.state = undefined;
  if (tooLong === undefined) throw new errors.InvalidRequest(`${odd} has characters that are not text`);
  throw new errors.InvalidRequest(`${tooLong} is too long, or lists more than ${MAX_SCOPES} items`);
}

const mayNote = refusalsPerMinute();

/** An address ends in histories and in logs of proxies: its application needs another secret now (RFC 9700, 4.2). The sign-in goes on. */
function noteSecretInAddress(ctx: KoaContextWithOIDC, { raw, client }: { raw: Readonly<Record<string, unknown>>; client: Client }): void {
  // A dialect may have taken it away already.
  const sent = raw.client_secret !== undefined || wireOf(ctx.req)?.parameters.has('client_secret');
  if (ctx.oidc.route !== 'authorization' || !sent) return;
  if (traitsOf(client).refuses.includes('secret_in_address'))
    throw new errors.InvalidRequest('a client secret has no place in an address: replace it, and leave it out here');
  if (!mayNote(client.clientId)) return;
  unit().record({ type: 'client.secret_in_address', outcome: 'ok', client: client.clientId, ip: ctx.ip });
}

function requireNonceWithoutPkce(ctx: KoaContextWithOIDC, client: Client, voice: Voice): void {
  const { params, route } = ctx.oidc;
  if (route !== 'authorization' || params?.code_challenge) return;
  if (isLenient('missing_pkce', client, voice)) {
    noteLeniency('missing_pkce', ctx);
    return;
  }
  if (traitsOf(client).pkceRequired || params?.nonce) return;
  throw new errors.InvalidRequest('without PKCE this application must send a nonce (and ask for openid)');
}

/** An access token in an address: where the dialect has that, and the application does not do without. */
function checkTokenInAddress(ctx: KoaContextWithOIDC, client: Client, voice: Voice): void {
  const { params, route } = ctx.oidc;
  if (route !== 'authorization' || !String(params?.response_type).split(' ').includes('token')) return;
  if (!isLenient('token_in_address', client, voice)) throw new errors.UnsupportedResponseType();
  noteLeniency('token_in_address', ctx);
}

function refuseUnknownOrganization({ oidc }: KoaContextWithOIDC): void {
  if (tenantBehind(oidc) === NOBODY) throw new errors.InvalidRequest('there is no such organization');
}

/** Who asks for nothing asks who somebody is (RFC 6749, 3.3): else they sign in, and are refused afterwards. */
function askForSomething({ oidc: { params } }: KoaContextWithOIDC, client: Client): void {
  if (!params || params.scope) return;
  if (client.scope?.split(' ').includes('openid') ?? true) params.scope = 'openid';
}

/**
 * The engine drops offline_access unless prompt=consent. It is put back from the raw request: a grant that does not cover it
 * leads to the consent page all the same (OpenID Connect Core section 11 allows other conditions than the prompt).
 */
function keepOfflineAccess(ctx: KoaContextWithOIDC, { client, asked }: { client: Client; asked: string }): void {
  const { params } = ctx.oidc;
  if (!params || !client.grantTypeAllowed('refresh_token')) return;
  const kept = String(params.scope ?? '').split(' ');
  const allowed = client.scope?.split(' ').includes('offline_access') ?? true;
  if (allowed && asked.split(' ').includes('offline_access') && !kept.includes('offline_access')) {
    params.scope = [...kept, 'offline_access'].filter(Boolean).join(' ');
  }
}

/** PKCE is for everybody; a confidential application may be registered without it. */
export function pkceRequired(voice: Voice) {
  return (_ctx: unknown, client: Client): boolean =>
    client.clientAuthMethod === 'none' || (traitsOf(client).pkceRequired && !isLenient('missing_pkce', client, voice));
}
