/** Zitadel's reserved scopes: they ask for claims, audiences and people, and never for what an API allows. */

const urn = 'urn:zitadel:iam';

export const METADATA = `${urn}:user:metadata`;
export const RESOURCE_OWNER = `${urn}:user:resourceowner`;
const ALL_ROLES = `${urn}:org:projects:roles`;
const ROLE = `${urn}:org:project:role:`;
const ORGANIZATION = `${urn}:org:id:`;
const DOMAIN = `${urn}:org:domain:primary:`;
const ROLES_WITHIN = `${urn}:org:roles:id:`;
const CONNECTION = `${urn}:org:idp:id:`;
const AUDIENCE = /^urn:zitadel:iam:org:project:id:([^:]+):aud$/;

const withValue = [ROLE, ORGANIZATION, DOMAIN, ROLES_WITHIN, CONNECTION];

/** Whether this is one of Zitadel's own. What only begins like one is a scope that nobody knows. */
export function isReserved(scope: string): boolean {
  if (scope === METADATA || scope === RESOURCE_OWNER || scope === ALL_ROLES || AUDIENCE.test(scope)) return true;
  return withValue.some((prefix) => scope.length > prefix.length && scope.startsWith(prefix));
}

/** The scope by which a role is asked for. */
export const roleScope = (role: string): string => `${ROLE}${role}`;

/** The scope by which a token for a project's APIs is asked for. */
export const audienceScope = (project: string): string => `${urn}:org:project:id:${project}:aud`;

/** Projects that the token is to be for. */
export const audiencesIn = (scopes: readonly string[]): string[] => scopes.flatMap((scope) => AUDIENCE.exec(scope)?.[1] ?? []);
/** The only roles that are to be told, where some are named. */
export const rolesIn = (scopes: readonly string[]): string[] => valuesOf(ROLE, scopes);
/** The organizations whose roles are to be told; all where none is named. */
export const roleOrganizationsIn = (scopes: readonly string[]): string[] => valuesOf(ROLES_WITHIN, scopes);
/** The organization that whoever signs in must be of, by id. */
export const organizationsIn = (scopes: readonly string[]): string[] => valuesOf(ORGANIZATION, scopes);
/** The same by primary domain. */
export const domainsIn = (scopes: readonly string[]): string[] => valuesOf(DOMAIN, scopes).map((domain) => domain.toLowerCase());
export const demandsOrganization = (scope: string): boolean => [ORGANIZATION, DOMAIN].some((prefix) => scope.startsWith(prefix));
/** The way to sign in that is to be taken. */
export const connectionIn = (scopes: readonly string[]): string | undefined => valuesOf(CONNECTION, scopes)[0];

const valuesOf = (prefix: string, scopes: readonly string[]): string[] =>
  scopes.filter((scope) => scope.startsWith(prefix)).map((scope) => scope.slice(prefix.length));

/** What a request asked for beyond what the engine knows, as it is kept with the grant. */
export interface Asked {
  readonly scopes: readonly string[];
  /** Resource indicator by project, of the projects that were asked for and that the application could call then. */
  readonly projects: Readonly<Record<string, string>>;
}

const LONGEST = 2_000;

const nothing: Asked = { scopes: [], projects: {} };

/** Text of it. What is too much to keep is left out, later scopes first: it was asked for and is not given. */
export function writeAsked({ scopes, projects }: Asked): string {
  if (scopes.length === 0) return '';
  const text = JSON.stringify({ scopes, projects });
  if (text.length <= LONGEST) return text;
  const kept = scopes.slice(0, -1);
  const named = new Set(audiencesIn(kept));
  return writeAsked({ scopes: kept, projects: Object.fromEntries(Object.entries(projects).filter(([project]) => named.has(project))) });
}

/** Reads what `writeAsked` wrote. */
export function readAsked(text: string): Asked {
  return text === '' ? nothing : (JSON.parse(text) as Asked);
}
