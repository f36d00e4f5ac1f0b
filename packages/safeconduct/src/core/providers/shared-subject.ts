import type { ClaimSpelling, Facts } from '../identity/claims.ts';
import type { ProviderPreset } from './preset.ts';

/** For a provider that is one of several origins of one Safeconduct. */
export interface SharedSubject {
  /**
   * This origin belongs to a Safeconduct: the subject is the claim `urn:safeconduct:subject` and the organization
   * `urn:safeconduct:organization`, which are the same at all its origins. Whoever signs for one such origin can name any person
   * of the others, so give it for origins of one Safeconduct alone. Default: false.
   */
  readonly sharedSubject?: boolean;
}

type People = Pick<ClaimSpelling, 'subject' | 'organization'>;

const sharedNames: People = { subject: ['urn:safeconduct:subject'], organization: ['urn:safeconduct:organization'] };

/** What was said about sharing, and the claims that then name people. */
interface Sharing extends Required<SharedSubject> {
  readonly people?: People;
}

/** Reads people by their shared names if that was asked for. Throws a `TypeError` for what is neither true nor false. */
export function sharing(preset: ProviderPreset, { sharedSubject, people = sharedNames }: Sharing): ProviderPreset {
  if (typeof sharedSubject !== 'boolean') throw new TypeError('sharedSubject must be true or false');
  const { subject, organization } = people;
  return sharedSubject ? { ...preset, sharedSubject, spelling: { ...preset.spelling, subject, organization } } : preset;
}

/** Which claim is missing to tell who somebody is, for operators; undefined when none is. */
export function unnamedBy({ spelling, sharedSubject }: ProviderPreset, { subject, organization }: Partial<Facts>): string | undefined {
  const advice = sharedSubject ? 'sharedSubject is for origins of Safeconduct alone' : 'at a sign-in, ask for the scope profile';
  if (subject === undefined) return `${spelling.subject.flat().join(' or ')} is missing: ${advice}`;
  // Every person of a Safeconduct has one, and rows may be kept by it.
  if (sharedSubject && organization === undefined) return `${spelling.organization.flat().join(' or ')} is missing: ${advice}`;
  return undefined;
}

/** Throws a `TypeError` where people who go by a shared name would stand beside people whom somebody else names. */
export function assertSharedByAll(providers: readonly ProviderPreset[]): void {
  const shared = providers.find(({ sharedSubject }) => sharedSubject);
  const own = providers.find(({ sharedSubject }) => !sharedSubject);
  if (shared === undefined || own === undefined) return;
  throw new TypeError(
    `people of ${shared.issuer} have a name that is shared with other origins (sharedSubject) and people of ${own.issuer} have not,` +
      ' so that the one could name a person of the other: give sharedSubject to both if both are origins of one Safeconduct, else make two guards',
  );
}
