/** An identity provider for tests: discovery, keys, and tokens for whoever a test needs. It has no pages. */
import { createSign, generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Identity } from 'safeconduct/identity';
import { protect } from 'safeconduct/protect';
import { safeconduct } from 'safeconduct/providers';

export interface TokenWish {
  readonly subject: string;
  readonly roles?: readonly string[];
  /** Default: all of the shop's. */
  readonly scopes?: readonly string[];
  /** Default: the audience of the test issuer. */
  readonly audience?: string;
  readonly session?: string;
  readonly name?: string;
}

export interface TestIssuer {
  readonly url: string;
  /** A signed access token. */
  token(wish: TokenWish): string;
  /** The verified identity behind such a token. */
  person(wish: TokenWish): Promise<Identity>;
  close(): Promise<void>;
}

export const allScopes = ['orders:read', 'orders:write', 'profile:read'];

const audience = 'http://localhost:3000/api';

export async function startTestIssuer(): Promise<TestIssuer> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'test', use: 'sig', alg: 'ES256' };
  const server = createServer((request, response) => {
    const metadata = {
      issuer: url,
      authorization_endpoint: `${url}/authorize`,
      token_endpoint: `${url}/token`,
      jwks_uri: `${url}/jwks`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
    };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(request.url === '/jwks' ? { keys: [jwk] } : metadata));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const token = (wish: TokenWish) => sign(claimsOf(url, wish), privateKey);
  const guard = protect({ provider: safeconduct({ issuer: url }), audience });
  return {
    url,
    token,
    person: (wish) => guard({ headers: new Headers({ authorization: `Bearer ${token({ ...wish, audience })}` }) }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function claimsOf(url: string, { subject, roles = ['customer'], scopes = allScopes, audience: aud = audience, session, name }: TokenWish) {
  const now = Math.floor(Date.now() / 1000);
  return {
    iss: url,
    sub: subject,
    aud,
    client_id: 'shop-test',
    scope: scopes.join(' '),
    roles,
    iat: now,
    exp: now + 600,
    jti: randomUUID(),
    ...(session === undefined ? {} : { sid: session }),
    ...(name === undefined ? {} : { name }),
  };
}

function sign(claims: object, key: Parameters<ReturnType<typeof createSign>['sign']>[0]): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'ES256', typ: 'at+jwt', kid: 'test' })}.${part(claims)}`;
  const signature = createSign('sha256')
    .update(signed)
    .sign({ key: key as never, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}
