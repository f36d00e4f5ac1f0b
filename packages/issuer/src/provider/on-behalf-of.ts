/**
 * On behalf of (RFC 7523, 2.1, with `requested_token_use`): an API that a person's access token is for gets one for the next API,
 * as that person. What it gets belongs to the same grant, so it ends with the person's sign-in.
 */
import { type Client, errors, type KoaContextWithOIDC } from 'oidc-provider';
import { findAccount } from './accounts.ts';
import { type Applications, traitsOf } from './applications.ts';
import { onceAMinute } from './audit.ts';
import { isForProxy } from './exchange-names.ts';
import { liveToken, type TokenSource } from './find-token.ts';
import type { LiveToken } from './live-token.ts';
import { ON_BEHALF_OF } from './own-endpoints.ts';
import { defaultResource, describeResource } from './resources.ts';
import { unit } from './unit.ts';
import type { Voice } from './voice.ts';

/** What such a request may send beyond the client's own proof. */
export const ON_BEHALF_OF_PARAMETERS: readonly string[] = ['assertion', 'requested_token_use', 'scope', 'resource'];

export interface OnBehalfOfOptions extends TokenSource {
  readonly voice: Voice;
  readonly applications: Applications;
}

/** An access token of a person, for the API that shows it. */
interface Assertion {
  readonly token: LiveToken;
  readonly person: string;
  readonly grantId: string;
}

/** Who acts for the person (RFC 8693, 4.1). */
export interface ActorClaims {
  readonly act?: Readonly<Record<string, unknown>>;
}

const actors = new WeakMap<object, ActorClaims>();

/** The actor of a token that was got on somebody's behalf; nothing for any other. Read by `access-token.ts`. */
export const actorClaimsOf = (token: object): ActorClaims => actors.get(token) ?? {};

/** Gives the handler of the grant. */
export function onBehalfOf(options: OnBehalfOfOptions): (ctx: KoaContextWithOIDC) => Promise<void> {
  return async (ctx) => {
    const { client: caller, params = {} } = ctx.oidc;
    if (!caller) throw new TypeError('the token endpoint let an unauthenticated caller through');
    checkUse(params);
    checkProof(caller);
    const assertion = await readAssertion(options, String(params.assertion), caller);
    const server = await resourceServer(ctx, caller, options);
    ctx.body = await issue(ctx, { caller, assertion, server, options });
  };
}

function checkUse({ requested_token_use: use, assertion }: Readonly<Record<string, unknown>>): void {
  if (typeof assertion !== 'string' || assertion === '') throw new errors.InvalidRequest("missing required parameter 'assertion'");
  if (use !== 'on_behalf_of') throw new errors.InvalidRequest('requested_token_use must be on_behalf_of');
}

/** Anybody can say to be an application that proves nothing. */
function checkProof(caller: Client): void {
  if (caller.clientAuthMethod === 'none')
    throw new errors.UnauthorizedClient('only an application that proves itself acts on behalf of people');
}

async function readAssertion(source: OnBehalfOfOptions, value: string, caller: Client): Promise<Assertion> {
  const token = await liveToken(source, value);
  if (!token) throw new errors.InvalidGrant('the assertion has ended or is no access token of this issuer');
  const { kind, bearer, grantId, audience } = token;
  const own = traitsOf(caller).audience;
  if (own === undefined || !audience.includes(own) || audience.some((one) => isForProxy(source.keys.home, one)))
    throw new errors.InvalidGrant('the assertion is for another API');
  if ((kind !== 'jwt' && kind !== 'opaque') || bearer?.kind !== 'person' || grantId === undefined)
    throw new errors.InvalidGrant('the assertion is not of a sign-in: nobody is there to act for');
  return { token, person: bearer.id, grantId };
}

/** The API that is asked for, or the only one that the caller may call. */
async function resourceServer(ctx: KoaContextWithOIDC, caller: Client, { applications, voice }: OnBehalfOfOptions): Promise<Server> {
  const asked = ctx.oidc.params?.resource ?? defaultResource(voice)(ctx, caller);
  const [resource, ...more] = [asked].flat();
  if (typeof resource !== 'string' || more.length > 0) throw new errors.InvalidTarget('name one API, by resource or by its scopes');
  const described = await describeResource(applications, voice)(ctx, resource, caller);
  return new ctx.oidc.provider.ResourceServer(resource, described as never);
}

type Server = InstanceType<KoaContextWithOIDC['oidc']['provider']['ResourceServer']>;

interface Issuing {
  readonly caller: Client;
  readonly assertion: Assertion;
  readonly server: Server;
  readonly options: OnBehalfOfOptions;
}

async function issue(ctx: KoaContextWithOIDC, { caller, assertion, server, options }: Issuing): Promise<object> {
  const { token: shown, person, grantId } = assertion;
  const account = await findAccount(options.voice)(ctx, person);
  if (!account) throw new errors.InvalidGrant('the person of the assertion may not act here');
  ctx.oidc.entity('Account', account);
  const scope = scopesOf(ctx, server);
  const expiresIn = Math.max(1, Math.min(Number(server.accessTokenTTL), Math.floor(Number(shown.grant?.exp) - Date.now() / 1000)));
  const { AccessToken } = ctx.oidc.provider;
  const token = new AccessToken({ accountId: person, client: caller, grantId, expiresIn, scope, gty: ON_BEHALF_OF } as never);
  token.resourceServer = server;
  const before = shown.extra.act;
  actors.set(token, { act: { sub: caller.clientId, ...(typeof before === 'object' && before !== null && { act: before }) } });
  ctx.oidc.entity('AccessToken', token);
  const value = await token.save();
  note(ctx, { caller, assertion, server });
  return { access_token: value, token_type: 'Bearer', expires_in: token.expiration, ...(scope !== '' && { scope }) };
}

const mayNote = onceAMinute();

/** Writes down who acted for whom, and where: once a minute, for an API may do it for each of its requests. */
function note({ ip }: KoaContextWithOIDC, { caller, assertion: { person, token }, server }: Omit<Issuing, 'options'>): void {
  const resource = server.identifier();
  if (!mayNote(`${caller.clientId} ${person} ${resource}`)) return;
  const organization = token.bearer?.organization;
  unit().record({
    type: 'token.delegated',
    outcome: 'ok',
    actor: person,
    client: caller.clientId,
    organization,
    ip,
    details: { resource },
  });
}

/** Those of the API that are asked for; without any, all that the caller may have. */
function scopesOf({ oidc: { params } }: KoaContextWithOIDC, server: Server): string {
  const allowed = String(server.scope ?? '')
    .split(' ')
    .filter(Boolean);
  const asked = typeof params?.scope === 'string' ? params.scope.split(' ').filter((scope) => allowed.includes(scope)) : [];
  return (asked.length > 0 ? asked : allowed).join(' ');
}
