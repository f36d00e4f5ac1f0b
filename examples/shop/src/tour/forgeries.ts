/** Access tokens that somebody might try. Each is built from a real one. */
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (part: string): Record<string, unknown> => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;

/** Another subject, no algorithm, a symmetric one, a key of one's own, an ID-token type, a cut signature. */
export function forgeries(token: string): { readonly name: string; readonly token: string }[] {
  const [head = '', body = '', signature = ''] = token.split('.');
  const other = encode({ ...decode(body), sub: 'usr_demo_ben' });
  const none = `${encode({ ...decode(head), alg: 'none' })}.${other}.`;
  const hmacInput = `${encode({ ...decode(head), alg: 'HS256' })}.${other}`;
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ownInput = `${encode({ ...decode(head), jwk: publicKey.export({ format: 'jwk' }) })}.${other}`;
  const own = sign('sha256', Buffer.from(ownInput), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url');
  return [
    { name: "another's subject", token: `${head}.${other}.${signature}` },
    { name: 'alg none', token: none },
    { name: 'alg HS256', token: `${hmacInput}.${createHmac('sha256', 'guess').update(hmacInput).digest('base64url')}` },
    { name: 'a key of its own', token: `${ownInput}.${own}` },
    { name: 'a cut signature', token: `${head}.${body}.${signature.slice(0, -8)}` },
  ];
}
