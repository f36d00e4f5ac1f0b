/** The checks of the configuration file, for what the admin API is sent: there is one set of rules for applications and APIs. */
import { apiToApplication, toApplication } from '../../configuration/applications.ts';
import type { ApiDeclaration, ApplicationDeclaration } from '../../configuration/define.ts';
import { dialectsSchema } from '../../configuration/dialects.ts';
import { describe } from '../../configuration/findings.ts';
import { ConfigurationError, checkConfiguration } from '../../configuration/schema.ts';
import type { Application } from '../../orgs/applications.ts';
import { invalid } from '../problem.ts';
import type { KnownApi } from './resources.ts';

/** The application as it is stored. Throws `invalid` with every finding. `apis` are those of its resources. */
export function declaredApplication(declaration: ApplicationDeclaration, project: string, apis: readonly KnownApi[]): Application {
  const known = apis.map(({ id, name, resource, scopes }) => ({ id, name, resource, scopes }));
  check({ apis: known, applications: [declaration] }, 'applications');
  return toApplication(declaration, project, known);
}

/** The API as it is stored. Throws `invalid` with every finding. `apis` are those of its resources. */
export function declaredApi(declaration: ApiDeclaration, project: string, apis: readonly KnownApi[]): Application {
  const known = apis.filter(({ id }) => id !== declaration.id).map(({ id, name, resource, scopes }) => ({ id, name, resource, scopes }));
  check({ apis: [declaration, ...known] }, 'apis');
  return apiToApplication(declaration, project, known);
}

function check(
  declared: { readonly apis: readonly ApiDeclaration[]; readonly applications?: readonly ApplicationDeclaration[] },
  what: string,
): void {
  try {
    checkConfiguration({ projects: [{ id: 'project', organization: 'organization', name: 'Project', ...declared }] });
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw invalid(error.findings.map((finding) => finding.replace(`projects[0].${what}[0].`, '').replace(/jwks\.keys/, 'publicKeys')));
  }
}

/** Throws `invalid` when one of these is no dialect. Undefined: nobody named any. */
export function refuseUnknownDialects(names: readonly string[] | undefined): void {
  const problems = dialectsSchema.optional().safeParse(names).error?.issues ?? [];
  if (problems.length > 0) throw invalid(problems.map((issue) => describe({ ...issue, path: ['dialects', ...issue.path] })));
}

/** A declaration without the members that nobody gave, as the schema wants it. */
export function given<T extends Readonly<Record<string, unknown>>>(members: T): { [K in keyof T]: Exclude<T[K], null | undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined && value !== null)) as {
    [K in keyof T]: Exclude<T[K], null | undefined>;
  };
}
