/** ID tokens: the hash of the access token beside them, and the words of their dialect. */
import { createPrivateKey, hash, type JsonWebKey, type KeyObject, sign } from 'node:crypto';
import { promisify } from 'node:util';
import { compactVerify, createLocalJWKSet, type JWK } from 'jose';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Row } from '../store/database.ts';
import { scopesBehind, signInOf } from './access-token.ts';
import { factsOf, SHARED_SUBJECT, sharedClaims, withSubject } from './facts.ts';
import { OWN, textOf, unverifiedClaims } from './verified-claims.ts';
import type { Voice } from './voice.ts';

interface IdTokenModel {
  readonly ctx?: KoaContextWithOIDC;
  readonly client: { readonly clientId: string };
  set(name: string, value: unknown): void;
  payload(): Promise<Row>;
  issue(options: { readonly use: string }): Promise<string>;
}

/** The engine's model, as far as it is refined. */
export interface IdTokenClass {
  new (...args: never[]): IdTokenModel;
  expiresIn(...args: unknown[]): number;
}

export interface IdTokenOptions {
  readonly voice: Voice;
  /** Private JWKs; the first of the dialect's algorithm signs. */
  readonly signingKeys: readonly JsonWebKey[];
}

type Options = IdTokenOptions & {
  /** What the client receives for an access token, for the at_hash beside it. */
  readonly values: WeakMap<object, string>;
};

export function idToken(Base: IdTokenClass, { voice, signingKeys, values }: Options): IdTokenClass {
  const { idToken: shape, signingAlgorithm } = voice.dialect.shapes;
  const signed = shape && signer(signingKeys, signingAlgorithm);
  return class IdToken extends Base {
    override async issue(options: { readonly use: string }): Promise<string> {
      const { ctx } = this;
      const beside = ctx?.oidc.entities.AccessToken;
      const value = beside && values.get(beside);
      // The engine hashes it by the signing algorithm.
      if (options.use === 'idtoken' && value !== undefined) this.set('at_hash', value);
      if (options.use !== 'idtoken' || !shape || !signed || !ctx) return super.issue(options);
      return signed(await written(this, ctx, IdToken.expiresIn(ctx, this, this.client)));
    }
  };

  async function written(token: IdTokenModel, ctx: KoaContextWithOIDC, lifetime: number): Promise<Row> {
    const payload = { ...(await token.payload()) };
    for (const name of ['at_hash', 'c_hash', 's_hash']) if (typeof payload[name] === 'string') payload[name] = halfHash(payload[name]);
    const iat = Math.floor(Date.now() / 1000);
    const claims = { ...payload, iss: voice.place.issuer, aud: token.client.clientId, iat, exp: iat + lifetime };
    const session = typeof payload.sid === 'string' ? payload.sid : undefined;
    const scopes = scopesBehind(ctx);
    const facts = factsOf(ctx, voice, { session, scopes, signIn: signInOf(ctx), grant: ctx.oidc.entities.Grant?.jti });
    return { ...shape?.(withSubject(claims, voice, facts), facts), ...sharedClaims(facts) };
  }
}

/** A hint (id_token_hint) as the engine reads it, and whether it can use it. `client`: who shows it, to sign somebody in. */
export type HintReader = (value: string, client: string | undefined) => Promise<{ readonly value: string; readonly usable: boolean }>;

export type HintOptions = IdTokenOptions & {
  /** Public keys of the tenant's issuer of this name; undefined where no tenants share the place. */
  readonly keysOf: ((issuer: string) => Promise<readonly Row[]>) | undefined;
};

/** Reads hints in a dialect's words: a name of its own for the person, a list of audiences, the issuer of a tenant. */
export function hintReader({ voice, signingKeys, keysOf }: HintOptions): HintReader {
  const { place, dialect } = voice;
  const { signingAlgorithm } = dialect.shapes;
  const signed = signer(signingKeys, signingAlgorithm);
  const issuers = [place.issuer, ...(place.otherIssuers ?? [])];
  const own = createLocalJWKSet({ keys: signingKeys.map(({ d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...open }) => open as JWK) });
  const keysFor = async (value: string) =>
    keysOf ? createLocalJWKSet({ keys: (await keysOf(textOf(unverifiedClaims(value).iss) ?? '')) as JWK[] }) : own;
  return async (value, client) => {
    try {
      // A hint may have ended long ago.
      const { payload } = await compactVerify(value, await keysFor(value), { algorithms: [signingAlgorithm] });
      const claims = JSON.parse(Buffer.from(payload).toString()) as Row;
      // An access token is no hint, whoever signed it: what the engine cannot read, it refuses.
      if (OWN in claims) return { value: 'an access token', usable: false };
      if (!keysOf && !issuers.includes(String(claims.iss))) return { value, usable: false };
      const [first] = [claims.aud].flat();
      const audience = Array.isArray(claims.aud) ? (claims.azp ?? first) : claims.aud;
      const read = await signed({
        ...claims,
        iss: place.issuer,
        sub: claims[SHARED_SUBJECT] ?? claims.sub,
        // A token for several applications is a hint in the hands of each.
        aud: client !== undefined && [claims.aud].flat().includes(client) ? client : audience,
      });
      return { value: read, usable: true };
    } catch {
      return { value, usable: false };
    }
  };
}

/** OpenID Connect Core, 3.1.3.6, for algorithms with SHA-256. */
const halfHash = (text: string): string => hash('sha256', text, 'buffer').subarray(0, 16).toString('base64url');

const signAside = promisify(sign);

/** Signs beside the event loop: RSA is slow. */
function signer(keys: readonly JsonWebKey[], algorithm: string): (claims: Row) => Promise<string> {
  const jwk = keys.find(({ alg }) => alg === algorithm);
  if (!jwk) throw new TypeError(`there is no key for ${algorithm}`);
  const key: KeyObject = createPrivateKey({ key: jwk, format: 'jwk' });
  const header = encoded({ alg: algorithm, typ: 'JWT', kid: jwk.kid });
  return async (claims) => {
    const head = `${header}.${encoded(claims)}`;
    const signature = await signAside('sha256', Buffer.from(head), { key, dsaEncoding: 'ieee-p1363' });
    return `${head}.${signature.toString('base64url')}`;
  };
}

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
