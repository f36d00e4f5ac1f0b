import { readFacts } from '../../../core/identity/claims.ts';
import { type Identity, mintIdentity } from '../../../core/identity/identity.ts';
import { revealTokens, type StoredTokens, wrapTokens } from '../../../core/protocol/tokens.ts';
import { acceptsIssuer } from '../../../core/providers/issuers.ts';
import { proofFrom, type SignedIn } from '../signed-in.ts';
import type { StoredSession } from './session-store.ts';
import type { WebWiring } from './wiring.ts';

interface Content {
  readonly tokens: StoredTokens;
  readonly identity: Omit<Identity, 'expiresAt'>;
}

/** Seals a sign-in for the session `id`. */
export function sealSignedIn({ seal }: WebWiring, id: string, { identity, tokens }: SignedIn): string {
  const { expiresAt: _, ...facts } = identity;
  const content: Content = { tokens: revealTokens(tokens), identity: facts };
  return seal.seal(JSON.stringify(content), purposeOf(id));
}

/**
 * Opens what was sealed for this session, and mints the identity again: only a verified sign-in was ever sealed.
 * Undefined when the secret has changed since, the row was tampered with, or it is a sign-in with another provider or
 * application, whose tokens go to nobody else, or one of a time when the preset called people something else.
 */
export function unsealSignedIn({ seal, login }: WebWiring, session: StoredSession): SignedIn | undefined {
  const text = seal.unseal(session.content, purposeOf(session.id));
  if (text === undefined) return undefined;
  const { tokens: stored, identity } = JSON.parse(text) as Content;
  if (!acceptsIssuer(login.provider, identity.issuer) || identity.client !== login.clientId) return undefined;
  if (readFacts(identity.claims, login.provider.spelling).subject !== identity.subject) return undefined;
  const tokens = wrapTokens(stored);
  // With a refresh token the provider is asked again when the access token ends; without one the session itself is the proof.
  const expiresAt = tokens.refreshToken ? tokens.expiresAt : new Date(session.endsAt);
  return { identity: mintIdentity({ ...identity, expiresAt }, proofFrom(tokens)), tokens, returnTo: '/' };
}

function purposeOf(id: string): string {
  return `session|${id}`;
}
