import type { Actor } from './identity.ts';

/** Where a claim stands: its whole name, or the names on the way to it (`['realm_access', 'roles']`). */
export type ClaimPath = string | readonly string[];

/** Something that claims show: a text of some form (without the flags g and y), nothing at all, or the very text of another claim. */
export type Sign =
  | { readonly claim: ClaimPath; readonly matches: RegExp }
  | { readonly claim: ClaimPath; readonly absent: true }
  | { readonly claim: ClaimPath; readonly sameAs: ClaimPath };

/** How a provider spells the facts that an identity is made of. The first path that leads to a value wins. */
export interface ClaimSpelling {
  /** What stays the same for one person in every application: `sub`, or Entra's `oid`. */
  readonly subject: readonly ClaimPath[];
  /** A list of names, one name, or an object whose keys are the names and whose values are objects that are not empty. */
  readonly roles: readonly ClaimPath[];
  /** Where roles are such an object: only names whose value has this key (Zitadel: an organization's id). */
  readonly rolesWithin?: string;
  /** A list of scopes or one space-separated string. */
  readonly scopes: readonly ClaimPath[];
  readonly client: readonly ClaimPath[];
  /** Text, or a list or an object that names exactly one. */
  readonly organization: readonly ClaimPath[];
  readonly session: readonly ClaimPath[];
  /** What tells a service from a person: every sign of any of these lists. */
  readonly service: readonly (readonly Sign[])[];
}

/** Claims whose signature was verified, or that the provider itself answered. */
export type Claims = Readonly<Record<string, unknown>>;

/** What a provider's claims say, in our words. */
export interface Facts {
  readonly subject?: string;
  readonly kind: 'person' | 'service';
  readonly organization?: string;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  readonly client?: string;
  readonly actor?: Actor;
  readonly session?: string;
}

/** Reads verified claims the way `spelling` says. */
export function readFacts(claims: Claims, spelling: ClaimSpelling): Facts {
  const subject = firstText(claims, spelling.subject);
  const organization = readOrganization(claims, spelling.organization);
  const client = firstText(claims, spelling.client);
  const session = firstText(claims, spelling.session);
  const actor = readActor(claims.act);
  const facts: { -readonly [Name in keyof Facts]: Facts[Name] } = {
    kind: spelling.service.some((signs) => shows(claims, signs)) ? 'service' : 'person',
    roles: readRoles(firstValue(claims, spelling.roles), spelling.rolesWithin),
    scopes: readScopes(firstValue(claims, spelling.scopes)),
  };
  // Assigned one by one: this runs for every new token, and spreading what is there cost more than reading it.
  if (subject !== undefined) facts.subject = subject;
  if (organization !== undefined) facts.organization = organization;
  if (client !== undefined) facts.client = client;
  if (session !== undefined) facts.session = session;
  if (actor !== undefined) facts.actor = actor;
  return facts;
}

/** True when the claims show every one of `signs`. */
export function shows(claims: Claims, signs: readonly Sign[]): boolean {
  return signs.every((sign) => {
    const value = at(claims, sign.claim);
    if ('absent' in sign) return value === undefined;
    if ('sameAs' in sign) return typeof value === 'string' && value === at(claims, sign.sameAs);
    return typeof value === 'string' && sign.matches.test(value);
  });
}

function at(claims: Claims, path: ClaimPath): unknown {
  if (typeof path === 'string') return Object.hasOwn(claims, path) ? claims[path] : undefined;
  return path.reduce<unknown>((value, name) => (isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined), claims);
}

function firstValue(claims: Claims, paths: readonly ClaimPath[]): unknown {
  for (const path of paths) {
    const value = at(claims, path);
    if (value !== undefined && value !== null) return value;
  }
  return undefined;
}

function firstText(claims: Claims, paths: readonly ClaimPath[]): string | undefined {
  for (const path of paths) {
    const value = at(claims, path);
    if (isName(value)) return value;
  }
  return undefined;
}

// Of several organizations none is the one that the person acts in.
function readOrganization(claims: Claims, paths: readonly ClaimPath[]): string | undefined {
  const value = firstValue(claims, paths);
  const names = isObject(value) ? Object.keys(value) : [value].flat();
  return names.length === 1 && isName(names[0]) ? names[0] : undefined;
}

// A role may hold a space, so one text is one role.
function readRoles(value: unknown, within: string | undefined): string[] {
  if (!isObject(value)) return within === undefined ? [value].flat().filter(isName) : [];
  return Object.entries(value).flatMap(([role, places]) => {
    if (role === '' || !isObject(places)) return [];
    return (within === undefined ? Object.keys(places).length > 0 : Object.hasOwn(places, within)) ? [role] : [];
  });
}

function readScopes(value: unknown): string[] {
  return typeof value === 'string' ? value.split(' ').filter(isName) : Array.isArray(value) ? value.filter(isName) : [];
}

const deepestActor = 8;

function readActor(value: unknown, depth = 0): Actor | undefined {
  if (!isObject(value) || typeof value.sub !== 'string' || depth > deepestActor) return undefined;
  const actor = readActor(value.act, depth + 1);
  return Object.freeze({
    subject: value.sub,
    ...(typeof value.iss === 'string' && { issuer: value.iss }),
    ...(actor !== undefined && { actor }),
  });
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
