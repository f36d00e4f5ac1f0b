import type { ClaimSpelling } from '../identity/claims.ts';

/** How one kind of provider speaks: data, over the one runtime that reads it. */
export interface ProviderPreset {
  /** Shown in messages. */
  readonly name: string;
  /** Exactly as the provider writes it in discovery and in `iss`, to the slash. */
  readonly issuer: string;
  /** The only signature algorithms that are accepted, all asymmetric. */
  readonly algorithms: readonly string[];
  /** Clock differences that are forgiven, 0 to 60 seconds. */
  readonly leewaySeconds: number;
  /** `required` where the provider promises `at_hash` in the ID token of the token endpoint. It is always compared when it is there. */
  readonly accessTokenHash: 'required' | 'if-present';
  /** Values of `typ` that mark a JWT access token, lower case; `jwt` also stands for a token without `typ`. */
  readonly accessTokenTypes: readonly string[];
  readonly spelling: ClaimSpelling;
  /** Where a sign-in finds roles and organization: in the ID token, at userinfo, or in a JWT access token of this provider. */
  readonly signInFacts: 'id-token' | 'userinfo' | 'access-token';
}

/** Freezes a preset, lists included. */
export function freezePreset(preset: ProviderPreset): ProviderPreset {
  const spelling = Object.freeze({ ...preset.spelling });
  for (const value of [...Object.values(preset), ...Object.values(spelling)]) Object.freeze(value);
  return Object.freeze({ ...preset, spelling });
}
