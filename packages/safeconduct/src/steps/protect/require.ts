import { type ErrorCode, type ErrorDetails, SafeconductError } from '../../core/identity/errors.ts';
import type { Identity } from '../../core/identity/identity.ts';
import { missingFrom } from '../../core/identity/scopes.ts';
import { isTime } from '../../core/protocol/verified-jwt.ts';

/** What an identity must have, all of it. Names are compared whole and case-sensitively. */
export interface AllOf {
  readonly scopes?: readonly string[];
  readonly roles?: readonly string[];
  /** The organization that the person acts in; of several, one of them. */
  readonly organization?: string | readonly string[];
  readonly kind?: Identity['kind'];
  /** The person proved who they are at most so many seconds ago, as `auth_time` tells: RFC 9470. */
  readonly authenticatedWithin?: number;
  /** The person proved it in one of these ways, as `acr` tells: RFC 9470. */
  readonly acr?: readonly string[];
}

/** What is asked for: all that one list names, or all that one of several alternatives names. */
export type Requirement = AllOf | { readonly anyOf: readonly AllOf[] };

/** Gives the reason of a refusal, or undefined. */
type Rule = (identity: Identity, nowMs: number) => SafeconductError | undefined;

const compiled = new WeakMap<Requirement, Rule>();

/** Throws what `requirement` refuses: for alternatives, what the first of them lacks. A `TypeError` if it requires nothing. */
export function enforce(identity: Identity, requirement: Requirement, nowMs: number): void {
  const refusal = ruleOf(requirement)(identity, nowMs);
  if (refusal !== undefined) throw refusal;
}

/** Throws a `TypeError` for a requirement that requires nothing or is misspelt: it was meant to require something. */
export function checkRequirement(requirement: Requirement | undefined): void {
  if (requirement !== undefined) ruleOf(requirement);
}

// A requirement is read once. What its owner changes in it afterwards changes nothing.
function ruleOf(requirement: Requirement): Rule {
  const known = compiled.get(requirement);
  if (known !== undefined) return known;
  const rule = 'anyOf' in requirement ? anyOf(requirement) : allOf(requirement);
  compiled.set(requirement, rule);
  return rule;
}

function anyOf(requirement: { readonly anyOf: readonly AllOf[] }): Rule {
  const { anyOf: alternatives, ...others } = requirement;
  if (Object.keys(others).length > 0) throw mistake('anyOf stands alone: put what every alternative needs into each of them');
  if (!Array.isArray(alternatives) || alternatives.length === 0) throw mistake('anyOf must list at least one alternative');
  const rules = alternatives.map((alternative) => allOf(alternative));
  return (identity, nowMs) => {
    let first: SafeconductError | undefined;
    for (const rule of rules) {
      const refusal = rule(identity, nowMs);
      if (refusal === undefined) return undefined;
      first ??= refusal;
    }
    return first;
  };
}

// In this order: whoever lacks the right for good is not asked to sign in once more.
function allOf(required: AllOf): Rule {
  const { kind, organization, scopes, roles, authenticatedWithin, acr, ...others } = required;
  const unknown = Object.keys(others);
  if (unknown.length > 0) throw mistake(`${unknown.join(', ')} is nothing that can be required`);
  const rules = [
    kind === undefined ? [] : kindIs(kind),
    organization === undefined ? [] : organizationIsOneOf(names('organization', [organization].flat())),
    scopes === undefined ? [] : hasAll('scopes', scopes),
    roles === undefined ? [] : hasAll('roles', roles),
    authenticatedWithin === undefined && acr === undefined ? [] : authenticatedAs(authenticatedWithin, acr),
  ].flat();
  if (rules.length === 0) throw mistake('it names nothing');
  return (identity, nowMs) => {
    for (const rule of rules) {
      const refusal = rule(identity, nowMs);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  };
}

function kindIs(kind: Identity['kind']): Rule {
  if (kind !== 'person' && kind !== 'service') throw mistake('kind is person or service');
  return (identity) => (identity.kind === kind ? undefined : refusal('kind_refused', { message: `only a ${kind} may do this` }));
}

function organizationIsOneOf(organizations: readonly string[]): Rule {
  return ({ organization }) =>
    organization !== undefined && organizations.includes(organization)
      ? undefined
      : refusal('organization_refused', { message: `the identity acts for ${organization ?? 'no organization'}, which may not do this` });
}

function hasAll(what: 'scopes' | 'roles', list: readonly string[]): Rule {
  const required = words(what, list);
  const code = what === 'scopes' ? 'scope_missing' : 'role_missing';
  return (identity) => {
    const missing = missingFrom(identity[what], required);
    return missing.length === 0 ? undefined : refusal(code, { missing });
  };
}

const mostAheadSeconds = 60; // how far two clocks may be apart, as everywhere

function authenticatedAs(within: number | undefined, acr: readonly string[] | undefined): Rule {
  if (within !== undefined && !(Number.isSafeInteger(within) && within > 0)) throw mistake('authenticatedWithin is whole seconds, above 0');
  const ways = acr === undefined ? undefined : words('acr', acr);
  return ({ claims }, nowMs) => {
    const fresh = within === undefined || isFresh(claims.auth_time, nowMs / 1000, within);
    const right = ways === undefined || (typeof claims.acr === 'string' && ways.includes(claims.acr));
    return fresh && right ? undefined : refusal('authentication_stale', { authentication: { maxAge: within, acrValues: ways } });
  };
}

// What lies ahead is no time at which anybody signed in, and would stay fresh for ever.
function isFresh(time: unknown, now: number, within: number): boolean {
  return isTime(time) && now - time <= within && time - now <= mostAheadSeconds;
}

function names(what: string, list: readonly string[]): readonly string[] {
  const sound = Array.isArray(list) && list.length > 0 && list.every((name) => typeof name === 'string' && name !== '');
  if (!sound) throw mistake(`${what} must name at least one, and no empty ones`);
  return Object.freeze([...list]);
}

// Scopes, roles and acr values go into challenges, where a space divides them: RFC 6749 section 3.3.
function words(what: string, list: readonly string[]): readonly string[] {
  const required = names(what, list);
  const divided = required.find((name) => !/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(name));
  if (divided !== undefined) throw mistake(`${what} are single names without spaces and quotes; got "${divided}"`);
  return required;
}

function refusal(code: ErrorCode, details: ErrorDetails): SafeconductError {
  return new SafeconductError(code, details);
}

function mistake(what: string): TypeError {
  return new TypeError(`require: ${what}. Leave require out to require nothing but a valid token`);
}
