/** Origins: where else the issuer is reached, and how it speaks there. */
import { z } from 'zod';
import { dialectNames, dialectOf, mountable } from '../dialects/table.ts';
import { isLoopback } from '../orgs/redirect-uri.ts';
import { dialectSchema } from './dialects.ts';
import { describe } from './findings.ts';

/**
 * A scheme, host and port at which the issuer speaks a dialect, beside its own address. A member that is named as a dialect
 * whose paths begin with a tenant adds that dialect to this origin: `{ url, dialect, <name>: {} }`.
 */
export interface OriginDeclaration {
  /** Scheme, host and port, without a path. `https://`, or `http://` on this computer only. */
  readonly url: string;
  /** How it speaks. */
  readonly dialect: string;
  /** Organizations that have an issuer there, by id, for dialects that have one for each. Default: every organization. */
  readonly tenants?: readonly string[];
  /** Address to listen on. Default: the issuer's. */
  readonly host?: string;
  /** Port to listen on without TLS, behind a proxy that ends it. Default: that of `url`, on this computer. */
  readonly port?: number;
  readonly [mounted: string]: Mounting | string | number | readonly string[] | undefined;
}

/** A dialect that stands beside another one at an origin. */
export interface Mounting {
  /** Organizations that have an issuer there, by id. Default: every organization. */
  readonly tenants?: readonly string[];
}

/** An origin as the issuer serves it. */
export interface OriginSetting extends Mount {
  /** Scheme, host and port as a browser writes them. */
  readonly url: string;
  readonly mounts: readonly Mount[];
  readonly host: string;
  readonly port: number;
  /** Listens with a certificate of the local authority. Else plainly: on this computer, or behind a proxy that ends TLS. */
  readonly tls: boolean;
}

export interface Mount {
  readonly dialect: string;
  /** Ids of the organizations that have an issuer there. Undefined: all, or the dialect has no tenants. */
  readonly tenants: readonly string[] | undefined;
}

/** What origins are put beside. */
export interface Surroundings {
  readonly development: boolean;
  readonly issuer: string;
  readonly host: string;
  readonly port: number;
}

/** The URL of an origin. Throws an `Error` that says what to write instead. */
export function readOriginUrl(value: string): URL {
  if (!URL.canParse(value)) throw new Error('must be a URL such as https://login.example');
  const url = new URL(value);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    throw new Error('must begin with https:// (http:// is for localhost, 127.0.0.1 and [::1] only)');
  }
  if (value.replace(/\/$/, '') !== url.origin) throw new Error(`must be scheme, host and port alone: write ${url.origin}`);
  return url;
}

/** Reads a JSON list of origins, as an environment variable holds it. Throws an `Error` with an example. */
export function parseOrigins(text: string): unknown {
  const dialect = dialectNames.at(-1) ?? '';
  const example = JSON.stringify([{ url: 'https://auth.example', dialect, port: 8081 }]);
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`must be a JSON list such as ${example}`);
  }
}

const tenants = z
  .array(z.string('must be the id of an organization').min(1, 'must be the id of an organization').max(100), 'must be a list of ids')
  .min(1, 'must name an organization, or be left out for all')
  .optional();
const mounting = z.strictObject({ tenants }, 'must be an object such as {}');

const origin = z
  .looseObject(
    {
      url: z.string('must be a URL such as https://login.example'),
      dialect: dialectSchema,
      tenants,
      host: z.string('must be an address to listen on').min(1, 'must not be empty').optional(),
      port: z.int('must be a port').min(1, 'must be a port').max(65_535, 'must be a port').optional(),
    },
    'must be an origin such as { url, dialect }',
  )
  .superRefine((value, context) => {
    const add = (path: readonly string[], message: string) => context.addIssue({ code: 'custom', path: [...path], message });
    const problem = urlProblem(value.url);
    if (problem !== undefined) add(['url'], problem);
    if (value.tenants !== undefined && !mountable(value.dialect)) add(['tenants'], noTenants(value.dialect));
    for (const [name, one] of mountedIn(value)) {
      const found = mountProblem(name, value.dialect);
      if (found !== undefined) add([name], found);
      else for (const issue of mounting.safeParse(one).error?.issues ?? []) context.addIssue({ ...issue, path: [name, ...issue.path] });
    }
  });

/** A list of origins as it is declared. What stands beside it is checked by `placeOrigins`. */
export const originsSchema = z.array(origin, 'must be a list of origins').superRefine((all, context) => {
  for (const url of repeated(all.map(({ url }) => normal(url)))) context.addIssue({ code: 'custom', message: `name ${url} twice` });
});

/** The origins, each with where it listens; `findings` say what is wrong with them, by sentences that begin with `name`. */
export function placeOrigins(
  value: unknown,
  around: Surroundings,
  name = 'origins',
): { readonly origins: readonly OriginSetting[]; readonly findings: readonly string[] } {
  const parsed = z.object({ [name]: originsSchema }).safeParse({ [name]: value });
  if (!parsed.success) return { origins: [], findings: parsed.error.issues.map((issue) => describe(issue)) };
  const declared = (parsed.data[name] ?? []) as readonly OriginDeclaration[];
  const problems = declared.map((one) => placeProblem(one, around));
  const findings = problems.flatMap((problem, at) => (problem === undefined ? [] : [`${name}[${at}]${problem}`]));
  if (findings.length > 0) return { origins: [], findings };
  const origins = declared.map((one) => place(one, around));
  const ports = repeated([around.port, ...origins.map(({ port }) => port)]);
  return {
    origins,
    findings: ports.map((port) => `${name}: port ${port} is wanted twice: give each origin and the issuer one of its own`),
  };
}

function placeProblem({ url: text, port }: OriginDeclaration, { issuer, development }: Surroundings): string | undefined {
  const url = new URL(text);
  if (url.origin === issuer)
    return `.url is the issuer's own address: choose another port or host, or move the issuer (SAFECONDUCT_ISSUER)`;
  if (port !== undefined || url.protocol === 'http:' || (development && isLoopback(url.hostname))) return undefined;
  return `.port is missing: ${url.origin} is behind a proxy that ends TLS; say on which port the issuer listens for it`;
}

function place(declared: OriginDeclaration, { host }: Surroundings): OriginSetting {
  const { url: text, dialect, tenants: own, port, host: wanted } = declared;
  const url = new URL(text);
  const tls = url.protocol === 'https:' && port === undefined;
  const mounts = mountedIn(declared).map(([name, one]) => ({ dialect: name, tenants: frozen((one as Mounting).tenants) }));
  return Object.freeze({
    url: url.origin,
    dialect,
    tenants: frozen(own),
    mounts: Object.freeze(mounts.map((mount) => Object.freeze(mount))),
    host: wanted ?? (url.hostname === '[::1]' ? '::1' : host),
    port: port ?? Number(url.port || (tls ? 443 : 80)),
    tls,
  });
}

/** Every organization that an origin names. */
export function tenantsOf(declared: Omit<OriginDeclaration, 'url'>): readonly string[] {
  const mounted = mountedIn(declared).map(([, one]) => one as Mounting);
  return [declared as Mounting, ...mounted].flatMap(({ tenants: own = [] }) => own);
}

const frozen = (list: readonly string[] | undefined) => list && Object.freeze([...list]);

const members: readonly string[] = ['url', 'dialect', 'tenants', 'host', 'port'];
const mountedIn = (declared: Readonly<Record<string, unknown>>): [string, unknown][] =>
  Object.entries(declared).filter(([name, value]) => !members.includes(name) && value !== undefined);

function mountProblem(name: string, root: string): string | undefined {
  if (name === root) return 'is the dialect of this origin already: leave it out';
  if (mountable(name)) return undefined;
  if (dialectOf(name) !== undefined) return `cannot stand beside another dialect: give ${name} an origin of its own`;
  const others = dialectNames.filter(mountable).join(', ');
  return `is no member of an origin, and no dialect that can stand beside another one (${others || 'there is none'}): check the spelling`;
}

const noTenants = (dialect: string): string => `must be left out: ${dialect} has one issuer for all organizations`;

function urlProblem(text: string): string | undefined {
  try {
    readOriginUrl(text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : 'cannot be read';
  }
}

const normal = (url: string): string => (URL.canParse(url) ? new URL(url).origin : url);

function repeated<T>(values: readonly T[]): T[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
}
