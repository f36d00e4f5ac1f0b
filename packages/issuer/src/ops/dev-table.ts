/** What `safeconduct dev` prints when it speaks dialects: what is where, who may sign in, and how clients are pointed here. */
import type {
  ApiDeclaration,
  ApplicationDeclaration,
  IssuerConfiguration,
  OrganizationDeclaration,
  SecretValue,
} from '../configuration/define.ts';
import type { Mount, OriginSetting } from '../configuration/origins.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { Place, Tenant } from '../dialects/facts.ts';
import { dialectNames, dialectOf } from '../dialects/table.ts';
import { Secret } from '../secrets/secret.ts';
import { uuidOf } from '../store/ids.ts';
import { usualIssuer } from './dev-origins.ts';

export interface DevTable {
  readonly issuer: string;
  readonly origins: readonly OriginSetting[];
  readonly configuration: IssuerConfiguration;
  /** How clients are told to trust the certificates of this machine. Empty where there are none. */
  readonly trust: readonly string[];
}

const [ownDialect = ''] = dialectNames;

/** The lines, without colour. Secrets are shown where they are demo values, which everybody may know. */
export function devLines({ issuer, origins, configuration, trust }: DevTable): string[] {
  const mounts = origins.flatMap((origin) => [origin, ...origin.mounts].map(({ dialect }) => dialect));
  const spoken = mounts.length === 0 ? [ownDialect] : [...new Set(mounts)];
  return [
    ...origins.flatMap((origin) => [origin, ...origin.mounts].flatMap((mount) => originLines(origin.url, mount, configuration))),
    ...issuerLines(issuer, mounts.length === 0),
    ...applicationLines(configuration, spoken),
    ...apiLines(configuration, spoken),
    ...peopleLines(configuration),
    ...connectionLines(configuration, [issuer, ...origins.map(({ url }) => url)]),
    ...(trust.length === 0 ? [] : ['', ...trust]),
    '',
  ];
}

/** The last line: whoever looks there alone points clients at what it names first. */
export function readyLine({ issuer, origins }: Pick<DevTable, 'issuer' | 'origins'>): string {
  if (origins.length === 0) return `${issuer} is ready.`;
  const named = origins.map((origin) => `${origin.url} (${[origin, ...origin.mounts].map(({ dialect }) => dialect).join(', ')})`);
  return `${named.join(', ')} ${origins.length === 1 ? 'is' : 'are'} ready; the issuer itself is ${issuer}.`;
}

function originLines(url: string, { dialect: name, tenants: only }: Mount, { organizations = [] }: IssuerConfiguration): string[] {
  const dialect = dialectOf(name);
  if (dialect === undefined) return [];
  const tenants = organizations.filter(({ id }) => only === undefined || only.includes(id)).map(tenantOf);
  const places: readonly (readonly [Tenant | undefined, Place, string])[] =
    dialect.tenancy === undefined
      ? [[undefined, dialect.place(url), '']]
      : [
          ...tenants.map((tenant) => [tenant, dialect.place(url, tenant), `  ${tenant.name} (${tenant.id})`] as const),
          ...dialect.tenancy.shared.map((shared) => [undefined, dialect.place(url, undefined, shared), `  ${shared}`] as const),
        ];
  return [
    `${url}  speaks ${name}`,
    ...places.flatMap(([tenant, place, title]) => [...(title === '' ? [] : [title]), ...aligned(factsOf(dialect, { url, place, tenant }))]),
    '',
  ];
}

/** What programs are told where nothing else is spoken, and how the commands find it where it is not by default. */
function issuerLines(issuer: string, alone: boolean): string[] {
  const dialect = dialectOf(ownDialect);
  const facts = dialect && alone ? factsOf(dialect, { url: issuer, place: dialect.place(issuer), tenant: undefined }) : [];
  const commands = issuer === usualIssuer ? [] : [['commands', `SAFECONDUCT_ISSUER=${issuer} npx safeconduct …`] as const];
  return [`${issuer}  is the issuer itself (${ownDialect}): account page, admin API`, ...aligned([...facts, ...commands])];
}

interface Where {
  readonly url: string;
  readonly place: Place;
  readonly tenant: Tenant | undefined;
}

function factsOf(dialect: Dialect, { url, place, tenant }: Where): [string, string][] {
  return [
    ['issuer', place.issuer],
    ['discovery', `${url}${place.routes.discovery[0] ?? ''}`],
    ...(tenant !== undefined && place.issuer.includes(tenant.uuid) ? [['tenant', tenant.uuid] as [string, string]] : []),
    ...Object.entries(dialect.local?.settings(place, url, tenant) ?? {}),
  ];
}

const tenantOf = ({ id, name, domain }: OrganizationDeclaration): Tenant => ({ id, uuid: uuidOf(id), name, domain });

interface Served {
  readonly dialects?: readonly string[];
}

const isServed = ({ dialects = [ownDialect] }: Served, spoken: readonly string[]): boolean =>
  spoken.some((name) => dialects.includes(name));

const servedIn = ({ projects = [] }: IssuerConfiguration, spoken: readonly string[]): ApplicationDeclaration[] =>
  projects.flatMap(({ applications = [] }) => applications).filter((one) => isServed(one, spoken));

function applicationLines(configuration: IssuerConfiguration, spoken: readonly string[]): string[] {
  const served = servedIn(configuration, spoken);
  const dialects = `\`dialects: [${spoken.map((name) => `'${name}'`).join(', ')}]\``;
  if (served.length === 0) return ['', `No application is served there yet: declare one with ${dialects}, or give these to one.`];
  return ['', 'Applications (client_id)', ...applicationRows(served)];
}

/** Those that may ask about tokens there, and those that tokens can be had for there. */
function apiLines(configuration: IssuerConfiguration, spoken: readonly string[]): string[] {
  const called = new Set(servedIn(configuration, spoken).flatMap(({ resources = [] }) => resources));
  const { projects = [] } = configuration;
  const apis = projects
    .flatMap(({ id: project, apis: all = [] }) => all.map((api) => ({ ...api, project })))
    .filter((api) => called.has(api.resource) || isServed(api, spoken));
  if (apis.length === 0) return [];
  const rows = columns(apis.map((api) => [api.id, api.resource, isServed(api, spoken) ? shownSecret(api.secret) : '']));
  return ['', 'APIs', ...apis.flatMap((api, at) => [rows[at] ?? '', ...askingLines(api, spoken)])];
}

function askingLines({ scopes, ...api }: ApiDeclaration & { readonly project: string }, spoken: readonly string[]): string[] {
  const keys = Object.keys(scopes);
  return [
    `    project ${api.project}${keys.length === 0 ? ', no scopes' : `, scopes ${keys.join(', ')}`}`,
    ...spoken.map((name) => {
      const asking = dialectOf(name)?.local?.asking({ ...api, scopes: keys }) ?? `resource=${api.resource}`;
      return `    clients of ${name} ask for it by ${asking}`;
    }),
  ];
}

function applicationRows(all: readonly ApplicationDeclaration[]): string[] {
  const rows = columns(all.map(({ id, kind, secret }) => [id, kind, shownSecret(secret)]));
  return all.flatMap(({ redirectUris = [] }, at) => {
    // The same with a slash behind it says no more.
    const uris = redirectUris.filter((uri) => !redirectUris.some((other) => uri === `${other}/`));
    return [rows[at] ?? '', ...(uris.length === 0 ? [] : [`    sends people back to ${uris.join(', ')}`])];
  });
}

function peopleLines({ users = [], connections = [] }: IssuerConfiguration): string[] {
  const known = users.flatMap(({ email, password, roles = {}, guestOf = {} }) => {
    if (email === undefined || !(password instanceof Secret && password.isDemo)) return [];
    const guest = Object.entries(guestOf).map(([host, given]) => `guest of ${host}: ${keysOf(given)}`);
    return [[email, `password: ${password.reveal()}`, [rolesOf(roles), ...guest].filter(Boolean).join('; ')]];
  });
  if (known.length > 0)
    return ['', 'People', ...columns(known), '', 'Secrets and passwords shown here are demo values: everybody knows them.'];
  const somebody = users.some(({ password, passwordHash }) => password ?? passwordHash) || connections.some(({ signIn }) => signIn);
  return somebody ? [] : ['', NOBODY];
}

// There may be people all the same: in the database, by command.
const NOBODY =
  'The configuration declares nobody who can sign in: give it `users` with a `password`, ' +
  'or run `npx safeconduct setup`, then `npx safeconduct people create`.';

function connectionLines({ connections = [] }: IssuerConfiguration, urls: readonly string[]): string[] {
  if (connections.length === 0) return [];
  const rows = connections.flatMap(({ id }) => urls.map((url) => [id, `${url}/connections/${id}/callback`]));
  return ['', 'Redirect URIs to register at third parties, one for each address where people sign in or connect', ...columns(rows)];
}

const rolesOf = (roles: Readonly<Record<string, readonly string[]>>): string => keysOf(roles) && `roles: ${keysOf(roles)}`;

const keysOf = (roles: Readonly<Record<string, readonly string[]>>): string => Object.values(roles).flat().join(', ');

function shownSecret(secret: SecretValue | readonly SecretValue[] | undefined): string {
  const shown = [secret].flat().find((one) => one instanceof Secret && one.isDemo);
  return shown instanceof Secret ? `secret: ${shown.reveal()}` : '';
}

const aligned = (facts: readonly (readonly [string, string])[]): string[] => columns(facts, '    ');

/** Each column as wide as what is longest in it. */
function columns(rows: readonly (readonly string[])[], margin = '  '): string[] {
  const widths = rows.reduce<number[]>((before, row) => row.map((text, at) => Math.max(before[at] ?? 0, text.length)), []);
  return rows.map((row) => `${margin}${row.map((text, at) => text.padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd());
}
