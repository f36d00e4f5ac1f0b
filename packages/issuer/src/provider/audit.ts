/** Which of the engine's events go to the audit log. They are written in the commit of the request that caused them. */
import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import { unit } from './unit.ts';

export function auditEngine(provider: Provider): void {
  const bounded = refusalsPerMinute();
  provider.on('authorization.success', (ctx) => record(ctx, { type: 'authorization.granted', outcome: 'ok' }));
  provider.on('authorization.error', (ctx, { message }) => {
    if (message === 'access_denied') record(ctx, { type: 'authorization.denied', outcome: 'refused', reason: message });
  });
  provider.on('grant.error', (ctx, { message }) => {
    if (message === 'invalid_client' && bounded(ctx.oidc.client?.clientId))
      record(ctx, { type: 'client.refused', outcome: 'refused', reason: message });
  });
  provider.on('grant.revoked', (ctx, grantId) => {
    if (ctx.oidc.route === 'token') record(ctx, { type: 'code.replayed', outcome: 'refused', reason: 'family_ended', target: grantId });
  });
}

/** Refusals of one application that are written down in a minute: nobody fills the log by guessing. */
const MOST_REFUSALS = 20;

/** Says whether a key may be written down now: once in each minute. */
export const onceAMinute = () => refusalsPerMinute(1);

/** Says whether one more refusal of a key, such as a client_id, may still be written down in this minute. */
export function refusalsPerMinute(most = MOST_REFUSALS): (key: string | undefined) => boolean {
  let minute = 0;
  const seen = new Map<string, number>();
  return (key) => {
    // An application that nobody registered is nobody's secret.
    if (key === undefined) return false;
    const now = Math.floor(performance.now() / 60_000);
    if (now !== minute) seen.clear();
    minute = now;
    const count = (seen.get(key) ?? 0) + 1;
    seen.set(key, count);
    return count <= most;
  };
}

interface Entry {
  readonly type: string;
  readonly outcome: 'ok' | 'refused';
  readonly reason?: string;
  readonly target?: string;
}

function record(ctx: KoaContextWithOIDC, entry: Entry): void {
  const claimed = ctx.oidc.params?.client_id;
  unit().record({
    ...entry,
    actor: ctx.oidc.session?.accountId ?? ctx.oidc.account?.accountId,
    client: ctx.oidc.client?.clientId ?? (typeof claimed === 'string' ? claimed : undefined),
    ip: ctx.ip,
  });
}
