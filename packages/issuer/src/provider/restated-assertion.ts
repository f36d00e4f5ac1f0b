/** Client assertions of vendors' clients, said anew: verified as they are, then put in a form that is good once. */
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { compactVerify, createLocalJWKSet, type JWK } from 'jose';
import type { Applications } from './applications.ts';
import type { Voice } from './voice.ts';

/** The assertion in our words; undefined when it is not good, and the engine says why. */
export interface Restated {
  readonly value: string | undefined;
}

export interface AssertionDesk {
  /** Public key that every application of this engine has as well. */
  readonly key: Readonly<Record<string, unknown>>;
  readonly restate: (value: string, client: string, applications: Pick<Applications, 'keys'>) => Promise<Restated>;
}

const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'];
/** Seconds of difference between clocks. */
const SKEW = 30;

/** Wires it where the dialect's clients need it. Its key lives and ends with this process. */
export function createAssertionDesk({ dialect, place, origin }: Voice): AssertionDesk | undefined {
  const { assertion } = dialect.policy;
  if (!assertion?.reusable) return undefined;
  const audiences = dialect.policy.assertionAudience(place, origin);
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const kid = `restated-${randomUUID()}`;
  const say = (claims: object): string => {
    const parts = [{ alg: 'ES256', kid }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    return `${parts}.${sign('sha256', Buffer.from(parts), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  };
  return {
    key: { ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' },
    async restate(value, client, applications) {
      const good = await verified(value, { client, audiences, seconds: assertion.seconds, keys: await applications.keys(client) });
      if (!good) return { value: undefined };
      const now = Math.floor(Date.now() / 1000);
      return { value: say({ iss: client, sub: client, aud: place.issuer, jti: randomUUID(), iat: now, exp: now + SKEW }) };
    },
  };
}

interface Rules {
  readonly client: string;
  readonly audiences: readonly string[];
  readonly seconds: number;
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}

async function verified(value: string, { client, audiences, seconds, keys }: Rules): Promise<boolean> {
  try {
    const verify = createLocalJWKSet({ keys: keys as JWK[] });
    const { payload } = await compactVerify(value, verify, { algorithms: ALGORITHMS });
    const { iss, sub, aud, exp, iat, nbf } = JSON.parse(Buffer.from(payload).toString()) as Readonly<Record<string, unknown>>;
    const now = Date.now() / 1000;
    const listed = [aud].flat();
    if (iss !== client || sub !== client || listed.length === 0 || !listed.some((one) => audiences.includes(String(one)))) return false;
    if (typeof nbf === 'number' && nbf > now + SKEW) return false;
    if (typeof iat === 'number' && (iat > now + SKEW || iat < now - seconds - SKEW)) return false;
    return typeof exp === 'number' && exp > now - SKEW && exp <= now + seconds + SKEW;
  } catch {
    return false;
  }
}
