import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { protect } from '../../steps/protect/protect.ts';
import { entra } from './entra.ts';
import { entraClaims } from './entra-claims.ts';
import {
  apiId,
  entraAppOnly,
  entraKey,
  entraTenant,
  entraV1,
  entraV2,
  now,
  otherTenant,
  person,
  type Stage,
  spaId,
  startEntra,
} from './shapes.fixtures.test.ts';
import { bearing, type Json, macOver, newSigningKey, type SigningKey, signed } from './vendor.fixtures.test.ts';

const provider = entra({ tenant: entraTenant });
const audience = [apiId, `api://${apiId}`];
const v1 = { typ: 'JWT' };
const keysAddress = `login.microsoftonline.com/${entraTenant}/discovery/v2.0/keys`;

describe('an API behind one tenant of Entra ID', () => {
  let stage: Stage;
  before(async () => {
    stage = await startEntra();
  });
  after(() => stage.close());

  const guardOf = (preset = provider, clock?: () => number) =>
    protect({ provider: preset, audience, fetch: stage.fetch, ...(clock && { clock }) });
  const call = (claims: Json, guard = guardOf()) => guard(bearing(signed(stage.key, { typ: 'JWT' }, claims)));
  const refuses = (claims: Json, code: string, message: RegExp) => assert.rejects(call(claims), { code, message });

  it('S3.2 S3.3 finds the keys by discovery and the key by kid, and knows the person by oid and the tenant by tid', async () => {
    const identity = await call(entraV2());
    assert.ok(stage.asked.some((address) => address.endsWith('/v2.0/.well-known/openid-configuration')));
    assert.ok(stage.asked.some((address) => address.endsWith('discovery/v2.0/keys')));
    const { issuer, subject, organization, kind, client, roles, scopes, expiresAt } = identity;
    assert.deepEqual(
      { issuer, subject, organization, kind, client, roles, scopes },
      {
        issuer: `https://login.microsoftonline.com/${entraTenant}/v2.0`,
        subject: person,
        organization: entraTenant,
        kind: 'person',
        client: spaId,
        roles: ['AdminUser'],
        scopes: ['user_impersonation', 'orders.read'],
      },
    );
    assert.ok(expiresAt.getTime() > Date.now());
  });

  it('S3.10 gives the same person of a version 1 token, with scp split, roles as a list and every claim', async () => {
    const token = signed(stage.key, { ...v1, x5t: stage.key.x5t }, entraV1());
    const identity = await guardOf()(bearing(token));
    assert.equal(identity.issuer, `https://sts.windows.net/${entraTenant}/`);
    assert.deepEqual([identity.subject, identity.organization, identity.client], [person, entraTenant, spaId]);
    assert.deepEqual([identity.scopes, identity.roles], [['user_impersonation'], ['AdminUser']]);
    assert.equal(identity.claims.upn, 'ada@acme.example');
  });

  it('S3.4 verifies rather than decodes: RS256 alone, and every time and name is looked at', async () => {
    const claims = entraV2();
    const { guard } = { guard: guardOf() };
    const pem = stage.key.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    await assert.rejects(guard(bearing(macOver(pem, { typ: 'JWT', kid: stage.key.kid }, claims))), {
      code: 'token_invalid',
      message: /alg/,
    });
    const none = `${macOver(pem, { typ: 'JWT', alg: 'none' }, claims).split('.').slice(0, 2).join('.')}.AA`;
    await assert.rejects(guard(bearing(none)), { code: 'token_invalid', message: /alg/ });
    await refuses(entraV2({ aud: spaId }), 'token_invalid', /aud/);
    await refuses(entraV2({ exp: now() - 61 }), 'token_expired', /exp/);
    await refuses(entraV2({ exp: undefined }), 'token_invalid', /exp/);
    await refuses(entraV2({ nbf: now() + 120 }), 'token_invalid', /nbf/);
    await refuses(entraV2({ iat: now() + 120 }), 'token_invalid', /iat/);
    await refuses(entraV2({ sub: undefined }), 'token_invalid', /sub/);
    await refuses(entraV2({ oid: undefined }), 'token_invalid', /oid/);
    await refuses(entraV2({ azp: undefined }), 'token_invalid', /client/);
  });

  const strangers: readonly (readonly [string, Json])[] = [
    ['another tenant', entraV2({ iss: `https://login.microsoftonline.com/${otherTenant}/v2.0`, tid: otherTenant })],
    ['another tenant in version 1', entraV1({ iss: `https://sts.windows.net/${otherTenant}/`, tid: otherTenant })],
    ['the tenant in capitals', entraV2({ iss: `https://login.microsoftonline.com/${entraTenant.toUpperCase()}/v2.0` })],
    ['another host', entraV2({ iss: `https://login.microsoftonline.com.evil.example/${entraTenant}/v2.0` })],
    ['no scheme', entraV2({ iss: `login.microsoftonline.com/${entraTenant}/v2.0` })],
    ['the template itself', entraV2({ iss: 'https://login.microsoftonline.com/{tenantid}/v2.0' })],
    ['a slash too many', entraV2({ iss: `https://login.microsoftonline.com/${entraTenant}/v2.0/` })],
    ['a list of issuers', entraV2({ iss: [`https://login.microsoftonline.com/${entraTenant}/v2.0`] })],
  ];
  for (const [name, claims] of strangers)
    it(`R-081 R-092 refuses an issuer that is ${name}`, () => refuses(claims, 'token_invalid', /iss/));

  it('R-081 refuses a tid that is not the tenant of iss, and a version that is not that of iss', async () => {
    await refuses(entraV2({ tid: otherTenant }), 'token_invalid', /tid/);
    await refuses(entraV2({ tid: undefined }), 'token_invalid', /tid/);
    await refuses(entraV2({ ver: '1.0' }), 'token_invalid', /ver/);
    await refuses(entraV1({ ver: '2.0' }), 'token_invalid', /ver/);
    await refuses(entraV2({ ver: undefined }), 'token_invalid', /ver/);
  });

  it('refuses an ID token of the same application, even where it is also the API', async () => {
    const { azp: _, azpacr: __, scp: ___, ...idToken } = entraV2({ nonce: 'n-1' });
    await refuses(idToken, 'token_invalid', /ID token/);
    await refuses({ ...idToken, nonce: undefined }, 'token_invalid', /client/);
  });

  it('S3.8 S3.9 refuses guests with 403 once the token is verified, unless they are allowed', async () => {
    const guests = [entraV2({ acct: 1 }), entraV2({ idp: `https://sts.windows.net/${otherTenant}/` }), entraV1({ idp: 'live.com' })];
    for (const claims of guests) {
      await assert.rejects(call(claims), { code: 'guest_refused', status: 403 });
      const identity = await call(claims, guardOf(entra({ tenant: entraTenant, allowGuests: true })));
      assert.equal(entraClaims(identity, provider).isGuest, true);
    }
    const member = await call(entraV2({ acct: 0, idp: `https://sts.windows.net/${entraTenant}/` }));
    assert.equal(entraClaims(member, provider).isGuest, false);
  });

  it('B3.1 B3.2 decides about guests, scopes and roles only after the signature, and with 403', async () => {
    const stranger = newSigningKey('evil');
    const forged = signed({ ...stranger, kid: stage.key.kid }, v1, entraV2({ acct: 1, scp: 5 }));
    await assert.rejects(guardOf()(bearing(forged)), { code: 'token_invalid', status: 401 });
    const picky = protect({ provider, audience, fetch: stage.fetch, require: { scopes: ['user_impersonation'] } });
    for (const scp of [undefined, 5, { user_impersonation: true }, 'User_Impersonation', 'user_impersonation2'])
      await assert.rejects(call(entraV2({ scp }), picky), { code: 'scope_missing', status: 403 }, String(scp));
  });

  it('S3.12 knows a service by its own token, by idtyp or by the shape alone', async () => {
    for (const claims of [entraAppOnly(), entraAppOnly({ idtyp: 'app', sub: 'another' })]) {
      const { kind, scopes, roles, subject } = await call(claims);
      assert.deepEqual({ kind, scopes, roles, subject }, { kind: 'service', scopes: [], roles: ['Orders.Read.All'], subject: person });
    }
    assert.equal((await call(entraV2({ idtyp: 'user' }))).kind, 'person');
  });

  it('says plainly when there were too many groups for the token', async () => {
    const groups = ['11111111-0000-4000-8000-000000000001'];
    assert.deepEqual(entraClaims(await call(entraV2({ groups })), provider).groups, groups);
    assert.deepEqual(entraClaims(await call(entraV2()), provider).groups, []);
    const overage = entraV2({ _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint: 'https://graph.microsoft.com/…' } } });
    assert.equal(entraClaims(await call(overage), provider).groups, undefined);
    assert.throws(() => entraClaims({ ...overage } as never, provider), TypeError);
  });

  const wrongKeys: readonly (readonly [string, (key: SigningKey) => Json])[] = [
    ['whose certificate holds another key', (key) => ({ ...entraKey(key), x5c: [newSigningKey('evil').certificate] })],
    ['whose certificate cannot be read', (key) => ({ ...entraKey(key), x5c: ['MIIB'] })],
    ['whose certificates are no list', (key) => ({ ...entraKey(key), x5c: key.certificate })],
    ['whose thumbprint is of another certificate', (key) => ({ ...entraKey(key), x5t: newSigningKey('evil').x5t })],
    ['whose SHA-256 thumbprint is wrong', (key) => ({ ...entraKey(key), 'x5t#S256': key.x5t })],
    ['that signs for another tenant', (key) => entraKey(key, `https://login.microsoftonline.com/${otherTenant}/v2.0`)],
    ['that signs for another cloud', (key) => entraKey(key, 'https://login.microsoftonline.us/{tenantid}/v2.0')],
  ];
  for (const [name, publish] of wrongKeys) {
    it(`S3.3 passes over a key ${name}`, async () => {
      const fresh = await startEntra();
      fresh.documents.set(keysAddress, { keys: [publish(fresh.key)] });
      const guard = protect({ provider, audience, fetch: fresh.fetch });
      await assert.rejects(guard(bearing(signed(fresh.key, v1, entraV2()))), { code: 'token_invalid', message: /key/ });
      await fresh.close();
    });
  }

  it('S3.3 takes a key of the very tenant, a key that names no issuer, and refuses a thumbprint in the header that is not the key’s', async () => {
    const fresh = await startEntra();
    for (const issuer of [`https://login.microsoftonline.com/${entraTenant}/v2.0`, undefined]) {
      fresh.documents.set(keysAddress, { keys: [{ ...entraKey(fresh.key), issuer }] });
      const guard = protect({ provider, audience, fetch: fresh.fetch });
      for (const claims of [entraV2(), entraV1()]) assert.ok(await guard(bearing(signed(fresh.key, v1, claims))));
      const other = signed(fresh.key, { ...v1, x5t: newSigningKey('evil').x5t }, entraV2());
      await assert.rejects(guard(bearing(other)), { code: 'token_invalid', message: /key/ });
    }
    await fresh.close();
  });

  it('S3.5 B3.3 picks up a new key when a token names it, and asks at most twice a minute', async () => {
    const fresh = await startEntra();
    let time = Date.now();
    const guard = protect({ provider, audience, fetch: fresh.fetch, clock: () => time });
    await guard(bearing(signed(fresh.key, v1, entraV2())));
    const next = newSigningKey('next');
    const token = signed(next, v1, entraV2());
    await assert.rejects(guard(bearing(token)), { code: 'token_invalid', message: /kid/ });
    fresh.documents.set(keysAddress, { keys: [entraKey(fresh.key), entraKey(next)] });
    time += 31_000;
    assert.equal((await guard(bearing(token))).subject, person);
    const before = fresh.asked.length;
    for (let round = 0; round < 5; round++)
      await assert.rejects(guard(bearing(signed({ ...next, kid: `unknown-${round}` }, v1, entraV2()))), { code: 'token_invalid' });
    assert.equal(fresh.asked.length, before);
    await fresh.close();
  });

  it('B3.8 goes on with the keys it has while Entra ID cannot be reached', async () => {
    const fresh = await startEntra();
    let time = Date.now();
    const guard = protect({ provider, audience, fetch: fresh.fetch, clock: () => time });
    await guard(bearing(signed(fresh.key, v1, entraV2())));
    for (const address of fresh.documents.keys()) fresh.documents.set(address, () => 503);
    time += 2 * 3_600_000;
    assert.ok(await guard(bearing(signed(fresh.key, v1, entraV2({ exp: now() + 9_000, nbf: undefined })))));
    await fresh.close();
  });

  it('S3.9 answers each condition of the table with one code, and 401 only for what a new token would mend', async () => {
    const token = (claims: Json) => `Bearer ${signed(stage.key, v1, claims)}`;
    const evil = { ...newSigningKey('evil'), kid: stage.key.kid };
    const require = { scopes: ['user_impersonation'], roles: ['AdminUser'] };
    const table: readonly (readonly [string, string | undefined, string, number, fault?: string])[] = [
      ['1 no scheme', undefined, 'token_missing', 401],
      ['1 another scheme', 'Basic YTpi', 'token_missing', 401],
      ['2 undecodable', 'Bearer not.a.token', 'token_malformed', 401],
      ['3 guest', token(entraV2({ acct: 1 })), 'guest_refused', 403],
      ['4 scp is no text', token(entraV2({ scp: 7 })), 'scope_missing', 403],
      ['5 scope missing', token(entraV2({ scp: 'orders.read' })), 'scope_missing', 403],
      ['6 tenant refused', token(entraV2({ tid: otherTenant })), 'token_invalid', 401, 'claims'],
      ['7 no key for kid', `Bearer ${signed({ ...stage.key, kid: 'unknown' }, v1, entraV2())}`, 'token_invalid', 401, 'key'],
      ['8 wrong claims', token(entraV2({ aud: 'another' })), 'token_invalid', 401, 'claims'],
      ['9 expired', token(entraV2({ exp: now() - 3_600 })), 'token_expired', 401],
      ['10 bad signature', `Bearer ${signed(evil, v1, entraV2())}`, 'token_invalid', 401, 'signature'],
      ['role missing', token(entraV2({ roles: undefined })), 'role_missing', 403],
    ];
    const guard = protect({ provider, audience, fetch: stage.fetch, require });
    for (const [name, authorization, code, status, fault] of table)
      await assert.rejects(guard({ headers: { authorization } }), { code, status, ...(fault && { fault }) }, name);
    const cold = protect({ provider, audience, fetch: () => Promise.reject(new Error('down')) });
    await assert.rejects(cold({ headers: { authorization: token(entraV2()) } }), { code: 'provider_unreachable', status: 503 });
  });

  it('B3.4 B3.7 keeps the token out of what is said about a refusal', async () => {
    const token = signed(stage.key, v1, entraV2({ aud: 'another' }));
    const error = await guardOf()(bearing(token)).catch((reason: Error) => reason);
    assert.ok(error instanceof Error);
    for (const part of token.split('.')) assert.doesNotMatch(`${error.message} ${error.stack} ${JSON.stringify(error)}`, new RegExp(part));
  });
});
