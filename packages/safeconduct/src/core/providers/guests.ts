import type { Claims } from '../identity/claims.ts';
import { type IssuerRule, tenantOf } from './issuers.ts';

/**
 * True for somebody of another tenant who was invited into this one: `acct` is 1, or `idp` names somebody else than this tenant.
 * A tenant names itself in either form of its issuer, and tokens of services do.
 */
export function isGuest({ acct, idp, iss }: Claims, rule: IssuerRule): boolean {
  if (acct === 1 || acct === '1') return true;
  if (idp === undefined || idp === iss) return false;
  const home = tenantOf(rule, iss)?.tenant;
  return home === undefined || tenantOf(rule, idp)?.tenant !== home;
}
