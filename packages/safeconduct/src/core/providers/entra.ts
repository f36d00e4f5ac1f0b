import { type EntraOptions, placesOf } from './entra-options.ts';
import { noIdToken } from './id-token-signs.ts';
import { freezePreset, type ProviderPreset } from './preset.ts';
import { sharing } from './shared-subject.ts';

/**
 * Microsoft Entra ID, with tokens of version 1 and 2. Throws a `TypeError` unless it is said whose tokens are let in.
 *
 * The subject is `oid`, which is one person's in every application of a tenant, and the organization is `tid`:
 * key data by both. Guests are refused unless `allowGuests` is given.
 */
export function entra(options: EntraOptions): ProviderPreset {
  const { sharedSubject = false } = options;
  const { hasOwnAddress, ...places } = placesOf(options);
  const preset: ProviderPreset = {
    name: 'entra',
    ...places,
    // The published keys name no algorithm.
    algorithms: ['RS256'],
    leewaySeconds: 60,
    accessTokenHash: 'if-present',
    accessTokens: 'jwt',
    opaqueAdvice: 'access tokens of Entra ID are JWTs, but those for Microsoft Graph are for nobody else to read',
    accessTokenTypes: ['jwt'],
    accessTokenSigns: noIdToken,
    signInFacts: 'id-token',
    resourceParameter: 'scopes',
    ...((options.allowGuests ?? hasOwnAddress) ? {} : { guests: 'refused' as const }),
    spelling: {
      // In a B2C directory `sub` is the same id, and some policies send nothing else.
      subject: hasOwnAddress ? ['oid', 'sub'] : ['oid'],
      roles: ['roles'],
      scopes: ['scp'],
      client: ['azp', 'appid'],
      organization: ['tid'],
      session: ['sid'],
      service: [
        [
          { claim: 'idtyp', matches: /^app$/ },
          { claim: 'scp', absent: true },
        ],
        [
          { claim: 'sub', sameAs: 'oid' },
          { claim: 'scp', absent: true },
        ],
      ],
    },
  };
  return freezePreset(sharing(preset, { sharedSubject }));
}
