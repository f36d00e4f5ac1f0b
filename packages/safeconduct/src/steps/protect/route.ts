import { SafeconductError } from '../../core/identity/errors.ts';
import { parseJws } from '../../core/protocol/jws.ts';
import { acceptsIssuer } from '../../core/providers/issuers.ts';
import type { Trusted } from './trust.ts';
import type { TokenVerifier } from './verifier.ts';

/**
 * Chooses the one issuer that a token is held against, and how: by what the token looks like and by the configuration.
 * What a token says about itself can only choose among the trusted issuers; then everything is verified against the chosen one.
 */
export function routeOf(trusted: readonly Trusted[]): (token: string) => TokenVerifier {
  const askable = trusted.filter(({ opaque }) => opaque !== undefined);
  const marked = askable.filter(({ provider }) => provider.opaquePrefix !== undefined);
  const unmarked = askable.find(({ provider }) => provider.opaquePrefix === undefined);
  const [only] = trusted.length === 1 ? trusted : [];
  return (token) => {
    const named = marked.find(({ provider }) => token.startsWith(provider.opaquePrefix ?? ' '));
    if (named?.opaque !== undefined) return named.opaque;
    if (isJwtForm(token)) return jwtVerifierOf(token, trusted, only);
    // A guard of one issuer that cannot be asked lets it say what it makes of such a token.
    const verifier = unmarked?.opaque ?? (only?.opaque === undefined ? only?.jwt : undefined);
    if (verifier === undefined) throw malformed('no trusted issuer takes opaque tokens of this form');
    return verifier;
  };
}

function isJwtForm(token: string): boolean {
  const first = token.indexOf('.');
  const second = token.indexOf('.', first + 1);
  return first !== -1 && second !== -1 && token.indexOf('.', second + 1) === -1;
}

function jwtVerifierOf(token: string, trusted: readonly Trusted[], only: Trusted | undefined): TokenVerifier {
  // By its keys one issuer finds out by itself. Nobody is asked about a token that names somebody else.
  if (only?.recall !== undefined) return only.jwt;
  const iss = parseJws(token)?.payload.iss;
  const named = iss === undefined ? only : trusted.find(({ provider }) => acceptsIssuer(provider, iss));
  if (named !== undefined) return named.jwt;
  if (iss === undefined) throw malformed('it is no JWT, or one that names no issuer');
  throw new SafeconductError('token_invalid', { message: 'access token refused: iss is none of the trusted issuers', fault: 'claims' });
}

function malformed(reason: string): SafeconductError {
  return new SafeconductError('token_malformed', { message: `access token refused: ${reason}` });
}
