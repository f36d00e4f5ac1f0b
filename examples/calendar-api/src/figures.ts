/** Counts what an application did with the tokens that it got. */
import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import { isReuse } from './records.ts';

/** What happened since the start. */
export interface Counts {
  /** Refresh tokens that were taken, each against a new one. */
  readonly refreshes: number;
  /** Refresh tokens that came a second time; each ended its grant. */
  readonly reuseAlarms: number;
  /** Grants that their application ended (RFC 7009). */
  readonly revocations: number;
}

export interface Figures extends Counts {
  /** Codes that were exchanged: connections that were made. */
  readonly connections: number;
  /** Refresh requests that were refused, for whatever reason. */
  readonly refused: number;
  /** By the id of a grant, which is one connection of one person. */
  readonly grants: ReadonlyMap<string, Counts>;
}

type Counted = { -readonly [K in keyof Counts]: number };

const none = (): Counted => ({ refreshes: 0, reuseAlarms: 0, revocations: 0 });

/** Listens to the engine. The figures it gives go on counting. */
export function countedAt(provider: Provider): Figures {
  const grants = new Map<string, Counted>();
  const figures = { ...none(), connections: 0, refused: 0, grants };
  const count = (what: keyof Counts, grantId: string | undefined) => {
    figures[what] += 1;
    if (grantId === undefined) return;
    const own = grants.get(grantId) ?? none();
    own[what] += 1;
    grants.set(grantId, own);
  };
  provider.on('grant.success', (ctx) => {
    if (grantTypeOf(ctx) === 'refresh_token') count('refreshes', ctx.oidc.entities.Grant?.jti);
    else figures.connections += 1;
  });
  provider.on('grant.error', (ctx, error) => {
    if (grantTypeOf(ctx) !== 'refresh_token') return;
    figures.refused += 1;
    if (isReuse(error)) count('reuseAlarms', ctx.oidc.entities.Grant?.jti);
  });
  provider.on('grant.revoked', (ctx, grantId) => {
    if (ctx.oidc.route === 'revocation') count('revocations', grantId);
  });
  return figures;
}

const grantTypeOf = (ctx: KoaContextWithOIDC) => ctx.oidc.params?.grant_type;
