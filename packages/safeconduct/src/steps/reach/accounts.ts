import { SafeconductError } from '../../core/identity/errors.ts';
import type { Identity } from '../../core/identity/identity.ts';
import { proofOf } from '../../core/identity/proof.ts';
import { requestAccountsToken } from '../../core/protocol/accounts-token.ts';
import { type AccountsApi, type ConnectedAccount, deleteAccount, listAccounts } from '../../core/protocol/connected-accounts.ts';
import { parseJws } from '../../core/protocol/jws.ts';
import { Secret } from '../../core/protocol/secret.ts';
import { assertConnectionName, assertReachable, type ReachWiring } from './wiring.ts';

/** Lists the accounts that a person connected. */
export async function listLinks(reach: ReachWiring, identity: Identity, connection?: string): Promise<readonly ConnectedAccount[]> {
  if (connection !== undefined) assertConnectionName(connection);
  return listAccounts(await accountsApi(reach, identity, 'read'), connection);
}

/** Disconnects one of them. */
export async function unlink(reach: ReachWiring, identity: Identity, id: string): Promise<boolean> {
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(id)) return false;
  const gone = await deleteAccount(await accountsApi(reach, identity, 'delete'), id);
  reach.kept.clear();
  return gone;
}

/** The accounts API, as this person. */
export async function accountsApi(reach: ReachWiring, identity: Identity, may: 'create' | 'read' | 'delete'): Promise<AccountsApi> {
  assertReachable(reach, identity);
  const { vault, client } = reach;
  const token = ownToken(reach, identity) ?? (await tokenByRefresh(reach, identity, `${may}:me:connected_accounts`));
  return { url: vault.accounts.url, token, fetch: client.fetch };
}

// What the token says about itself only chooses between two ways: the API judges it.
function ownToken({ vault, client }: ReachWiring, identity: Identity): Secret | undefined {
  const { accessToken, accessTokenEndsAt = identity.expiresAt.getTime() } = proofOf(identity) ?? {};
  if (accessToken === undefined || accessTokenEndsAt <= client.link.clock()) return undefined;
  const audiences = [parseJws(accessToken)?.payload.aud].flat();
  return audiences.includes(vault.accounts.audience) ? new Secret(accessToken) : undefined;
}

function tokenByRefresh({ vault, client }: ReachWiring, identity: Identity, scope: string): Promise<Secret> {
  const { audience, byRefresh } = vault.accounts;
  const refreshToken = identity.client === client.clientId ? proofOf(identity)?.refreshToken : undefined;
  if (byRefresh && refreshToken !== undefined) return requestAccountsToken(client, { refreshToken, audience, scope });
  throw new SafeconductError('connection_refused', {
    message: `this sign-in has no access token for ${audience}: give createLogin that as resource, and ${scope} among its scopes`,
  });
}
