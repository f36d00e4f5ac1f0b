/** What `safeconduct dev` prints when it speaks dialects: what is where, who may sign in, and how clients are pointed here. */
import type { ApplicationDeclaration, IssuerConfiguration, OrganizationDeclaration, SecretValue } from '../configuration/define.ts';
import type { Mount, OriginSetting } from '../configuration/origins.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { Place, Tenant } from '../dialects/facts.ts';
import { dialectNames, dialectOf } from '../dialects/table.ts';
import { Secret } from '../secrets/secret.ts';
import { uuidOf } from '../store/ids.ts';

export interface DevTable {
  readonly issuer: string;
  readonly origins: readonly OriginSetting[];
  readonly configuration: IssuerConfiguration;
  /** How clients are told to trust the certificates of this machine. Empty where there are none. */
  readonly trust: readonly string[];
}

/** The lines, without colour. Secrets are shown where they are demo values, which everybody may know. */
export function devLines({ issuer, origins, configuration, trust }: DevTable): string[] {
  const spoken = [...new Set(origins.flatMap((origin) => [origin, ...origin.mounts].map(({ dialect }) => dialect)))];
  return [
    ...origins.flatMap((origin) => [origin, ...origin.mounts].flatMap((mount) => originLines(origin.url, mount, configuration))),
    `${issuer}  is the issuer itself (${dialectNames[0]}): account page, admin API`,
    ...applicationLines(configuration, spoken),
    ...peopleLines(configuration),
    ...connectionLines(configuration, [issuer, ...origins.map(({ url }) => url)]),
    ...(trust.length === 0 ? [] : ['', ...trust]),
    '',
  ];
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

function applicationLines({ projects = [] }: IssuerConfiguration, spoken: readonly string[]): string[] {
  const [first = ''] = dialectNames;
  const isServed = ({ dialects = [first] }: { readonly dialects?: readonly string[] }) => spoken.some((name) => dialects.includes(name));
  const applications = projects.flatMap(({ applications: all = [] }) => all);
  const apis = projects.flatMap(({ apis: all = [] }) => all).filter(isServed);
  const served = applications.filter(isServed);
  const missing = applications.length > 0 && served.length === 0 && spoken.length > 0;
  return [
    ...(missing
      ? ['', `No application is served there yet: give one \`dialects: [${spoken.map((name) => `'${name}'`).join(', ')}]\`.`]
      : []),
    ...(served.length === 0 ? [] : ['', 'Applications (client_id)', ...applicationRows(served)]),
    ...(apis.length === 0 ? [] : ['', 'APIs', ...columns(apis.map(({ id, resource, secret }) => [id, resource, shownSecret(secret)]))]),
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

function peopleLines({ users = [] }: IssuerConfiguration): string[] {
  const known = users.flatMap(({ email, password, roles = {}, guestOf = {} }) => {
    if (email === undefined || !(password instanceof Secret && password.isDemo)) return [];
    const guest = Object.entries(guestOf).map(([host, given]) => `guest of ${host}: ${keysOf(given)}`);
    return [[email, `password: ${password.reveal()}`, [keysOf(roles), ...guest].filter(Boolean).join('; ')]];
  });
  return known.length === 0
    ? []
    : ['', 'People', ...columns(known), '', 'Secrets and passwords shown here are demo values: everybody knows them.'];
}

function connectionLines({ connections = [] }: IssuerConfiguration, urls: readonly string[]): string[] {
  if (connections.length === 0) return [];
  const rows = connections.flatMap(({ id }) => urls.map((url) => [id, `${url}/connections/${id}/callback`]));
  return ['', 'Redirect URIs to register at third parties, one for each address where people sign in or connect', ...columns(rows)];
}

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
