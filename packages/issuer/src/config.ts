/** Options and environment become one frozen value. Nothing else in the issuer reads `process.env`. */
import { readFileSync, statSync } from 'node:fs';
import { BlockList, isIP } from 'node:net';
import { resolve } from 'node:path';
import {
  type OriginDeclaration,
  type OriginSetting,
  parseOrigins,
  placeOrigins,
  readOriginUrl,
  type Surroundings,
} from './configuration/origins.ts';
import { developmentMasterKey, parseMasterKeys } from './secrets/master-key.ts';
import type { MasterKey } from './secrets/seal.ts';
import { Secret } from './secrets/secret.ts';

/** How the issuer runs. */
export interface Settings {
  /** `production` refuses what is only safe on a developer's machine. */
  readonly mode: Mode;
  /** `iss`: scheme, host and port, without a path. */
  readonly issuer: string;
  /** Address to listen on. With the issuer on `localhost`, [::1] is listened on as well. */
  readonly host: string;
  readonly port: number;
  /** Where else it is reached, and how it speaks there. */
  readonly origins: readonly OriginSetting[];
  /** Absent: PGlite in the data directory. It may hold a password. */
  readonly databaseUrl: Secret | undefined;
  /** The role that migrations give the running issuer's rights to, where it is not the one that migrates. */
  readonly databaseRole: string | undefined;
  /** Whether statements are prepared. False behind PgBouncer in transaction mode. */
  readonly databasePrepare: boolean;
  readonly databasePoolSize: number;
  readonly dataDirectory: string;
  /** Newest first. */
  readonly masterKeys: readonly MasterKey[];
  /** Wrap the data keys of the vault, the newest first. None: keys derived from the master keys do. */
  readonly vaultKeys: readonly MasterKey[];
  /** A key management service that wraps them instead, such as `aws-kms:alias/vault`. Other keys then only unwrap what they wrapped. */
  readonly vaultKms: string | undefined;
  /** Networks that are not public and where third parties may be all the same. */
  readonly outboundNetworks: readonly string[];
  /** Whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  readonly logLevel: LogLevel;
  /** What the operator should know: misspelt variables and the like. */
  readonly warnings: readonly string[];
}

export type Mode = 'development' | 'production';
export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug';

/** What a caller may fix instead of the environment. */
export interface SettingsOptions {
  readonly mode?: Mode;
  readonly issuer?: string;
  readonly host?: string;
  readonly port?: number;
  /** Where else the issuer is reached, and how it speaks there: as a vendor does, for that vendor's clients. */
  readonly origins?: readonly OriginDeclaration[];
  readonly databaseUrl?: string;
  readonly dataDirectory?: string;
  readonly masterKey?: string;
  readonly logLevel?: LogLevel;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Settings that the issuer refuses to run with. `message` has one line per finding. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly findings: readonly string[];
  constructor(findings: readonly string[]) {
    super(['the issuer does not start with these settings:', ...findings.map((finding) => `  - ${finding}`)].join('\n'));
    this.findings = findings;
  }
}

/** Reads and checks all settings; options win over the environment. Throws a `SettingsError` that lists every finding. */
export function readSettings(options: SettingsOptions = {}, environment: Environment = process.env): Settings {
  const findings: string[] = [];
  const reader = createReader(environment, findings);
  const mode = options.mode ?? 'development';
  const dataDirectory = resolve(options.dataDirectory ?? reader.text('SAFECONDUCT_DATA', './.safeconduct'));
  const issuer = reader.checked(
    'SAFECONDUCT_ISSUER',
    options.issuer ?? environment.SAFECONDUCT_ISSUER ?? 'http://localhost:8080',
    readOriginUrl,
  );
  const host = options.host ?? reader.text('SAFECONDUCT_HOST', '127.0.0.1');
  const port = options.port ?? reader.number('SAFECONDUCT_PORT', portOf(issuer), [1, 65_535]);
  const around = { development: mode === 'development', issuer: issuer?.origin ?? '', host, port };
  const origins = originsOf(options, reader, around);
  findings.push(...origins.findings);
  const databaseUrl = options.databaseUrl ?? reader.secret('DATABASE_URL');
  const settings: Settings = Object.freeze({
    mode,
    issuer: issuer?.origin ?? '',
    host,
    port,
    origins: origins.origins,
    databaseUrl: databaseUrl === undefined ? undefined : new Secret(databaseUrl),
    databaseRole: environment.SAFECONDUCT_DATABASE_ROLE || undefined,
    databasePrepare:
      reader.checked('SAFECONDUCT_DATABASE_PREPARE', reader.text('SAFECONDUCT_DATABASE_PREPARE', 'true'), readBoolean) ?? true,
    databasePoolSize: reader.number('SAFECONDUCT_DATABASE_POOL', 10, [1, 200]),
    dataDirectory,
    masterKeys: reader.checked('SAFECONDUCT_MASTER_KEY', masterKeyText(options, reader, mode, dataDirectory), parseMasterKeys) ?? [],
    vaultKeys: reader.checked('SAFECONDUCT_VAULT_KEY', reader.secret('SAFECONDUCT_VAULT_KEY'), parseMasterKeys) ?? [],
    vaultKms: reader.checked('SAFECONDUCT_VAULT_KMS', environment.SAFECONDUCT_VAULT_KMS || undefined, readKms),
    outboundNetworks: reader.networks('SAFECONDUCT_OUTBOUND_NETWORKS'),
    trustedProxies: reader.networks('SAFECONDUCT_TRUSTED_PROXIES'),
    logLevel:
      options.logLevel ?? reader.checked('SAFECONDUCT_LOG_LEVEL', reader.text('SAFECONDUCT_LOG_LEVEL', 'info'), readLogLevel) ?? 'info',
    warnings: mode === 'production' ? [] : misspelt(environment),
  });
  findings.push(...databaseFindings(settings));
  if (mode === 'production') findings.push(...productionFindings(settings, environment));
  if (findings.length > 0) throw new SettingsError(findings);
  return settings;
}

/** Reads single variables and notes what is wrong with them. */
function createReader(environment: Environment, findings: string[]) {
  const checked = <T>(name: string, value: string | undefined, read: (value: string) => T): T | undefined => {
    if (value === undefined) return undefined;
    try {
      return read(value);
    } catch (error) {
      findings.push(`${name}: ${error instanceof Error ? error.message : 'cannot be read'}`);
      return undefined;
    }
  };
  const text = (name: string, fallback: string) => environment[name] || fallback;
  return {
    /** Addresses and networks, separated by commas or spaces. */
    networks: (name: string): readonly string[] => checked(name, text(name, ''), readNetworks) ?? [],
    checked,
    text,
    number: (name: string, fallback: number, [from, to]: readonly [number, number]): number =>
      checked(name, text(name, String(fallback)), (value) => {
        if (/^\d+$/.test(value) && Number(value) >= from && Number(value) <= to) return Number(value);
        throw new Error(`must be a whole number from ${from} to ${to}`);
      }) ?? fallback,
    /** `NAME`, or the content of the file that `NAME_FILE` names. */
    secret: (name: string): string | undefined => {
      const file = environment[`${name}_FILE`];
      if (file && environment[name]) findings.push(`${name} and ${name}_FILE are both set: keep one`);
      return file ? checked(`${name}_FILE`, file, readSecretFile) : environment[name] || undefined;
    },
  };
}

function masterKeyText(options: SettingsOptions, reader: ReturnType<typeof createReader>, mode: Mode, dataDirectory: string) {
  const given = options.masterKey ?? reader.secret('SAFECONDUCT_MASTER_KEY');
  return given ?? (mode === 'development' ? developmentMasterKey(dataDirectory) : undefined);
}

function readSecretFile(path: string): string {
  const { mode } = statSync(path);
  // Windows has no such bits, and reports them all as set.
  if (process.platform !== 'win32' && (mode & 0o007) !== 0)
    throw new Error(`everybody on this machine can read ${path}: run chmod 600 on it`);
  return readFileSync(path, 'utf8').trim();
}

function originsOf(options: SettingsOptions, reader: ReturnType<typeof createReader>, around: Surroundings) {
  if (options.origins !== undefined) return placeOrigins(options.origins, around);
  const name = 'SAFECONDUCT_ORIGINS';
  return placeOrigins(reader.checked(name, reader.text(name, '[]'), parseOrigins) ?? [], around, name);
}

function portOf(issuer: URL | undefined): number {
  // Behind a proxy that ends TLS, the issuer's own port is not the public one.
  return issuer?.protocol === 'http:' ? Number(issuer.port || 80) : 8080;
}

function readBoolean(value: string): boolean {
  if (value !== 'true' && value !== 'false') throw new Error('must be true or false');
  return value === 'true';
}

const levels: readonly LogLevel[] = ['silent', 'error', 'warn', 'info', 'debug'];

function readLogLevel(value: string): LogLevel {
  const level = levels.find((one) => one === value);
  if (level === undefined) throw new Error(`must be one of ${levels.join(', ')}`);
  return level;
}

function readNetworks(value: string): string[] {
  const networks = value.split(/[\s,]+/).filter((one) => one !== '');
  for (const network of networks) addNetwork(new BlockList(), network);
  return networks;
}

function readKms(value: string): string {
  if (/^aws-kms:\S+$/.test(value)) return value;
  throw new Error('must be aws-kms: and the ARN or alias of a key, such as aws-kms:alias/safeconduct-vault');
}

/** Adds `10.0.0.0/8` or `10.0.0.7` to a list of networks. Throws when it is neither, or is the whole internet. */
export function addNetwork(list: BlockList, network: string): void {
  const [address = '', bits] = network.split('/');
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  const width = family === 'ipv6' ? 128 : 32;
  const prefix = bits === undefined ? width : Number(bits);
  if (isIP(address) === 0 || !Number.isInteger(prefix) || prefix > width)
    throw new Error(`${network} is no address or network such as 10.0.0.0/8`);
  if (prefix < 4) throw new Error(`${network} is too wide: name the networks that you mean`);
  list.addSubnet(address, prefix, family);
}

function databaseFindings({ databaseUrl }: Settings): string[] {
  const text = databaseUrl?.reveal();
  if (text === undefined || (/^postgres(ql)?:\/\//.test(text) && URL.canParse(text))) return [];
  return ['DATABASE_URL: must be a URL such as postgres://user:password@host:5432/database'];
}

/** what production refuses. Demo secrets in the configuration file are refused where it is applied. */
function productionFindings({ databaseUrl, masterKeys, host }: Settings, environment: Environment): string[] {
  const findings = misspelt(environment);
  if (databaseUrl === undefined) findings.push('DATABASE_URL is missing: the embedded database is for development only');
  if (masterKeys.length === 0)
    findings.push('SAFECONDUCT_MASTER_KEY (or …_FILE) is missing: make one with `openssl rand -base64 32` and keep it safe');
  if (/[?&]sslmode=no-verify\b/.test(databaseUrl?.reveal() ?? ''))
    findings.push('DATABASE_URL: sslmode=no-verify accepts any certificate: write sslmode=verify-full');
  if (environment.NODE_TLS_REJECT_UNAUTHORIZED === '0')
    findings.push('NODE_TLS_REJECT_UNAUTHORIZED=0 turns certificate checks off: remove it');
  if (environment.NODE_OPTIONS?.includes('--inspect')) findings.push('NODE_OPTIONS opens a debugger: remove --inspect');
  if (host === '') findings.push('SAFECONDUCT_HOST is empty: name the address to listen on');
  return findings;
}

/** Every variable of the issuer's own. `SAFECONDUCT_CONFIG` is read by the command. */
export const settingNames: readonly string[] = [
  'SAFECONDUCT_ISSUER',
  'SAFECONDUCT_HOST',
  'SAFECONDUCT_PORT',
  'SAFECONDUCT_ORIGINS',
  'SAFECONDUCT_DATABASE_ROLE',
  'SAFECONDUCT_DATABASE_PREPARE',
  'SAFECONDUCT_DATABASE_POOL',
  'SAFECONDUCT_DATA',
  'SAFECONDUCT_MASTER_KEY',
  'SAFECONDUCT_MASTER_KEY_FILE',
  'SAFECONDUCT_VAULT_KEY',
  'SAFECONDUCT_VAULT_KEY_FILE',
  'SAFECONDUCT_VAULT_KMS',
  'SAFECONDUCT_OUTBOUND_NETWORKS',
  'SAFECONDUCT_TRUSTED_PROXIES',
  'SAFECONDUCT_LOG_LEVEL',
  'SAFECONDUCT_CONFIG',
];

/** What the command reads for itself (docs/administration.md). The issuer leaves it alone. */
export const commandSettingNames: readonly string[] = ['SAFECONDUCT_TOKEN', 'SAFECONDUCT_PASSWORD', 'SAFECONDUCT_SECRET'];

/** The environment, for the command: it reads its own variables and where this user keeps things. */
export function commandEnvironment(): Environment {
  return process.env;
}

function misspelt(environment: Environment): string[] {
  const known = new Set([...settingNames, ...commandSettingNames]);
  return Object.keys(environment)
    .filter((name) => name.startsWith('SAFECONDUCT_') && !name.startsWith('SAFECONDUCT_TEST_') && !known.has(name))
    .map((name) => `${name} is no setting of the issuer: check its spelling`);
}
