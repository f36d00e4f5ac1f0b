/** Checks what one declaration says of another: ids that exist, ids that do not collide. */
import { ME_API } from '../connections/me-api.ts';
import { ACCOUNT_PAGES } from '../people/account-application.ts';
import type { IssuerConfiguration } from './define.ts';

/** One sentence per finding, each with the path it is about. */
export function referenceProblems(configuration: IssuerConfiguration): string[] {
  return [
    ...builtIn(configuration),
    ...duplicates(configuration),
    ...unknownResources(configuration),
    ...unknownRoles(configuration),
    ...ownGuests(configuration),
  ];
}

const ownIds: readonly string[] = ['safeconduct', 'safeconduct-admin', 'safeconduct-cli', ACCOUNT_PAGES, ME_API];

// The organization, project and applications of the admin API are every issuer's own, and no file's to change.
function builtIn({ organizations = [], projects = [] }: IssuerConfiguration): string[] {
  const declared = [...organizations, ...projects, ...projects.flatMap(({ apis = [], applications = [] }) => [...apis, ...applications])];
  return declared.filter(({ id }) => ownIds.includes(id)).map(({ id }) => `the id ${id} is built in: choose another one`);
}

function duplicates({ organizations = [], projects = [], users = [], connections = [] }: IssuerConfiguration): string[] {
  const clients = projects.flatMap(({ apis = [], applications = [] }) => [...apis, ...applications].map(({ id }) => id));
  const domains = organizations.flatMap(({ domain }) => domain ?? []);
  const subjects = users.flatMap(({ subjects: own = {} }) => Object.entries(own).map(([dialect, subject]) => `${subject} of ${dialect}`));
  const emails = users.flatMap(({ email }) => (email === undefined ? [] : [email.toLowerCase()]));
  const resources = projects.flatMap(({ apis = [] }) => apis.map(({ resource }) => resource));
  return [
    ...repeated(organizations.map(({ id }) => id)).map((id) => `organizations: the id ${id} is used twice`),
    ...repeated(domains).map((domain) => `organizations: the domain ${domain} is used twice`),
    ...repeated(subjects).map((subject) => `users: the subject ${subject} is used twice`),
    ...repeated(projects.map(({ id }) => id)).map((id) => `projects: the id ${id} is used twice`),
    ...repeated(users.map(({ id }) => id)).map((id) => `users: the id ${id} is used twice`),
    ...repeated(connections.map(({ id }) => id)).map((id) => `connections: the id ${id} is used twice`),
    ...repeated(emails).map((email) => `users: the e-mail ${email} is used twice`),
    ...repeated(resources).map((resource) => `projects: the resource ${resource} belongs to two APIs`),
    ...repeated(clients).map((id) => `projects: the id ${id} belongs to two applications or APIs`),
    // RFC 9700 section 4.15: a token of a program must never read as a token of a person.
    ...users.filter(({ id }) => clients.includes(id)).map(({ id }) => `users: the id ${id} is also an application's: choose another one`),
  ];
}

function unknownResources({ projects = [] }: IssuerConfiguration): string[] {
  const known = new Set(projects.flatMap(({ apis = [] }) => apis.map(({ resource }) => resource)));
  const programs = projects.flatMap(({ apis = [], applications = [] }) => [
    ...applications.map((one) => ({ ...one, what: 'application' })),
    ...apis.map((one) => ({ ...one, what: 'API' })),
  ]);
  return programs.flatMap(({ what, id, resources = [], defaultResource }) => [
    ...resources.filter((resource) => !known.has(resource)).map((one) => `${what} ${id}: no API has the resource ${one}`),
    ...(defaultResource === undefined || resources.includes(defaultResource)
      ? []
      : [`${what} ${id}: defaultResource must be one of its resources`]),
  ]);
}

function unknownRoles({ projects = [], users = [] }: IssuerConfiguration): string[] {
  const roles = new Map(projects.map(({ id, roles: declared = {} }) => [id, Object.keys(declared)]));
  const services = projects.flatMap(({ applications = [] }) => applications.map((app) => ({ ...app, what: 'application' })));
  const guests = users.flatMap(({ id, guestOf = {} }) => Object.values(guestOf).map((wanted) => ({ id, roles: wanted, what: 'user' })));
  return [...users.map((user) => ({ ...user, what: 'user' })), ...guests, ...services].flatMap(({ what, id, roles: wanted = {} }) =>
    Object.entries(wanted).flatMap(([project, keys]) => {
      const declared = roles.get(project);
      if (declared === undefined) return [`${what} ${id}: there is no project ${project}`];
      return keys.filter((key) => !declared.includes(key)).map((key) => `${what} ${id}: project ${project} has no role ${key}`);
    }),
  );
}

function ownGuests({ users = [] }: IssuerConfiguration): string[] {
  return users
    .filter(({ organization, guestOf = {} }) => organization in guestOf)
    .map(({ id, organization }) => `user ${id}: nobody is a guest of the own organization: move ${organization} from guestOf to roles`);
}

function repeated(values: readonly string[]): string[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
}
