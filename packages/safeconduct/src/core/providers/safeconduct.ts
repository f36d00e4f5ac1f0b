import { freezePreset, type ProviderPreset } from './preset.ts';

/** The provider in the box, `@safeconduct/issuer`, in its standard dialect. */
export function safeconduct({ issuer }: { readonly issuer: string }): ProviderPreset {
  return freezePreset({
    name: 'safeconduct',
    issuer,
    algorithms: ['ES256', 'RS256'],
    leewaySeconds: 30,
    accessTokenHash: 'required',
    accessTokens: 'by-form',
    opaquePrefix: 'sc_',
    accessTokenTypes: ['at+jwt'],
    signInFacts: 'access-token',
    spelling: {
      subject: ['sub'],
      roles: ['roles'],
      scopes: ['scope'],
      client: ['client_id'],
      organization: ['org_id'],
      session: ['sid'],
      service: [[{ claim: 'sub', sameAs: 'client_id' }]],
    },
  });
}
