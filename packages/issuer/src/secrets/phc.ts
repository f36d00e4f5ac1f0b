/** The PHC string format: `$algorithm$v=19$m=19456,t=2,p=1,keyid=cDE$salt$hash`, base64 without padding. */

/** How a hash is made. */
export interface PhcSettings {
  readonly algorithm: string;
  readonly version?: number | undefined;
  readonly parameters: Readonly<Record<string, number>>;
  /** Which pepper was mixed in. */
  readonly keyId?: string | undefined;
  readonly salt: Buffer;
}

export interface Phc extends PhcSettings {
  readonly hash: Buffer;
}

const SHAPE =
  /^\$([a-z0-9-]{1,32})(?:\$v=(\d{1,10}))?\$([a-z]+=[A-Za-z0-9+/.-]+(?:,[a-z]+=[A-Za-z0-9+/.-]+)*)\$([A-Za-z0-9+/]{8,128})\$([A-Za-z0-9+/]{16,256})$/;

/** Reads a PHC string; undefined when it is none. Numbers only, but for `keyid`. */
export function parsePhc(text: string): Phc | undefined {
  const found = SHAPE.exec(text);
  if (found === null) return undefined;
  const [, algorithm = '', version, list = '', salt = '', hash = ''] = found;
  const parameters: Record<string, number> = {};
  let keyId: string | undefined;
  for (const [name = '', value = ''] of list.split(',').map((pair) => pair.split('='))) {
    if (name === 'keyid') keyId = Buffer.from(value, 'base64').toString();
    else if (/^\d{1,10}$/.test(value) && !Object.hasOwn(parameters, name)) parameters[name] = Number(value);
    else return undefined;
  }
  return {
    algorithm,
    version: version === undefined ? undefined : Number(version),
    parameters,
    keyId,
    salt: Buffer.from(salt, 'base64'),
    hash: Buffer.from(hash, 'base64'),
  };
}

export function formatPhc({ algorithm, version, parameters, keyId, salt, hash }: Phc): string {
  const pairs = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
  if (keyId !== undefined) pairs.push(`keyid=${unpadded(Buffer.from(keyId))}`);
  const parts = [algorithm, version === undefined ? undefined : `v=${version}`, pairs.join(','), unpadded(salt), unpadded(hash)];
  return `$${parts.filter((part) => part !== undefined).join('$')}`;
}

const unpadded = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');
