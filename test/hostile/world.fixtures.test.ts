/** An honest provider, a guarded API that logs why it refuses, and the tools to forge tokens against both. */
import { createPrivateKey, generateKeyPairSync, type JsonWebKey, type KeyObject, sign } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fetchHandler } from 'safeconduct/http';
import { type Guard, type ProtectOptions, protect, type RefusalEvent } from 'safeconduct/protect';
import { generic } from 'safeconduct/providers';

export const AUDIENCE = 'https://api.example';

/** One key of each kind, published under its algorithm as `kid`. */
export const keys = {
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: generateKeyPairSync('ed25519'),
} as const;
export type Algorithm = keyof typeof keys;

export const publicJwk = (algorithm: Algorithm): JsonWebKey => ({
  ...keys[algorithm].publicKey.export({ format: 'jwk' }),
  kid: algorithm,
  alg: algorithm,
  use: 'sig',
});

/** What the provider answers at a path instead of the honest document. */
export type Lie = (request: IncomingMessage, response: ServerResponse) => void;

export interface World {
  readonly issuer: string;
  /** Lies by path, such as `/jwks`. */
  readonly lies: Map<string, Lie>;
  /** Every path that was asked for, in order. */
  readonly asked: string[];
  /** Claims of a token that is good for the next ten minutes. */
  claims(changes?: Record<string, unknown>): Record<string, unknown>;
  /** Why requests were refused, newest last. */
  readonly refusals: RefusalEvent[];
  /** A guard for this provider. */
  guard(options?: Partial<ProtectOptions>): Guard;
  /** Shows a token, or whole headers, to the API. */
  knock(token: string | Headers, guard?: Guard): Promise<Knock>;
  close(): Promise<void>;
}

/** What came of it. `code` is what the operator reads, `error` what the caller gets. */
export interface Knock {
  readonly status: number;
  readonly code: string | undefined;
  readonly error: unknown;
  readonly subject: unknown;
  readonly challenge: string;
}

/** Starts the provider and the API. */
export async function startWorld(): Promise<World> {
  const lies = new Map<string, Lie>();
  const asked: string[] = [];
  const refusals: RefusalEvent[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    request.resume();
    const lie = lies.get(path);
    if (lie) lie(request, response);
    else sendJson(response, path === '/jwks' ? jwks() : metadata(issuer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const guard = (options: Partial<ProtectOptions> = {}): Guard =>
    protect({ provider: generic({ issuer }), audience: AUDIENCE, ...options } as ProtectOptions);
  const usual = guard();
  return {
    issuer,
    lies,
    asked,
    refusals,
    guard,
    claims: (changes = {}) => ({ ...claimsNow(issuer), ...changes }),
    async knock(token, at = usual) {
      const headers = typeof token === 'string' ? new Headers({ authorization: `Bearer ${token}` }) : token;
      const before = refusals.length;
      const answer = fetchHandler(at, ({ subject }) => Response.json({ subject }), { log: (event) => refusals.push(event) });
      const response = await answer(new Request(AUDIENCE, { headers }));
      const body = (await response.json()) as { error?: unknown; subject?: unknown };
      const challenge = response.headers.get('www-authenticate') ?? '';
      return { status: response.status, code: refusals[before]?.code, error: body.error, subject: body.subject, challenge };
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function claimsNow(issuer: string): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000);
  const rights = { scope: 'openid orders:read', roles: ['customer'] };
  return { iss: issuer, sub: 'ada', aud: AUDIENCE, client_id: 'shop', jti: crypto.randomUUID(), iat: now, exp: now + 600, ...rights };
}

const jwks = () => ({ keys: (Object.keys(keys) as Algorithm[]).map(publicJwk) });

const metadata = (issuer: string) => ({
  issuer,
  jwks_uri: `${issuer}/jwks`,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  introspection_endpoint: `${issuer}/introspect`,
  response_types_supported: ['code'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['RS256', 'ES256', 'EdDSA'],
});

export function sendJson(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

export const part = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** Signs header and payload, which may be objects or any text, with any key. */
export function forge(header: unknown, payload: unknown, key: KeyObject = keys.ES256.privateKey): string {
  const text = `${part(header)}.${part(payload)}`;
  const hash = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  return `${text}.${sign(hash, Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

/** The header of an honest token. */
export const header = (changes: Record<string, unknown> = {}) => ({ alg: 'ES256', typ: 'at+jwt', kid: 'ES256', ...changes });

/** A key that the provider never published. */
export const stranger = (): { readonly privateKey: KeyObject; readonly jwk: JsonWebKey } => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { privateKey, jwk: publicKey.export({ format: 'jwk' }) };
};

/** Reads a private key again, as from a file. */
export const reread = (key: KeyObject): KeyObject => createPrivateKey(key.export({ type: 'pkcs8', format: 'pem' }));
