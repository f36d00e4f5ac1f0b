import { assertMinted, type Identity } from '../identity/identity.ts';
import { isGuest } from './guests.ts';
import type { ProviderPreset } from './preset.ts';

/** What Entra ID says about somebody besides what every provider says. */
export interface EntraClaims {
  /** `tid`. */
  readonly tenant?: string;
  /** `oid`. */
  readonly objectId?: string;
  /** A member of another tenant who was invited into this one. */
  readonly isGuest: boolean;
  /** Ids of the groups. Undefined when there are too many for a token (over 200): ask Microsoft Graph, or use app roles. Empty when the application sends none. */
  readonly groups: readonly string[] | undefined;
}

/** Reads what is Entra's own out of a verified identity. `provider` is the preset that verified it. */
export function entraClaims(identity: Identity, provider: ProviderPreset): EntraClaims {
  assertMinted(identity);
  const { tid, oid } = identity.claims;
  return {
    ...(typeof tid === 'string' && { tenant: tid }),
    ...(typeof oid === 'string' && { objectId: oid }),
    isGuest: isGuest(identity.claims, provider),
    groups: groupsOf(identity.claims),
  };
}

// More groups than fit are left out and stand behind an address instead: `_claim_names`, or `hasgroups` in a token that came by the browser.
function groupsOf({ groups, hasgroups, _claim_names: elsewhere }: Identity['claims']): readonly string[] | undefined {
  const leftOut = typeof elsewhere === 'object' && elsewhere !== null && Object.hasOwn(elsewhere, 'groups');
  if (leftOut || hasgroups === true || hasgroups === 'true') return undefined;
  return Array.isArray(groups) ? groups.filter((group) => typeof group === 'string') : [];
}
