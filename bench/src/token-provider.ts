/** A provider that publishes keys, answers introspection, and signs as many access tokens as a bench wants. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

export type Algorithm = 'RS256' | 'ES256' | 'EdDSA';

export interface TokenProvider {
  readonly issuer: string;
  readonly publicKey: KeyObject;
  /** An access token of RFC 9068 for `audience`, different each time. */
  readonly token: () => string;
  /** How often it was asked, by path. Reading sets it back. */
  readonly asked: () => Readonly<Record<string, number>>;
  readonly close: () => Promise<void>;
}

export interface TokenProviderOptions {
  readonly algorithm: Algorithm;
  readonly audience: string;
  /** `typ` of the tokens. Default: `at+jwt`, as RFC 9068 has it. */
  readonly type?: string;
  /** Milliseconds that an answer of introspection takes, as a provider elsewhere does. Default 0. */
  readonly introspectionDelay?: number;
}

const KEY_ID = 'bench';

/** Starts on a free port of 127.0.0.1. */
export async function startTokenProvider(options: TokenProviderOptions): Promise<TokenProvider> {
  const { algorithm, audience, type = 'at+jwt', introspectionDelay = 0 } = options;
  const { publicKey, privateKey } = keysFor(algorithm);
  let counts: Record<string, number> = {};
  const server = createServer(async (request, response) => {
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    counts[path] = (counts[path] ?? 0) + 1;
    request.resume();
    if (path === '/introspect' && introspectionDelay > 0) await delay(introspectionDelay);
    const text = JSON.stringify(documentFor(path));
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text);
  });
  const issuer = await listening(server);
  const documents: Readonly<Record<string, () => unknown>> = {
    '/jwks': () => ({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: KEY_ID, alg: algorithm, use: 'sig' }] }),
    '/introspect': () => ({ ...claims(), active: true, token_type: 'Bearer' }),
  };
  const documentFor = (path: string): unknown => documents[path]?.() ?? metadata(issuer, algorithm);
  const claims = () => claimsFor(issuer, audience);
  return {
    issuer,
    publicKey,
    token: () => signed({ alg: algorithm, typ: type, kid: KEY_ID }, claims(), privateKey),
    asked() {
      const seen = counts;
      counts = {};
      return seen;
    },
    close: () => new Promise((resolve) => server.close(() => resolve()).closeAllConnections()),
  };
}

let serial = 0;

function claimsFor(issuer: string, audience: string) {
  const now = Math.floor(Date.now() / 1000);
  const subject = `user-${serial++}`;
  const rights = { scope: 'openid orders:read orders:write', roles: ['customer', 'read:messages'] };
  return { iss: issuer, aud: audience, sub: subject, client_id: 'bench', jti: `${subject}-${now}`, iat: now, exp: now + 3600, ...rights };
}

function metadata(issuer: string, algorithm: Algorithm) {
  return {
    issuer,
    jwks_uri: `${issuer}/jwks`,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    introspection_endpoint: `${issuer}/introspect`,
    id_token_signing_alg_values_supported: [algorithm],
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
  };
}

function keysFor(algorithm: Algorithm) {
  if (algorithm === 'RS256') return generateKeyPairSync('rsa', { modulusLength: 2048 });
  return algorithm === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
}

function signed(header: object, payload: object, key: KeyObject): string {
  const text = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const hash = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  return `${text}.${sign(hash, Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

function listening(server: Server): Promise<string> {
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`);
    }),
  );
}
