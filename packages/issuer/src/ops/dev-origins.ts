/** Where `safeconduct dev --dialect …` puts its origins, and the issuer itself beside them. */
import type { OriginDeclaration } from '../configuration/origins.ts';
import { dialectNames, dialectOf, mountable } from '../dialects/table.ts';

export interface WantedOrigins {
  /** Names of dialects, in the order that they were given. */
  readonly names: readonly string[];
  /** Port of the first one's origin. */
  readonly port: number | undefined;
  /** Origins of the configuration file: they stay as they are, and others are added. */
  readonly declared: readonly OriginDeclaration[];
  /** Where the issuer itself was told to be, if it was. */
  readonly issuer: string | undefined;
}

export interface ChosenOrigins {
  readonly origins: readonly OriginDeclaration[];
  /** Undefined: where it is by default, or was told to be. */
  readonly issuer: string | undefined;
}

/** Where the issuer is, and commands look for it, when nobody says otherwise. */
export const usualIssuer = 'http://localhost:8080';
// Where it is beside a dialect that has that port by itself, also when `--port` puts the dialect elsewhere: something else is there.
const MOVED = 'http://localhost:8090';

/** Throws an `Error` when a name is no dialect. */
export function chooseOrigins({ names, port, declared, issuer }: WantedOrigins): ChosenOrigins {
  const unknown = names.find((name) => dialectOf(name) === undefined);
  if (unknown !== undefined) throw new Error(`--dialect must be one of ${dialectNames.join(', ')}, not ${unknown}`);
  // The issuer's own address speaks the first one of the table.
  const wanted = [...new Set(names)].filter((name) => name !== dialectNames[0]);
  const origins = wanted.reduce<readonly OriginDeclaration[]>(
    (before, name, at) => (before.some((one) => speaks(one, name)) ? before : added(before, { name, port: at === 0 ? port : undefined })),
    declared,
  );
  if (wanted.length === 0 && port !== undefined) return { origins, issuer: at(usualIssuer, port) };
  if (issuer !== undefined) return { origins, issuer: undefined };
  const moves =
    isTaken(origins, usualIssuer) || wanted.some((name) => usualUrl(name) === usualIssuer && !declared.some((one) => speaks(one, name)));
  return { origins, issuer: moves ? freeFrom(origins, MOVED) : undefined };
}

const usualUrl = (name: string): string => dialectOf(name)?.local?.url ?? usualIssuer;

interface Added {
  readonly name: string;
  readonly port: number | undefined;
}

function added(origins: readonly OriginDeclaration[], { name, port }: Added): readonly OriginDeclaration[] {
  const url = at(usualUrl(name), port);
  const there = origins.find((one) => new URL(one.url).origin === url);
  if (there !== undefined && port === undefined) {
    const { dialect, ...rest } = there;
    // Two share an origin where all paths of one of them begin with a tenant.
    if (mountable(name)) return replaced(origins, there, { ...there, [name]: {} });
    if (mountable(dialect)) return replaced(origins, there, { ...rest, dialect: name, [dialect]: {} });
  }
  return [...origins, { url: freeFrom(origins, url), dialect: name }];
}

const replaced = <T>(list: readonly T[], before: T, after: T): T[] => list.map((one) => (one === before ? after : one));

const speaks = (origin: OriginDeclaration, name: string): boolean => origin.dialect === name || name in origin;

function at(url: string, port: number | undefined): string {
  const moved = new URL(url);
  if (port !== undefined) moved.port = String(port);
  return moved.origin;
}

const portOf = ({ url, port }: OriginDeclaration): number => {
  const { protocol, port: written } = new URL(url);
  return port ?? Number(written || (protocol === 'https:' ? 443 : 80));
};

const isTaken = (origins: readonly OriginDeclaration[], url: string): boolean =>
  origins.some((one) => portOf(one) === Number(new URL(url).port));

/** The same address with the first port from there on that no origin has. */
function freeFrom(origins: readonly OriginDeclaration[], url: string): string {
  return isTaken(origins, url) ? freeFrom(origins, at(url, Number(new URL(url).port) + 1)) : url;
}
