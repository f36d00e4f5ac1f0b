/** People for a bench: an identity is minted by verification only, so each has a signed access token that `protect` verifies. */
import { generateKeyPairSync, sign } from 'node:crypto';
import type { Identity } from 'safeconduct/identity';
import { protect } from 'safeconduct/protect';
import { generic } from 'safeconduct/providers';

const ISSUER = 'http://localhost:9';
const AUDIENCE = 'http://localhost:9/api';

/** Makes the verified identities of these subjects. */
export async function peopleOf(subjects: readonly string[]): Promise<readonly Identity[]> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'bench', alg: 'ES256', use: 'sig' };
  const answers: Record<string, object> = {
    '/.well-known/openid-configuration': { issuer: ISSUER, jwks_uri: `${ISSUER}/jwks` },
    '/jwks': { keys: [jwk] },
  };
  const fetch = async (input: string | URL | Request): Promise<Response> =>
    Response.json(answers[new URL(input instanceof Request ? input.url : input).pathname] ?? {});
  const guard = protect({ provider: generic({ issuer: ISSUER }), audience: AUDIENCE, fetch });
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const identities: Identity[] = [];
  for (const sub of subjects) {
    const claims = {
      iss: ISSUER,
      sub,
      aud: AUDIENCE,
      client_id: 'bench',
      iat: now,
      exp: now + 3600,
      jti: sub,
      roles: ['reader'],
      org_id: 'org-1',
    };
    const signed = `${part({ alg: 'ES256', typ: 'at+jwt', kid: 'bench' })}.${part(claims)}`;
    const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url');
    identities.push(await guard({ headers: { authorization: `Bearer ${signed}.${signature}` } }));
  }
  return identities;
}
