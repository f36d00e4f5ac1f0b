import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { generic } from '../../core/providers/generic.ts';
import { zitadel } from '../../core/providers/zitadel.ts';
import { type AskedProvider, active, api, askingGuard, bearing, credentials, seconds, startAskedProvider } from './asked.fixtures.test.ts';
import { type Guard, protect } from './protect.ts';

let provider: AskedProvider;
let guard: Guard;
let time: number;
const clock = () => time;

beforeEach(async () => {
  time = Date.now();
  provider = await startAskedProvider();
  provider.known.set('pat', active(provider));
  guard = askingGuard(provider, { clock });
});
afterEach(() => provider.stop());

const call = (token: string, at = guard) => at(bearing(token));
const says = (changes: Record<string, unknown>) => provider.known.set('pat', active(provider, changes));

describe('the answer about an active token', () => {
  const lies: readonly (readonly [string, RegExp, Record<string, unknown>])[] = [
    ['S1.12 B1.10 for another API', /aud/, { aud: ['https://other.example'] }],
    ['S1.12 for an API whose name begins like ours', /aud/, { aud: `${api}/admin` }],
    ['B1.10 that names no API', /no aud/, { aud: undefined }],
    ['B1.10 of another issuer', /iss/, { iss: 'https://evil.example' }],
    ['of an issuer that is no text', /iss/, { iss: [] }],
    ['B1.10 of another token type', /token_type/, { token_type: 'DPoP' }],
    ['whose token type is no text', /token_type/, { token_type: {} }],
    ['of a person who is not named', /sub/, { sub: undefined }],
    ['of a person with a session who is not named', /sub/, { sub: undefined, scope: 'orders:read', sid: 's' }],
    ['without subject and client', /sub/, { sub: undefined, client_id: undefined, scope: 'orders:read' }],
    ['with an empty subject', /sub/, { sub: '' }],
    ['with a subject that is no text', /sub/, { sub: 7 }],
    ['with a subject of 256 characters', /sub/, { sub: 'x'.repeat(256) }],
    ['that begins in the future', /nbf/, { nbf: seconds() + 60 }],
    ['whose beginning is no time', /nbf/, { nbf: 'now' }],
    ['that was issued in the future', /iat/, { iat: seconds() + 60 }],
    ['that is about an ID token', /another kind/, { nonce: 'n' }],
  ];
  for (const [lie, reason, changes] of lies)
    it(`R-092 R-095 ${lie} is refused`, async () => {
      const { roles: _, ...rest } = active(provider, changes);
      provider.known.set('pat', rest);
      const strict = generic({ issuer: provider.issuer, accessTokens: 'introspection', accessTokenTypes: ['at+jwt', 'jwt'] });
      const at = protect({ provider: strict, audience: api, introspection: credentials });
      await assert.rejects(call('pat', at), { code: 'token_invalid', status: 401, message: reason });
    });

  for (const exp of [undefined, null, '9999999999', 1e300, -1])
    it(`R-095 B1.2 with ${exp} as exp is refused, and not called expired`, async () => {
      says({ exp });
      await assert.rejects(call('pat'), { code: 'token_invalid', status: 401, fault: 'claims' });
    });

  it('R-095 B1.2 with an exp that has passed has expired', async () => {
    says({ exp: seconds() - 60 });
    await assert.rejects(call('pat'), { code: 'token_expired', status: 401 });
  });

  it('may expire in the year 9999, as tokens without an end do', async () => {
    says({ exp: 253_402_300_800 });
    assert.equal((await call('pat')).expiresAt.getUTCFullYear(), 10_000);
  });

  it('speaks of the client itself where there is no resource owner', async () => {
    says({ sub: undefined, client_id: 'batch', scope: 'orders:read' });
    const { kind, subject, client } = await call('pat');
    assert.deepEqual({ kind, subject, client }, { kind: 'service', subject: 'batch', client: 'batch' });
  });

  it('S1.11 names no client where the token belongs to none, and its owner is the client', async () => {
    says({ client_id: undefined });
    assert.equal((await call('pat')).client, 'ada');
  });

  it('S1.4 S1.11 in the words of Zitadel gives its roles by name', async () => {
    const project = 'urn:zitadel:iam:org:project';
    says({
      client_id: undefined,
      exp: 253_402_300_800,
      sub: '305211467129880577',
      aud: ['305211467129991169@shop', '305211467129990000'],
      username: 'ci-bot',
      roles: undefined,
      'urn:zitadel:iam:user:resourceowner:id': '305211467129880000',
      [`${project}:roles`]: { 'read:messages': { '305211467129880000': 'acme.example' } },
    });
    const introspection = { clientId: '305211467129991169@shop', clientSecret: 'secret' };
    const at = protect({ provider: zitadel({ issuer: provider.issuer }), audience: '305211467129990000', introspection });
    const { kind, roles, organization, client } = await call('pat', at);
    assert.deepEqual(
      { kind, roles, organization, client },
      { kind: 'service', roles: ['read:messages'], organization: '305211467129880000', client: '305211467129880577' },
    );
    says({ aud: ['305211467129990000'], 'urn:zitadel:iam:user:resourceowner:id': '1', roles: ['read:messages'] });
    const other = protect({ provider: zitadel({ issuer: provider.issuer }), audience: '305211467129990000', introspection });
    assert.deepEqual((await call('pat', other)).roles, []);
  });
});

describe('an issuer that does not answer the question', () => {
  const refusals: readonly (readonly [string, { status?: number; body?: string; type?: string }])[] = [
    ['B1.6 refuses the credentials of the API', { status: 401, body: '{"error":"invalid_client"}' }],
    ['B1.6 refuses them with 400 as Zitadel does', { status: 400, body: '{"error":"unauthorized_client"}' }],
    ['forbids it to ask', { status: 403, body: '' }],
    ['does not know tokens of this form', { status: 400, body: '{"error":"unsupported_token_type"}' }],
    ['has another kind of address there', { status: 404, body: '<html>' }],
    ['answers 204', { status: 204, body: '' }],
    ['answers text', { body: 'true' }],
    ['answers a list', { body: '[{"active":true}]' }],
    ['answers null', { body: 'null' }],
    ['answers HTML', { body: '<html></html>', type: 'text/html' }],
    ['answers half an object', { body: '{"active":true' }],
    ['answers nothing', { body: '' }],
    ['forgets active', { body: '{"sub":"ada"}' }],
    ['says active as text', { body: '{"active":"true"}' }],
    ['says active as a number', { body: '{"active":1}' }],
    ['says active as null', { body: '{"active":null}' }],
    ['answers without end', { body: `{"active":true,"x":"${'x'.repeat(300_000)}"}` }],
    ['answers something deep', { body: `{"active":true,"x":${'['.repeat(50_000)}${']'.repeat(50_000)}}` }],
  ];
  for (const [what, answer] of refusals)
    it(`R-095 B1.6 that ${what} is a mistake of the configuration, and no 401`, async () => {
      provider.respond = () => answer;
      await assert.rejects(call('pat'), { code: 'introspection_refused', status: 503 });
      provider.respond = undefined;
      time += 5_000;
      assert.ok(await call('pat'));
    });

  it('B1.6 is told apart by the message, which holds no token and no secret', async () => {
    provider.respond = () => ({ status: 401, body: '{"error":"invalid_client","error_description":"pat secret"}' });
    await assert.rejects(call('pat'), (error: Error) => {
      assert.match(error.message, /\/introspect answered 401 invalid_client$/);
      assert.doesNotMatch(JSON.stringify({ ...error, cause: error.cause }), /pat|secret/);
      return true;
    });
  });

  it('R-095 redirects nobody', async () => {
    provider.metadata = (honest) => ({ ...honest, introspection_endpoint: `${provider.issuer}/elsewhere` });
    provider.respond = () => ({ status: 302, body: '' });
    await assert.rejects(call('pat'), { code: 'introspection_refused' });
    provider.metadata = (honest) => honest;
    await assert.rejects(call('pat', askingGuard(provider)), { code: 'introspection_refused', message: /redirect/ });
  });

  it('has none of its answers taken from a prototype', async () => {
    provider.respond = () => ({ body: '{"__proto__":{"active":true,"sub":"ada"}}' });
    await assert.rejects(call('pat'), { code: 'introspection_refused' });
  });

  it('and publishes no introspection_endpoint is named as what it is', async () => {
    provider.metadata = ({ introspection_endpoint: _, ...rest }) => rest;
    await assert.rejects(call('pat'), { code: 'introspection_refused', message: /publishes no introspection_endpoint/ });
  });

  it('because of one token does not keep the others out', async () => {
    provider.known.set('good', active(provider));
    provider.respond = ({ form }) => (form.get('token') === 'bad' ? { status: 400, body: '{"error":"invalid_request"}' } : undefined);
    await assert.rejects(call('bad'), { code: 'introspection_refused' });
    assert.ok(await call('good'));
  });
});
