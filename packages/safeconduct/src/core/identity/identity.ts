import { type IdentityProof, rememberProof } from './proof.ts';

/** Who acts for somebody else, as RFC 8693 section 4.1 nests it: the outermost actor is the current one. */
export interface Actor {
  readonly subject: string;
  readonly issuer?: string;
  readonly actor?: Actor;
}

/**
 * Who is acting. Only a finished sign-in (`safeconduct/login`) or a verified access token (`safeconduct/protect`)
 * can make one; every call that acts for a user takes it as its first argument.
 */
export interface Identity {
  /** `iss`, exactly as verified. */
  readonly issuer: string;
  /** `sub`: opaque text, never parsed. Unique within `issuer` only. */
  readonly subject: string;
  /** A person, or a service that acts for itself (client credentials, service users). */
  readonly kind: 'person' | 'service';
  /** The organization the person acts in, where the provider names one. */
  readonly organization?: string;
  /** Flat role names, whatever shape the provider sends them in. */
  readonly roles: readonly string[];
  /** The scopes of the token, split. */
  readonly scopes: readonly string[];
  /** The application that was given the token (`client_id`, `azp` or `appid`). */
  readonly client: string;
  /** Who acts for the subject, if somebody does (RFC 8693 `act`). */
  readonly actor?: Actor;
  /** `sid`, the session at the provider. */
  readonly session?: string;
  /** When the proof behind this identity ends. */
  readonly expiresAt: Date;
  /** Every verified claim, as the provider spelled it. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** `sub` as the provider wrote it, where the subject is another claim: what userinfo and logout tokens call the person. */
export function subjectAtProvider({ claims, subject }: Identity): string {
  return typeof claims.sub === 'string' ? claims.sub : subject;
}

const minted = new WeakSet<object>();

/** Makes an identity out of verified facts, and remembers the tokens that proved them. Internal: no face exports it. */
export function mintIdentity(facts: Identity, proof?: IdentityProof): Identity {
  const identity = Object.freeze({
    ...facts,
    roles: Object.freeze([...facts.roles]),
    scopes: Object.freeze([...facts.scopes]),
    claims: frozen({ ...facts.claims }),
  });
  minted.add(identity);
  if (proof !== undefined) rememberProof(identity, proof);
  return identity;
}

// An identity may be handed to many requests (a verified token is remembered), so nobody can change what another reads.
// A list instead of recursion: claims may be as deep as a provider's answer is long.
function frozen<Value extends object>(value: Value): Value {
  const open: object[] = [value];
  for (const one of open) {
    Object.freeze(one);
    for (const inner of Object.values(one)) if (typeof inner === 'object' && inner !== null && !Object.isFrozen(inner)) open.push(inner);
  }
  return value;
}

/**
 * Throws a `TypeError` unless `identity` was minted by this copy of the library.
 * A look-alike object, a spread copy and an identity of a second installed copy are all refused.
 */
export function assertMinted(identity: unknown): asserts identity is Identity {
  if (typeof identity === 'object' && identity !== null && minted.has(identity)) return;
  throw new TypeError(
    'not a verified identity: pass the very object that login or protect returned (a copy of it will not do). ' +
      'If it is that object, two copies of safeconduct are installed: run `npm ls safeconduct`.',
  );
}
