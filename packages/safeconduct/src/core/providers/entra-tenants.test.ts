import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { protect } from '../../steps/protect/protect.ts';
import { entra } from './entra.ts';
import type { EntraOptions } from './entra-options.ts';
import {
  apiId,
  entraDiscovery,
  entraKey,
  entraTenant,
  entraV1,
  entraV2,
  otherTenant,
  person,
  type Stage,
  startEntra,
} from './shapes.fixtures.test.ts';
import { bearing, type Json, signed } from './vendor.fixtures.test.ts';

const audience = [apiId, `api://${apiId}`];
const thirdTenant = 'bbbbcccc-0000-4000-8000-ddddeeee2222';
const of = (tid: string, changes: Json = {}): Json => entraV2({ tid, iss: `https://login.microsoftonline.com/${tid}/v2.0`, ...changes });

describe('an API behind many tenants of Entra ID', () => {
  let stage: Stage;
  before(async () => {
    stage = await startEntra();
  });
  after(() => stage.close());
  const call = (options: EntraOptions, claims: Json) =>
    protect({ provider: entra(options), audience, fetch: stage.fetch })(bearing(signed(stage.key, { typ: 'JWT' }, claims)));

  it('S3.11 R-081 lets in the tenants of the list and no other, in both versions', async () => {
    const options = { tenants: [entraTenant, otherTenant.toUpperCase()] };
    for (const claims of [
      of(entraTenant),
      of(otherTenant),
      entraV1({ tid: otherTenant, iss: `https://sts.windows.net/${otherTenant}/` }),
    ]) {
      const { subject, organization, issuer } = await call(options, claims);
      assert.deepEqual([subject, organization, issuer], [person, claims.tid, claims.iss]);
    }
    await assert.rejects(call(options, of(thirdTenant)), { code: 'token_invalid', message: /tenant/ });
    await assert.rejects(call(options, of(otherTenant, { tid: entraTenant })), { code: 'token_invalid', message: /tid/ });
    assert.ok(stage.asked.includes('https://login.microsoftonline.com/organizations/v2.0/.well-known/openid-configuration'));
  });

  it('R-081 takes for a guest whom one tenant of the list invited from another', async () => {
    const claims = of(entraTenant, { idp: `https://sts.windows.net/${otherTenant}/` });
    await assert.rejects(call({ tenants: [entraTenant, otherTenant] }, claims), { code: 'guest_refused' });
  });

  it('R-081 takes only a GUID for a tenant, whatever else stands in its place', async () => {
    for (const tid of ['common', 'acme.onmicrosoft.com', `${entraTenant}/../${otherTenant}`, '', '{tenantid}', 'x'.repeat(36)])
      await assert.rejects(call({ acceptTokensOfEveryTenant: true }, of(tid)), { code: 'token_invalid', message: /tenant/ }, tid);
  });

  it('B3.6 lets every tenant in only when that is said at length', async () => {
    assert.equal((await call({ acceptTokensOfEveryTenant: true }, of(thirdTenant))).organization, thirdTenant);
    for (const options of [
      {},
      { tenants: [] },
      { acceptTokensOfEveryTenant: false },
      { tenant: 'common' },
      { tenant: entraTenant, tenants: [] },
    ])
      assert.throws(() => entra(options as never), TypeError, JSON.stringify(options));
  });

  it('S3.11 says at construction that a domain is no tenant', () => {
    assert.throws(() => entra({ tenant: 'acme.onmicrosoft.com' }), { name: 'TypeError', message: /GUID/ });
  });

  it('reads the document of both kinds of accounts when personal accounts are on the list', async () => {
    const personal = '9188040d-6c67-4c5b-b112-36a304b66dad';
    assert.equal((await call({ tenants: [entraTenant, personal], allowGuests: true }, of(personal))).organization, personal);
    assert.ok(stage.asked.includes('https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration'));
  });

  it('refuses the template where one tenant was configured, and a document of another tenant', async () => {
    const fresh = await startEntra();
    const address = `login.microsoftonline.com/${entraTenant}/v2.0/.well-known/openid-configuration`;
    for (const tenant of ['{tenantid}', otherTenant]) {
      fresh.documents.set(address, entraDiscovery(entraTenant, tenant));
      const guard = protect({ provider: entra({ tenant: entraTenant }), audience, fetch: fresh.fetch });
      await assert.rejects(guard(bearing(signed(fresh.key, { typ: 'JWT' }, entraV2()))), { code: 'provider_invalid' });
    }
    await fresh.close();
  });

  it('S3.8 asks for the keys of an application that has its own', async () => {
    await call({ tenant: entraTenant, appId: apiId }, entraV2());
    assert.ok(
      stage.asked.includes(`https://login.microsoftonline.com/${entraTenant}/v2.0/.well-known/openid-configuration?appid=${apiId}`),
    );
  });

  it('B3.5 works at another authority, over plain http on this machine too', async () => {
    const fresh = await startEntra();
    const authority = fresh.origin;
    const folder = `${entraTenant}/v2.0`;
    fresh.documents.set(`${folder}/.well-known/openid-configuration`, { issuer: `${authority}/${folder}`, jwks_uri: `${authority}/keys` });
    fresh.documents.set('keys', { keys: [entraKey(fresh.key, `${authority}/{tenantid}/v2.0`)] });
    const guard = protect({ provider: entra({ tenant: entraTenant, authority }), audience });
    assert.equal((await guard(bearing(signed(fresh.key, { typ: 'JWT' }, entraV2({ iss: `${authority}/${folder}` }))))).subject, person);
    // The v1 issuer belongs to Microsoft's clouds and to nobody else unless it is given.
    await assert.rejects(guard(bearing(signed(fresh.key, { typ: 'JWT' }, entraV1()))), { code: 'token_invalid', message: /iss/ });
    const told = protect({
      provider: entra({ tenant: entraTenant, authority, v1Issuer: 'https://sts.windows.net/{tenantid}/' }),
      audience,
    });
    assert.equal((await told(bearing(signed(fresh.key, { typ: 'JWT' }, entraV1())))).subject, person);
    await fresh.close();
  });

  it('B3.5 refuses an authority with a path, and a v1 issuer without a place for the tenant', () => {
    assert.throws(() => entra({ tenant: entraTenant, authority: 'https://login.microsoftonline.com/' }), /authority/);
    assert.throws(
      () =>
        entra({ tenant: entraTenant, authority: 'http://entra.example' }) &&
        protectOf(entra({ tenant: entraTenant, authority: 'http://entra.example' })),
      /https/,
    );
    assert.throws(() => entra({ tenant: entraTenant, v1Issuer: 'https://sts.windows.net/' }), /tenantid/);
  });

  it('refuses options that do not go together, and plain http for an issuer on https', () => {
    const issuer = `https://acme.ciamlogin.com/${entraTenant}/v2.0`;
    const discoveryUrl = `${issuer}/.well-known/openid-configuration`;
    for (const options of [
      { discoveryUrl },
      { discoveryUrl, issuer: 'https://acme.ciamlogin.com/{tenantid}/v2.0' },
      { discoveryUrl, issuer, tenant: entraTenant },
      { discoveryUrl, issuer, authority: 'https://acme.ciamlogin.com' },
    ])
      assert.throws(() => entra(options as never), TypeError, JSON.stringify(options));
    assert.throws(() => protectOf(entra({ issuer, discoveryUrl: 'http://127.0.0.1:1/openid-configuration' })), /must be https/);
    assert.throws(() => protectOf(entra({ issuer, discoveryUrl: 'ftp://acme.example' })), /discoveryUrl/);
  });

  it('S3.11 takes a customers’ directory by its own address, guests included', async () => {
    const fresh = await startEntra();
    const issuer = `https://acme.b2clogin.com/${entraTenant}/v2.0/`;
    const place = 'acme.b2clogin.com/acme.onmicrosoft.com/b2c_1_signin';
    const discoveryUrl = `https://${place}/v2.0/.well-known/openid-configuration`;
    fresh.documents.set(`${place}/v2.0/.well-known/openid-configuration`, { issuer, jwks_uri: `https://${place}/discovery/v2.0/keys` });
    const { x5c: _, x5t: __, issuer: ___, ...bare } = entraKey(fresh.key);
    fresh.documents.set(`${place}/discovery/v2.0/keys`, { keys: [bare] });
    const guard = protect({ provider: entra({ discoveryUrl, issuer }), audience, fetch: fresh.fetch });
    const claims = entraV2({
      iss: issuer,
      ver: '1.0',
      tfp: 'B2C_1_signin',
      idp: 'google.com',
      tid: undefined,
      oid: undefined,
      sub: person,
    });
    const identity = await guard(bearing(signed(fresh.key, { typ: 'JWT' }, claims)));
    assert.deepEqual([identity.subject, identity.issuer, identity.organization], [person, issuer, undefined]);
    await assert.rejects(guard(bearing(signed(fresh.key, { typ: 'JWT' }, entraV2()))), { code: 'token_invalid', message: /iss/ });
    const strict = protect({ provider: entra({ discoveryUrl, issuer, allowGuests: false }), audience, fetch: fresh.fetch });
    await assert.rejects(strict(bearing(signed(fresh.key, { typ: 'JWT' }, claims))), { code: 'guest_refused' });
    await fresh.close();
  });
});

const protectOf = (provider: ReturnType<typeof entra>) => protect({ provider, audience });
