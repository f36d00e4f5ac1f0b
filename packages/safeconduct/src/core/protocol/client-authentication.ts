import { createPrivateKey, type JsonWebKey, type KeyObject, randomUUID, sign } from 'node:crypto';
import * as oauth from 'oauth4webapi';
import { type Clock, secondsOf } from './clock.ts';
import { suits } from './jws.ts';

/** A private key as a JWK: RSA, EC or Ed25519, with the `kid` under which the provider knows its public half. */
export interface PrivateJwk extends JsonWebKey {
  readonly kid?: string;
  /** Default: RS256, ES256, ES384, ES512 or EdDSA, as the key allows. */
  readonly alg?: string;
}

/** How an application proves that it is itself: RFC 6749 section 2.3.1, RFC 7523 section 2.2. */
export type ClientAuthMethod = 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt';

/** What an application proves itself with: a secret or a private key. */
export interface ClientProof {
  readonly clientSecret?: string | undefined;
  readonly privateKey?: PrivateJwk | undefined;
  /** Default: `private_key_jwt` with a key; with a secret Basic, or the body where the provider takes no Basic. */
  readonly authMethod?: ClientAuthMethod | undefined;
}

/** A public client proves nothing: it only names itself. */
export const noAuthentication: oauth.ClientAuth = oauth.None();

const methods: readonly ClientAuthMethod[] = ['client_secret_basic', 'client_secret_post', 'private_key_jwt'];

/** Wires the proof. Throws a `TypeError` for one that can never work. */
export function clientAuthentication({ clientSecret, privateKey, authMethod }: ClientProof, clock: Clock): oauth.ClientAuth {
  if (authMethod !== undefined && !methods.includes(authMethod)) throw new TypeError(`authMethod must be one of ${methods.join(', ')}`);
  if ((clientSecret === undefined) === (privateKey === undefined)) throw new TypeError('give either clientSecret or privateKey');
  if (privateKey !== undefined) {
    if (authMethod !== undefined && authMethod !== 'private_key_jwt')
      throw new TypeError(`${authMethod} needs clientSecret, not privateKey`);
    return privateKeyJwt(privateKey, clock);
  }
  if (typeof clientSecret !== 'string' || clientSecret === '') throw new TypeError('clientSecret must not be empty');
  if (authMethod === 'private_key_jwt') throw new TypeError('private_key_jwt needs privateKey, not clientSecret');
  const byHeader = basic(clientSecret);
  const byBody = oauth.ClientSecretPost(clientSecret);
  return (metadata, ...call) => {
    const inBody = authMethod === undefined ? !takesBasic(metadata) : authMethod === 'client_secret_post';
    return (inBody ? byBody : byHeader)(metadata, ...call);
  };
}

// RFC 6749 section 2.3.1: Basic is the method every provider must take; the body only where the provider says it wants that.
function takesBasic(metadata: oauth.AuthorizationServer): boolean {
  const taken = metadata.introspection_endpoint_auth_methods_supported ?? metadata.token_endpoint_auth_methods_supported;
  return taken === undefined || taken.includes('client_secret_basic') || !taken.includes('client_secret_post');
}

// The form encoding of RFC 6749 appendix B, which leaves letters, digits and `*-._` alone: so that providers that forget
// to decode still read the usual id and secret.
function basic(clientSecret: string): oauth.ClientAuth {
  const encoded = (text: string) => new URLSearchParams({ '': text }).toString().slice(1);
  return (_metadata, client, _body, headers) => {
    const pair = `${encoded(client.client_id)}:${encoded(clientSecret)}`;
    headers.set('authorization', `Basic ${Buffer.from(pair).toString('base64')}`);
  };
}

const algorithms = ['ES256', 'ES384', 'ES512', 'EdDSA', 'RS256'];
const hashes: Readonly<Record<string, string | null>> = { ES256: 'sha256', ES384: 'sha384', ES512: 'sha512', EdDSA: null, RS256: 'sha256' };
const assertionSeconds = 60;

// The audience is the issuer, as a single string: RFC 7523 section 3 as RFC 10070 narrows it.
function privateKeyJwt(jwk: PrivateJwk, clock: Clock): oauth.ClientAuth {
  const { key, alg } = importPrivateKey(jwk);
  const header = part({ alg, ...(jwk.kid !== undefined && { kid: jwk.kid }) });
  return (metadata, { client_id: client }, body) => {
    const iat = secondsOf(clock);
    const claims = { iss: client, sub: client, aud: metadata.issuer, jti: randomUUID(), iat, exp: iat + assertionSeconds };
    const signed = `${header}.${part(claims)}`;
    const signature = sign(hashes[alg] ?? null, Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
    body.set('client_id', client);
    body.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
    body.set('client_assertion', `${signed}.${signature.toString('base64url')}`);
  };
}

function importPrivateKey(jwk: PrivateJwk): { readonly key: KeyObject; readonly alg: string } {
  const alg = algorithms.find((name) => suits(name, jwk));
  if (alg === undefined) throw new TypeError(`privateKey must be an RSA, EC or Ed25519 key for one of ${algorithms.join(', ')}`);
  try {
    return { key: createPrivateKey({ format: 'jwk', key: jwk }), alg };
  } catch {
    // OpenSSL's complaint is not repeated: nothing of a private key belongs into a message.
    throw new TypeError('privateKey is no private JWK: it must hold the private members, such as d');
  }
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
