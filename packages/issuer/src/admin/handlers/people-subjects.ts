import { subjectProblems } from '../../configuration/dialects.ts';
import { type Called, refuseSharedSubjects } from '../../people/subjects.ts';
import type { Call } from '../call.ts';
import { isIssuerAdmin } from '../caller.ts';
import { CallRefused, invalid } from '../problem.ts';

/** Refuses a `sub` that this caller may not give, that no dialect knows, or that is somebody else's. */
export async function refuseSubjects({ run, caller }: Pick<Call, 'run' | 'caller'>, called: Called): Promise<void> {
  const given = Object.keys(called.subjects ?? {}).length > 0;
  // Programs know people by it, those of other organizations, too.
  if (given && !isIssuerAdmin(caller)) throw new CallRefused('forbidden', 'only an issuer-admin may say what dialects call a person');
  const problems = subjectProblems(called.subjects ?? {});
  if (problems.length > 0) throw invalid(problems);
  await refuseSharedSubjects(run, [called]);
}
