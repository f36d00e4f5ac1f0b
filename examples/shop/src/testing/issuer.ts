/** An identity provider for tests: discovery, keys, tokens for whoever a test needs, and a vault that says what a test wants. */
import { createSign, generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
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
  /** What an exchange gives: this token of the third party, this refusal; undefined: nothing is connected. */
  connected: string | { readonly status: number; readonly body: object } | undefined;
  /** The exchanges that were asked for. */
  readonly exchanges: URLSearchParams[];
  close(): Promise<void>;
}

export const allScopes = ['orders:read', 'orders:write', 'profile:read'];

const audience = 'http://localhost:3000/api';

export async function startTestIssuer(): Promise<TestIssuer> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'test', use: 'sig', alg: 'ES256' };
  const exchanges: URLSearchParams[] = [];
  const server = createServer(async (request, response) => {
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
    if (request.url !== '/token') return response.end(JSON.stringify(request.url === '/jwks' ? { keys: [jwk] } : metadata));
    exchanges.push(new URLSearchParams(await text(request)));
    const { status, body } = exchanged(url, made.connected);
    response.writeHead(status).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const token = (wish: TokenWish) => sign(claimsOf(url, wish), privateKey);
  const guard = protect({ provider: safeconduct({ issuer: url }), audience });
  const made: TestIssuer = {
    url,
    token,
    connected: undefined,
    exchanges,
    person: (wish) => guard({ headers: new Headers({ authorization: `Bearer ${token({ ...wish, audience })}` }) }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return made;
}

function exchanged(url: string, connected: TestIssuer['connected']): { readonly status: number; readonly body: object } {
  if (typeof connected === 'object') return connected;
  if (connected === undefined) {
    const connectUri = `${url}/connect/calendar?client_id=shop-api&scope=calendar.write`;
    return { status: 401, body: { error: 'federated_connection_account_not_found', connect_uri: connectUri } };
  }
  const type = 'urn:safeconduct:params:oauth:token-type:connection-access-token';
  const body = { access_token: connected, issued_token_type: type, token_type: 'Bearer', expires_in: 300, scope: 'calendar.write' };
  return { status: 200, body };
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
