import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { type ScriptedProvider, startScriptedProvider } from '@safeconduct/test-support/scripted-provider';
import type { RefusalEvent } from 'safeconduct/protect';
import { createApi } from './api.ts';
import { createTrust } from './trust.ts';

const audience = 'http://localhost:4000/api';
const spa = 'http://localhost:5173';
type Json = Record<string, unknown>;

describe('the API of the noticeboard', () => {
  let provider: ScriptedProvider;
  let api: ReturnType<typeof createApi>;
  const refused: RefusalEvent[] = [];
  before(async () => {
    provider = await startScriptedProvider();
    const trust = createTrust({ issuer: provider.issuer, audience, docsClientId: 'docs' });
    api = createApi({ trust, spa, log: (event) => refused.push(event) });
  });
  after(() => provider?.close());

  const claims = (changes: Json = {}): Json => {
    const now = Math.floor(Date.now() / 1000);
    const about = { iss: provider.issuer, aud: audience, sub: 'usr_demo_mia', client_id: 'noticeboard', jti: 'j1' };
    return { ...about, scope: 'openid notices:read', iat: now, nbf: now, exp: now + 600, ...changes };
  };
  const sign = (changes?: Json, header: Json = {}) => provider.sign(claims(changes), { typ: 'at+jwt', ...header });
  const ask = (path: string, token?: string) =>
    api.request(path, { headers: { origin: spa, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) } });

  it('answers as whom it ran', async () => {
    const answer = await ask('/api/notices', await sign());
    assert.equal(answer.status, 200);
    assert.equal(((await answer.json()) as Json).as, 'usr_demo_mia');
  });

  it('S3.4 verifies before it believes anything: a token that is not signed, or with a key everybody knows, is refused', async () => {
    const good = await sign();
    const [, body = ''] = good.split('.');
    const head = (value: Json) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const { keys } = (await (await fetch(await jwksUri(provider.issuer))).json()) as { keys: Json[] };
    const hmac = `${head({ alg: 'HS256', typ: 'at+jwt', kid: keys[0]?.kid })}.${body}`;
    const confused = `${hmac}.${createHmac('sha256', JSON.stringify(keys[0])).update(hmac).digest('base64url')}`;
    for (const forged of [`${head({ alg: 'none', typ: 'at+jwt' })}.${body}.`, confused, `${good.slice(0, -8)}AAAAAAAA`]) {
      const answer = await ask('/api/notices', forged);
      assert.equal(answer.status, 401);
      assert.match(answer.headers.get('www-authenticate') ?? '', /error="invalid_token"/);
    }
  });

  it('S3.4 requires aud, iss, exp, nbf, iat and sub to be there and right', async () => {
    const now = Math.floor(Date.now() / 1000);
    const lies = [
      { aud: 'http://localhost:4000' },
      { iss: 'https://evil.example' },
      { exp: now - 60 },
      { exp: undefined },
      { nbf: now + 600 },
    ];
    for (const lie of [...lies, { iat: now + 600 }, { sub: undefined }])
      assert.equal((await ask('/api/notices', await sign(lie))).status, 401, JSON.stringify(lie));
  });

  it('S3.5 refuses a token that names a key which the provider does not publish', async () => {
    assert.equal((await ask('/api/notices', await sign({}, { kid: 'nobody' }))).status, 401);
  });

  it('S3.9 tells a right that is missing (403) from a token that is bad (401), and names it', async () => {
    const answer = await ask('/api/drafts', await sign());
    assert.equal(answer.status, 403);
    assert.match(answer.headers.get('www-authenticate') ?? '', /error="insufficient_scope".*editor/);
    const narrow = await ask('/api/notices', await sign({ scope: 'openid' }));
    assert.equal(narrow.status, 403);
    assert.match(narrow.headers.get('www-authenticate') ?? '', /scope="notices:read"/);
    assert.equal(refused.at(-1)?.requestId, narrow.headers.get('x-request-id'));
  });

  it('lets pages of the application call, and no others', async () => {
    const preflight = (origin: string) =>
      api.request('/api/notices', {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization' },
      });
    const allowed = await preflight(spa);
    assert.equal(allowed.status, 204);
    assert.equal(allowed.headers.get('access-control-allow-origin'), spa);
    assert.equal((await preflight('https://evil.example')).headers.get('access-control-allow-origin'), null);
    const refusal = await ask('/api/notices');
    assert.equal(refusal.status, 401);
    assert.equal(refusal.headers.get('access-control-allow-origin'), spa);
    assert.match(refusal.headers.get('access-control-expose-headers') ?? '', /www-authenticate/i);
    assert.match(refusal.headers.get('access-control-expose-headers') ?? '', /x-request-id/i);
  });

  it('describes itself with the sign-in put in', async () => {
    const document = (await (await api.request('/docs/openapi.json')).json()) as { paths: Json; components: { securitySchemes: Json } };
    assert.deepEqual(Object.keys(document.paths), ['/api/notices', '/api/drafts']);
    assert.deepEqual(Object.keys(document.components.securitySchemes), ['oauth2']);
  });
});

async function jwksUri(issuer: string): Promise<string> {
  const metadata = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
  return String((metadata as Json).jwks_uri);
}
