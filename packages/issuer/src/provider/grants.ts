/** Grants: what a person allowed an application. Each sign-in has a grant of its own, so that grant = token family. */
import { type Client, errors, type Grant, interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import { type KnownAccount, mayBegin } from './accounts.ts';
import { traitsOf } from './applications.ts';
import type { Voice } from './voice.ts';
import { askedBehind } from './wire.ts';

/** Whether tokens outlive the sign-out: only for an application on a device that asked for offline access. */
export function outlivesSession(client: Client, scopes: ReadonlySet<string>): boolean {
  return client.applicationType === 'native' && scopes.has('offline_access');
}

/** Finds what this sign-in may do without asking: everything for first-party applications, else what was just allowed. */
export async function loadGrant(ctx: KoaContextWithOIDC): Promise<Grant | undefined> {
  const { client } = ctx.oidc;
  if (!client) return undefined;
  const grant = await grantFor(ctx, client);
  if (!grant) return undefined;
  if (!outlivesSession(client, ctx.oidc.requestParamScopes)) Object.assign(grant, { sessionUid: ctx.oidc.session?.uid });
  const asked = askedBehind(ctx);
  if (asked !== '') Object.assign(grant, { asked });
  await grant.save();
  return grant;
}

async function grantFor(ctx: KoaContextWithOIDC, client: Client): Promise<Grant | undefined> {
  const allowed = ctx.oidc.result?.consent?.grantId;
  if (allowed) return ctx.oidc.provider.Grant.find(allowed);
  if (traitsOf(client).firstParty) return wholeGrant(ctx, client);
  // A client that cannot prove itself may be anybody who knows its id: its person is asked each time (RFC 8252, 8.6).
  if (client.clientAuthMethod === 'none') return undefined;
  return rememberedGrant(ctx, client);
}

function newGrant(ctx: KoaContextWithOIDC, client: Client): Grant {
  return new ctx.oidc.provider.Grant({ accountId: accountId(ctx), clientId: client.clientId });
}

function wholeGrant(ctx: KoaContextWithOIDC, client: Client): Grant {
  const { oidc } = ctx;
  const grant = newGrant(ctx, client);
  grant.addOIDCScope([...oidc.requestParamOIDCScopes].join(' '));
  grant.addOIDCClaims([...oidc.requestParamClaims]);
  for (const [resource, server] of Object.entries(oidc.resourceServers ?? {})) {
    grant.addResourceScope(resource, [...oidc.requestParamScopes].filter((scope) => server.scopes.has(scope)).join(' '));
  }
  return grant;
}

/** A new grant with as much of this request as the session's earlier grant for the same application covers. */
async function rememberedGrant(ctx: KoaContextWithOIDC, client: Client): Promise<Grant | undefined> {
  const { oidc } = ctx;
  const earlierId = oidc.session?.grantIdFor(client.clientId);
  const earlier = earlierId ? await oidc.provider.Grant.find(earlierId) : undefined;
  if (!earlier || earlier.accountId !== accountId(ctx)) return undefined;
  const grant = newGrant(ctx, client);
  grant.addOIDCScope(earlier.getOIDCScopeFiltered(oidc.requestParamOIDCScopes));
  grant.addOIDCClaims(earlier.getOIDCClaimsFiltered(oidc.requestParamClaims));
  for (const resource of Object.keys(oidc.resourceServers ?? {})) {
    grant.addResourceScope(resource, earlier.getResourceScopeFiltered(resource, oidc.requestParamScopes));
  }
  return grant;
}

function accountId(ctx: KoaContextWithOIDC): string {
  const found = ctx.oidc.account?.accountId;
  if (found === undefined) throw new errors.AccessDenied(undefined, 'a grant needs an account');
  return found;
}

/** What an application may demand of a sign-in, and the error when the sign-in that followed does not meet it. */
const demands = {
  essential_acr: errors.UnmetAuthenticationRequirements,
  essential_acrs: errors.UnmetAuthenticationRequirements,
  id_token_hint: errors.LoginRequired,
  claims_id_token_sub_value: errors.LoginRequired,
} as const;

/** Asks for one sign-in because of a demand, and not again and again (OpenID Connect Core 5.5.1.1). */
function askOnce(policy: ReturnType<typeof interactionPolicy.base>): void {
  for (const [name, Unmet] of Object.entries(demands)) {
    const demand = policy.get('login')?.checks.get(name);
    if (!demand) throw new TypeError(`the engine has no ${name} check any more: see grants.ts`);
    const check = demand.check;
    demand.check = async (ctx) => {
      const asks = await check(ctx);
      if (asks && ctx.oidc.result?.login) throw new Unmet(demand.description);
      return asks;
    };
  }
}

/** Somebody of another organization than the one that is asked for signs in as somebody else, or not at all. */
function onlyMembers(policy: ReturnType<typeof interactionPolicy.base>, voice: Voice): void {
  const name = 'other_organization';
  const check = new interactionPolicy.Check(name, 'somebody of this organization has to sign in', 'login_required', ({ oidc }) => {
    const row = (oidc.account as KnownAccount | undefined)?.row;
    const stranger = row !== undefined && !mayBegin(row, oidc, voice);
    if (stranger && oidc.result?.login) throw new errors.AccessDenied('this account is not of the organization that was asked for');
    return stranger;
  });
  policy.get('login')?.checks.add(check);
}

/** The engine's prompts, without asking for consent on behalf of first-party native applications. */
export function promptPolicy(voice: Voice) {
  const policy = interactionPolicy.base();
  askOnce(policy);
  onlyMembers(policy, voice);
  const checks = policy.get('consent')?.checks;
  const native = checks?.get('native_client_prompt');
  if (!checks || !native) throw new TypeError('the engine has no native_client_prompt check any more: see grants.ts');
  checks.remove('native_client_prompt');
  checks.add(
    new interactionPolicy.Check('native_client_prompt', native.description, 'interaction_required', (ctx) =>
      ctx.oidc.client && traitsOf(ctx.oidc.client).firstParty ? false : native.check(ctx),
    ),
  );
  return policy;
}
