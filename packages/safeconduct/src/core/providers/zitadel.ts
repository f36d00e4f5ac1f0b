import { noIdToken } from './id-token-signs.ts';
import { freezePreset, type ProviderPreset } from './preset.ts';
import { type SharedSubject, sharing } from './shared-subject.ts';

/** Where an instance is, and whose roles count. */
export interface ZitadelOptions extends SharedSubject {
  /** `https://` and the instance's domain, without a slash at the end. */
  readonly issuer: string;
  /** Count only roles of this project. Needed when tokens are checked by keys. Default: the project of the application that asks about the token. */
  readonly projectId?: string;
  /** Count only roles that the person holds in this organization. */
  readonly organizationId?: string;
  /** How an API checks access tokens. Default: `introspection`, which takes opaque tokens, JWTs and personal access tokens alike. */
  readonly accessTokens?: ProviderPreset['accessTokens'];
}

const urn = 'urn:zitadel:iam';

/** Zitadel. Throws a `TypeError` for an issuer that Zitadel cannot have, and for JWTs without a `projectId`. */
export function zitadel({
  issuer,
  projectId,
  organizationId,
  accessTokens = 'introspection',
  sharedSubject = false,
}: ZitadelOptions): ProviderPreset {
  if (!URL.canParse(issuer) || new URL(issuer).origin !== issuer)
    throw new TypeError(`issuer "${issuer}" must be https:// and the domain alone: Zitadel writes no slash and no path`);
  // A JWT names the roles of whichever project the client belongs to: only the project's own claim says whose they are.
  if (accessTokens !== 'introspection' && projectId === undefined)
    throw new TypeError('projectId must name the project of this API: a JWT also carries roles of other projects');
  if (projectId === '' || organizationId === '') throw new TypeError('projectId and organizationId must not be empty: leave them out');
  const preset: ProviderPreset = {
    name: 'zitadel',
    issuer,
    algorithms: ['RS256', 'ES256', 'EdDSA'],
    leewaySeconds: 30,
    accessTokenHash: 'required',
    accessTokens,
    // Of a Safeconduct, whatever the dialect: another of its origins is never asked about the same token.
    ...(sharedSubject && { opaquePrefix: 'sc_' }),
    opaqueAdvice: 'let the guard ask Zitadel about it (introspection), or set the application to JWT access tokens',
    accessTokenTypes: accessTokens === 'introspection' ? [] : ['jwt', 'at+jwt'],
    accessTokenSigns: [...noIdToken, { claim: 'jti', matches: /./ }],
    signInFacts: 'userinfo',
    resourceParameter: 'scopes',
    spelling: {
      subject: ['sub'],
      roles: [`${urn}:org:project:${projectId === undefined ? '' : `${projectId}:`}roles`],
      ...(organizationId !== undefined && { rolesWithin: organizationId }),
      scopes: ['scope'],
      client: ['client_id', 'azp'],
      // Not the claim of a similar name that only repeats what a scope asked for.
      organization: [`${urn}:user:resourceowner:id`],
      session: ['sid'],
      service: [
        // A personal access token belongs to no application, and only service users have any.
        ['client_id', 'azp'].map((claim) => ({ claim, absent: true as const })),
        // The client id of a service user is its user name; those of applications are numbers.
        [
          { claim: 'client_id', sameAs: 'username' },
          { claim: 'client_id', matches: /^(?!\d{10,}(@|$))/ },
        ],
      ],
    },
  };
  return freezePreset(sharing(preset, { sharedSubject }));
}
