/** Structured logs on an allow-list: a field that is not named here is never written, whatever a caller passes. */
import { hash } from 'node:crypto';
import pino, { type DestinationStream } from 'pino';
import type { LogLevel } from '../config.ts';
import { sqlState } from '../store/unavailable.ts';

/** What a line may say. There is no place for a token, a code, a password, a query string or a body. */
export interface LogFields {
  readonly requestId?: string | undefined;
  readonly method?: string | undefined;
  /** The pattern of the route, never the path as it was sent. */
  readonly route?: string | undefined;
  readonly status?: number | undefined;
  readonly ms?: number | undefined;
  /** client_id. */
  readonly client?: string | undefined;
  /** `sub`; it is written as a hash. */
  readonly subject?: string | undefined;
  readonly event?: string | undefined;
  readonly reason?: string | undefined;
  readonly url?: string | undefined;
  readonly port?: number | undefined;
  readonly count?: number | undefined;
  readonly kid?: string | undefined;
  readonly attempts?: number | undefined;
  /** Position and hash of the end of the audit log. */
  readonly auditHead?: string | undefined;
  /** What an error page showed, so that the person who saw it can be helped. */
  readonly reference?: string | undefined;
  /** A code of ours, or an OAuth error. */
  readonly code?: string | undefined;
  /** A sentence for developers that the answer showed as well. */
  readonly detail?: string | undefined;
  /** Its class, code and first line are written; causes and properties are not. */
  readonly error?: unknown;
  /** The same, under the name that Node's loggers use. */
  readonly err?: unknown;
}

/** Fields that are not in `LogFields` are dropped. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/** Wires a log that writes one JSON object a line. Default destination: standard output. */
export function createLog(level: LogLevel, destination?: DestinationStream): Log {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const writer = destination ? pino(options, destination) : pino(options);
  return Object.freeze({
    debug: (fields: LogFields, message: string) => writer.debug(allowed(fields), message),
    info: (fields: LogFields, message: string) => writer.info(allowed(fields), message),
    warn: (fields: LogFields, message: string) => writer.warn(allowed(fields), message),
    error: (fields: LogFields, message: string) => writer.error(allowed(fields), message),
  });
}

const plain = [
  'requestId',
  'method',
  'route',
  'status',
  'ms',
  'client',
  'event',
  'reason',
  'url',
  'port',
  'count',
  'kid',
  'attempts',
  'reference',
  'code',
  'detail',
] as const;

function allowed(fields: LogFields): Record<string, unknown> {
  const error = fields.error ?? fields.err;
  const known: Record<string, unknown> = {};
  for (const name of plain) if (fields[name] !== undefined) known[name] = bounded(fields[name]);
  if (fields.auditHead !== undefined && /^\d+:[\w-]{43}:[\w-]{43}$/.test(fields.auditHead)) known.auditHead = fields.auditHead;
  if (fields.subject !== undefined) known.subject = hash('sha256', `subject|${fields.subject}`, 'hex').slice(0, 16);
  if (error !== undefined) known.error = describeError(error);
  return known;
}

function bounded(value: string | number): string | number {
  return typeof value === 'string' ? masked(value).slice(0, 256) : value;
}

function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  // The message of a database error may quote a row: its SQLSTATE says enough.
  const message = sqlState(error) === undefined ? masked(error.message.split('\n', 1)[0] ?? '').slice(0, 256) : undefined;
  const place = error.stack?.split('\n').find((line) => line.startsWith('    at '));
  return { name: error.name, ...(code && { code }), ...(message && { message }), ...(place && { place: place.trim().slice(3) }) };
}

const secretLike = /sc_[a-z]{2,3}_[0-9A-Za-z]{8,}|eyJ[\w-]{8,}\.[\w-]*\.?[\w-]*|:\/\/[^\s/@]+@|\b[\w-]{40,}\b/g;

function masked(text: string): string {
  return text.replace(secretLike, '[secret]');
}
