import type { Actor } from './identity.ts';

/** Where a claim stands: its whole name, or the names on the way to it (`['realm_access', 'roles']`). */
export type ClaimPath = string | readonly string[];

/** How a provider spells the facts that an identity is made of. The first path that leads to a value wins. */
export interface ClaimSpelling {
  /** A list of names, one name, or an object whose keys are the names. */
  readonly roles: readonly ClaimPath[];
  /** A list of scopes or one space-separated string. */
  readonly scopes: readonly ClaimPath[];
  readonly client: readonly ClaimPath[];
  readonly organization: readonly ClaimPath[];
  readonly session: readonly ClaimPath[];
  /** What tells a service from a person: `subject-is-client` as in RFC 9068 section 2.2, or a claim that has a value only there. */
  readonly service: 'subject-is-client' | { readonly claim: ClaimPath; readonly value: string };
}

/** Claims whose signature was verified. */
export type Claims = Readonly<Record<string, unknown>>;

/** What a provider's claims say, in our words. */
export interface Facts {
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
  const organization = firstText(claims, spelling.organization);
  const client = firstText(claims, spelling.client);
  const session = firstText(claims, spelling.session);
  const actor = readActor(claims.act);
  return {
    kind: readKind(claims, client, spelling.service),
    roles: firstNames(claims, spelling.roles),
    scopes: firstNames(claims, spelling.scopes),
    ...(organization !== undefined && { organization }),
    ...(client !== undefined && { client }),
    ...(session !== undefined && { session }),
    ...(actor !== undefined && { actor }),
  };
}

function readKind(claims: Claims, client: string | undefined, rule: ClaimSpelling['service']): Facts['kind'] {
  if (rule === 'subject-is-client') return client !== undefined && claims.sub === client ? 'service' : 'person';
  return at(claims, rule.claim) === rule.value ? 'service' : 'person';
}

function at(claims: Claims, path: ClaimPath): unknown {
  if (typeof path === 'string') return Object.hasOwn(claims, path) ? claims[path] : undefined;
  return path.reduce<unknown>((value, name) => (isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined), claims);
}

function firstText(claims: Claims, paths: readonly ClaimPath[]): string | undefined {
  for (const path of paths) {
    const value = at(claims, path);
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}

function firstNames(claims: Claims, paths: readonly ClaimPath[]): string[] {
  for (const path of paths) {
    const value = at(claims, path);
    if (typeof value === 'string') return value.split(' ').filter((name) => name !== '');
    if (Array.isArray(value)) return value.filter((name) => typeof name === 'string' && name !== '');
    if (isObject(value)) return Object.keys(value);
  }
  return [];
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

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
