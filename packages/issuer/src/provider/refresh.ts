/** Rotation that survives a lost answer (FAPI 2.0): inside the grace window the immediate parent yields the SAME child. */
import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { Seal } from '../secrets/seal.ts';
import { traitsOf } from './applications.ts';
import type { Artifact } from './artifact.ts';
import { isLenient, noteLeniency } from './lenient.ts';
import { unit } from './unit.ts';
import type { Voice } from './voice.ts';

export interface RefreshOptions {
  readonly seal: Seal;
  /** Seconds in which the immediate parent may be sent again. */
  readonly grace: number;
}

/**
 * Turns a retried parent into its child before the engine looks. The engine then checks account, grant, scope and resource
 * for this request as always, which is why the child's value is kept and not the answer.
 */
export async function replaceRetriedParent(ctx: KoaContextWithOIDC, { seal, grace }: RefreshOptions): Promise<void> {
  const { params, client } = ctx.oidc;
  const presented = params?.refresh_token;
  if (!params || typeof presented !== 'string') return;
  const parent = await unit().find('RefreshToken', presented);
  // Somebody else's token is left to the engine, which refuses it and ends nothing.
  if (parent?.consumedAt === undefined || parent.payload.clientId !== client?.clientId) return;
  const child = await immediateChild(parent, { seal, grace });
  if (child === undefined) refuseReuse(parent);
  params.refresh_token = child;
  unit().replaying = true;
}

/** Whether a refresh token is replaced by its use. */
export function rotates(ctx: KoaContextWithOIDC, voice: Voice): boolean {
  const { client } = ctx.oidc;
  if (!client || voice.dialect.policy.rotates(traitsOf(client).known) || !isLenient('refresh_token_reuse', client, voice)) return true;
  noteLeniency('refresh_token_reuse', ctx);
  return false;
}

async function immediateChild(parent: Artifact, { seal, grace }: RefreshOptions): Promise<string | undefined> {
  if (parent.successor === undefined || (parent.consumedFor ?? Number.POSITIVE_INFINITY) > grace) return undefined;
  const value = seal.unseal(parent.successor, parent.id);
  const child = await unit().find('RefreshToken', value);
  return child && child.consumedAt === undefined ? value : undefined;
}

function refuseReuse({ payload: { grantId, clientId, accountId } }: Artifact): never {
  unit().end(String(grantId));
  unit().record({
    type: 'refresh.reused',
    outcome: 'refused',
    actor: String(accountId),
    client: String(clientId),
    target: String(grantId),
    reason: 'family_ended',
  });
  throw new errors.InvalidGrant('refresh token already used');
}
