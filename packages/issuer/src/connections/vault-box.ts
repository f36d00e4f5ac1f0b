/** A box of the vault: the tokens of one account, sealed under a data key and bound to the one row and version they belong to. */
import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';
import type { Connection, Endpoints } from './connection.ts';
import { presets } from './presets.ts';

/** What a box is bound to: it opens for nothing else. */
export interface BoxOwner {
  readonly id: string;
  readonly organizationId: string;
  readonly userId: string;
  readonly connectionId: string;
  readonly version: number;
}

/** What is inside. */
export interface BoxedTokens {
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  /** Where they came from, as {@link sourceOf} says it: they are never sent anywhere else. */
  readonly source: readonly string[];
}

const FORM = 'v1.';

/** Seals tokens for one row and version. */
export function sealTokens(key: KeyObject, owner: BoxOwner, { accessToken, refreshToken, source }: BoxedTokens): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(additionalData(owner));
  const text = JSON.stringify({ access_token: accessToken, refresh_token: refreshToken, source });
  return FORM + Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64url');
}

/** Opens a box. Throws when it was changed, cut, sealed with another key, or belongs to another row, person or version. */
export function openTokens(key: KeyObject, owner: BoxOwner, box: string): BoxedTokens {
  const bytes = Buffer.from(box.slice(FORM.length), 'base64url');
  if (!box.startsWith(FORM) || bytes.length < 28) throw new Error('not a box of the vault');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 });
  decipher.setAAD(additionalData(owner)).setAuthTag(bytes.subarray(-16));
  const text = decipher.update(bytes.subarray(12, -16));
  // Gives no bytes in this mode: it throws when the box was changed.
  decipher.final();
  const inside = JSON.parse(text.toString()) as { access_token: string; refresh_token?: string; source: readonly string[] };
  return { accessToken: inside.access_token, refreshToken: inside.refresh_token, source: inside.source };
}

// Ids of ours hold no `|`, so that no two owners have the same text.
const additionalData = ({ organizationId, userId, connectionId, id, version }: BoxOwner): Buffer =>
  Buffer.from(`v1|connected_account|${organizationId}|${userId}|${connectionId}|${id}|${version}`);

/** Whom tokens belong to: the kind of third party, its issuer, our client id there, and every origin that tokens are sent to. */
export function sourceOf(connection: Connection): readonly string[] {
  const known = sources.get(connection) ?? readSource(connection);
  sources.set(connection, known);
  return known;
}

// A connection is one object for seconds, and each token that is given asks.
const sources = new WeakMap<Connection, readonly string[]>();

const readSource = ({ preset, issuer = '', clientId, endpoints }: Connection): readonly string[] =>
  Object.freeze([preset, issuer, clientId, ...originsOf(endpoints)]);

/**
 * Whether a connection still is the third party that gave the tokens: same kind, issuer and client, and no origin that was not
 * there. Origins that come with the preset itself are ours to know.
 */
export function sameSource(source: readonly string[], connection: Connection): boolean {
  const now = sourceOf(connection);
  return (now.length === source.length && now.every((part, at) => part === source[at])) || wasThere(source, connection);
}

function wasThere([preset, issuer, clientId, ...origins]: readonly string[], connection: Connection): boolean {
  const [nowPreset, nowIssuer, nowClient, ...nowOrigins] = sourceOf(connection);
  if (preset !== nowPreset || issuer !== nowIssuer || clientId !== nowClient) return false;
  const home = originsOf({ token: connection.issuer });
  const known = new Set([...origins, ...home, ...originsOf(presets[connection.preset].endpoints)]);
  return nowOrigins.every((origin) => known.has(origin));
}

function originsOf({ token, revocation, userinfo }: { readonly [K in keyof Endpoints]?: string | undefined }): string[] {
  const urls = [token, revocation, userinfo].flatMap((url) => (url !== undefined && URL.canParse(url) ? [new URL(url).origin] : []));
  return [...new Set(urls)];
}
