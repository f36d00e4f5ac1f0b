/** The tokens that an identity was minted from. */
export interface IdentityProof {
  readonly accessToken: string;
  /** When the access token ends. Milliseconds since 1970. Default: with the identity. */
  readonly accessTokenEndsAt?: number | undefined;
  /** Of a sign-in alone: an API never sees one. */
  readonly refreshToken?: string | undefined;
}

// Beside the identity and not on it: nothing that prints, copies or serializes an identity can come upon its tokens.
const proofs = new WeakMap<object, IdentityProof>();

/** Remembers what an identity was minted from. Internal: `mintIdentity` alone calls it. */
export function rememberProof(identity: object, proof: IdentityProof): void {
  proofs.set(identity, proof);
}

/** What an identity was minted from, for steps that act for it at its provider. Internal: no face exports it. */
export function proofOf(identity: object): IdentityProof | undefined {
  return proofs.get(identity);
}
