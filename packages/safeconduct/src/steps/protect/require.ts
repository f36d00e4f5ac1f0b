import { SafeconductError } from '../../core/identity/errors.ts';
import type { Identity } from '../../core/identity/identity.ts';
import { missingFrom } from '../../core/identity/scopes.ts';

/** What an identity must have, all of it. Names are compared whole. */
export interface Requirement {
  readonly scopes?: readonly string[];
  readonly roles?: readonly string[];
}

/** Throws a `TypeError` for a requirement that requires nothing: it was meant to. */
export function checkRequirement(requirement: Requirement | undefined): void {
  if (requirement === undefined) return;
  const { scopes, roles } = requirement;
  const lists = [scopes, roles].filter((list) => list !== undefined);
  const sound =
    lists.length > 0 && lists.every((list) => list.length > 0 && list.every((name) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(name)));
  if (!sound) throw new TypeError('require must name at least one scope or role, and no empty ones: leave it out to require none');
}

/** Throws `scope_missing`, then `role_missing`, naming what is missing. */
export function enforce(identity: Identity, { scopes = [], roles = [] }: Requirement): void {
  const scopesMissing = missingFrom(identity.scopes, scopes);
  if (scopesMissing.length > 0) throw new SafeconductError('scope_missing', { missing: scopesMissing });
  const rolesMissing = missingFrom(identity.roles, roles);
  if (rolesMissing.length > 0) throw new SafeconductError('role_missing', { missing: rolesMissing });
}
