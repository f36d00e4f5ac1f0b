import { freezePreset, type ProviderPreset } from './preset.ts';
import { type SharedSubject, sharing } from './shared-subject.ts';

/** Where the issuer is. */
export interface SafeconductOptions extends SharedSubject {
  /** As its configuration says it. */
  readonly issuer: string;
}

/** The provider in the box, `@safeconduct/issuer`, in its standard dialect. */
export function safeconduct({ issuer, sharedSubject = false }: SafeconductOptions): ProviderPreset {
  const base = issuer.replace(/\/$/, '');
  const preset: ProviderPreset = {
    name: 'safeconduct',
    issuer,
    algorithms: ['ES256', 'RS256'],
    leewaySeconds: 30,
    accessTokenHash: 'required',
    accessTokens: 'by-form',
    opaquePrefix: 'sc_',
    accessTokenTypes: ['at+jwt'],
    signInFacts: 'access-token',
    vault: {
      grantType: 'urn:ietf:params:oauth:grant-type:token-exchange',
      tokenType: 'urn:safeconduct:params:oauth:token-type:connection-access-token',
      scopesCheckedBy: 'provider',
      takesRefusedToken: true,
      accounts: { url: `${base}/me/v1/connected-accounts`, audience: `${base}/me/` },
      connectUrl: `${base}/connect/`,
      proxy: { url: `${base}/proxy/`, tokenType: 'urn:ietf:params:oauth:token-type:access_token' },
    },
    spelling: {
      subject: ['sub'],
      roles: ['roles'],
      scopes: ['scope'],
      client: ['client_id'],
      organization: ['org_id'],
      session: ['sid'],
      service: [[{ claim: 'sub', sameAs: 'client_id' }]],
    },
  };
  // In this dialect `sub` and `org_id` are the shared names themselves.
  return freezePreset(sharing(preset, { sharedSubject, people: preset.spelling }));
}
