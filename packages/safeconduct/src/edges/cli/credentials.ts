import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { revealTokens, type StoredTokens, wrapTokens } from '../../core/protocol/tokens.ts';
import type { Keyring } from './keyring.ts';
import { makePrivateDirectory, readPrivateFile, writePrivateFile } from './private-file.ts';
import { withLock } from './process-lock.ts';
import type { Environment } from './surroundings.ts';

/** What a sign-in is stored under: tokens of one issuer, client and API are never read for another. */
export interface CredentialKey {
  readonly issuer: string;
  readonly client: string;
  readonly resource: string | undefined;
}

/** One stored sign-in. All access goes through here; `exclusively` keeps other processes out. */
export interface Credentials {
  /** The tokens, or undefined when there are none that can be used. Throws `credentials_unsafe`. */
  read(): Promise<StoredTokens | undefined>;
  write(tokens: StoredTokens): Promise<void>;
  remove(): Promise<void>;
  exclusively<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

/** Where credentials lie, and who is told when they cannot be used. */
export interface CredentialOptions {
  readonly directory: string;
  /** Opens the system keyring, or gives undefined where only the file is wanted. */
  readonly openKeyring: () => Promise<Keyring | undefined>;
  /** Told in one sentence why a stored sign-in is not used. */
  readonly warn: (message: string) => void;
  /** What is asked for now. A sign-in that asked for anything else is not read: its tokens may say less, or more. */
  readonly scopes?: readonly string[];
}

/** The directory for what programs remember on this machine and nobody copies to another one. */
export function credentialDirectory(environment: Environment, platform: NodeJS.Platform = process.platform): string {
  const home = environment.HOME ?? homedir();
  if (platform === 'win32') {
    return join(environment.LOCALAPPDATA ?? environment.APPDATA ?? join(home, 'AppData', 'Local'), 'safeconduct', 'credentials');
  }
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'safeconduct', 'credentials');
  const state = environment.XDG_STATE_HOME;
  return join(state && isAbsolute(state) ? state : join(home, '.local', 'state'), 'safeconduct', 'credentials');
}

interface Sealed {
  readonly nonce: string;
  readonly text: string;
  readonly tag: string;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

function seal(text: string, key: Buffer, context: string): Sealed {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return { nonce: nonce.toString('base64url'), text: sealed.toString('base64url'), tag: cipher.getAuthTag().toString('base64url') };
}

/** Throws when the text was sealed with another key, or for another context, or was changed. */
function unseal({ nonce, text, tag }: Sealed, key: Buffer, context: string): string {
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64url'), { authTagLength: 16 });
  decipher.setAAD(Buffer.from(context)).setAuthTag(Buffer.from(tag, 'base64url'));
  return Buffer.concat([decipher.update(Buffer.from(text, 'base64url')), decipher.final()]).toString('utf8');
}

/** Throws a `TypeError` for anything but stored tokens. */
function checked(value: unknown): StoredTokens {
  return revealTokens(wrapTokens(value as StoredTokens)); // wrapTokens looks at every member
}

function parseSealed(value: unknown): Sealed | undefined {
  if (!isObject(value) || !isText(value.nonce) || !isText(value.text) || !isText(value.tag)) return undefined;
  return { nonce: value.nonce, text: value.text, tag: value.tag };
}

function sameKey(stored: Record<string, unknown>, { issuer, client, resource }: CredentialKey): boolean {
  return stored.issuer === issuer && stored.client === client && stored.resource === resource;
}

function sameScopes(stored: unknown, asked: readonly string[]): boolean {
  return Array.isArray(stored) && JSON.stringify(stored.toSorted()) === JSON.stringify(asked.toSorted());
}

/**
 * Opens the stored sign-in of one issuer, client and API: a file of mode 0600 in a directory of mode 0700. Where the
 * system has a keyring, the file holds cipher text and the keyring its key, so that neither is enough alone.
 */
export function openCredentials(key: CredentialKey, { directory, openKeyring, warn, scopes }: CredentialOptions): Credentials {
  const context = JSON.stringify([key.issuer, key.client, key.resource ?? null]);
  const name = createHash('sha256').update(context).digest('hex').slice(0, 32);
  const path = join(directory, `${name}.json`);
  let opened: Promise<Keyring | undefined> | undefined;
  const keyring = () => {
    opened ??= openKeyring();
    return opened;
  };

  async function parse(text: string): Promise<StoredTokens | undefined> {
    const stored: unknown = JSON.parse(text);
    if (!isObject(stored) || stored.version !== 1 || !sameKey(stored, key)) throw new TypeError('not this sign-in');
    if (scopes && !sameScopes(stored.scopes, scopes))
      return void warn('This program asks for other rights now than when you signed in: sign in again.');
    const sealed = parseSealed(stored.sealed);
    if (!sealed) return checked(stored.tokens);
    const secret = await (await keyring())?.find(name);
    if (!secret) return void warn('The stored sign-in is locked with the system keyring, which does not open here: sign in again.');
    return checked(JSON.parse(unseal(sealed, secret, context)));
  }

  return {
    read: async () => {
      const text = await readPrivateFile(path);
      if (text === undefined) return undefined;
      try {
        return await parse(text);
      } catch {
        return void warn(`The stored sign-in in ${path} is damaged and is not used: sign in again.`);
      }
    },
    write: async (tokens) => {
      const secret = await (await keyring())?.provide(name).catch(() => undefined);
      const kept = secret ? { sealed: seal(JSON.stringify(tokens), secret, context) } : { tokens };
      await writePrivateFile(path, `${JSON.stringify({ version: 1, ...key, scopes, ...kept }, null, 2)}\n`);
    },
    remove: async () => {
      await rm(path, { force: true });
      await (await keyring())?.forget(name).catch(() => undefined); // without its file the key opens nothing
    },
    exclusively: async (work, signal) => {
      await makePrivateDirectory(directory);
      return withLock(directory, name, work, { signal });
    },
  };
}
