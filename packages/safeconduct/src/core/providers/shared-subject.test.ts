import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createLogin } from '../../steps/login/login.ts';
import { protect } from '../../steps/protect/protect.ts';
import { actingIdentity } from '../protocol/access-token.ts';
import { linkProvider } from '../protocol/provider-link.ts';
import { auth0 } from './auth0.ts';
import { entra } from './entra.ts';
import { acceptsIssuer } from './issuers.ts';
import { keycloak } from './keycloak.ts';
import { safeconduct } from './safeconduct.ts';
import {
  apiId,
  auth0Domain,
  auth0Token,
  entraTenant,
  entraV1,
  entraV2,
  now,
  person,
  projectId,
  startAuth0,
  startZitadel,
  zitadelAnswer,
  zitadelIssuer,
} from './shapes.fixtures.test.ts';
import { bearing, type Json, signed } from './vendor.fixtures.test.ts';
import { zitadel } from './zitadel.ts';

const shared = { 'urn:safeconduct:subject': 'usr_ada', 'urn:safeconduct:organization': 'org_shop' };
const authority = 'https://localhost:8443';
const atEntra = (claims: Json): Json => ({ ...claims, iss: `${authority}/${entraTenant}/${claims.ver === '1.0' ? '' : 'v2.0'}` });
const atKeycloak: Json = { iss: 'http://localhost:8080/realms/shop', sub: 'f7ab5c2e', exp: now() + 300, azp: 'shop-web' };
const atHome: Json = { iss: 'http://localhost:8090', sub: 'usr_ada', org_id: 'org_shop', exp: now() + 300, client_id: 'shop-web' };

/** What an origin of each dialect writes, and the preset for it with and without its people's shared name. */
const origins = [
  ['zitadel', (sharedSubject?: boolean) => zitadel({ issuer: zitadelIssuer, ...said(sharedSubject) }), zitadelAnswer()],
  ['auth0', (sharedSubject?: boolean) => auth0({ domain: 'localhost:8443', ...said(sharedSubject) }), auth0Token()],
  ['entra', (sharedSubject?: boolean) => entra({ tenant: entraTenant, authority, ...said(sharedSubject) }), atEntra(entraV2())],
  ['entra v1', (sharedSubject?: boolean) => entra({ tenant: entraTenant, authority, ...said(sharedSubject) }), atEntra(entraV1())],
  ['keycloak', (sharedSubject?: boolean) => keycloak({ issuer: String(atKeycloak.iss), ...said(sharedSubject) }), atKeycloak],
  ['safeconduct', (sharedSubject?: boolean) => safeconduct({ issuer: String(atHome.iss), ...said(sharedSubject) }), atHome],
] as const;

const said = (sharedSubject: boolean | undefined) => (sharedSubject === undefined ? {} : { sharedSubject });
const read = (claims: Json, preset: Parameters<typeof actingIdentity>[1]) => actingIdentity(claims, preset, { clientMayBeUnnamed: true });

describe('a name that is shared by the origins of one Safeconduct', () => {
  it('is the same at every origin, with the same organization', () => {
    for (const [name, preset, claims] of origins) {
      const { subject, organization } = read({ ...claims, ...shared }, preset(true));
      assert.deepEqual([subject, organization], ['usr_ada', 'org_shop'], name);
    }
  });

  it('is nothing that a preset reads unless it was told to', () => {
    const found = origins.flatMap(([, preset, claims]) =>
      [undefined, false].map((sharedSubject) => read({ ...claims, ...shared }, preset(sharedSubject)).subject),
    );
    const own = ['305211467129880577', 'auth0|65f1c0ffee', person, person, 'f7ab5c2e', 'usr_ada'];
    assert.deepEqual(
      found,
      own.flatMap((subject) => [subject, subject]),
    );
  });

  it('is needed where it was asked for: a token that has none, or no organization, is refused', () => {
    for (const [name, preset, claims] of origins.slice(0, 5))
      for (const claim of Object.keys(shared)) {
        const refusal = { code: 'token_invalid', status: 401, message: new RegExp(`${claim} is missing.*origins of Safeconduct`) };
        for (const value of [undefined, null, '', 5, {}])
          assert.throws(() => read({ ...claims, ...shared, [claim]: value }, preset(true)), refusal, name);
      }
  });

  it('is `sub` and `org_id` in the standard dialect, where both are needed', () => {
    const preset = safeconduct({ issuer: 'http://localhost:8090', sharedSubject: true });
    const { subject, organization } = read({ ...atHome, 'urn:safeconduct:subject': 'usr_ben' }, preset);
    assert.deepEqual([subject, organization], ['usr_ada', 'org_shop']);
    assert.throws(() => read({ ...atHome, org_id: undefined }, preset), { code: 'token_invalid', message: /org_id is missing/ });
  });

  it('takes nothing but true or false', () => {
    for (const [, preset] of origins)
      assert.throws(() => preset('false' as unknown as boolean), { name: 'TypeError', message: /true or false/ });
  });

  it('is refused for Microsoft’s own clouds and for an address that is given whole', () => {
    for (const cloud of [{}, { authority: 'https://login.microsoftonline.us' }])
      assert.throws(() => entra({ tenant: entraTenant, ...cloud, sharedSubject: true }), { name: 'TypeError', message: /authority/ });
    const address = { discoveryUrl: 'https://a.example/x', issuer: 'https://a.example/' };
    assert.throws(() => entra({ ...address, sharedSubject: true }), { name: 'TypeError', message: /authority/ });
  });

  it('brings the version 1 issuer of an origin along, which another authority does not have', () => {
    const v1 = `${authority}/${entraTenant}/`;
    assert.equal(acceptsIssuer(entra({ tenant: entraTenant, authority, sharedSubject: true }), v1), true);
    assert.equal(acceptsIssuer(entra({ tenant: entraTenant, authority }), v1), false);
  });
});

describe('a guard of an API behind origins of one Safeconduct', () => {
  let stages: [Awaited<ReturnType<typeof startZitadel>>, Awaited<ReturnType<typeof startAuth0>>];
  before(async () => {
    stages = await Promise.all([startZitadel(), startAuth0()]);
  });
  after(() => Promise.all(stages.map((stage) => stage.close())));

  const guard = (sharedSubject = true) =>
    protect({
      issuers: [
        {
          provider: zitadel({ issuer: zitadelIssuer, sharedSubject }),
          audience: projectId,
          introspection: { clientId: 'orders-api', clientSecret: 'AbC123' },
        },
        { provider: auth0({ domain: auth0Domain, sharedSubject }), audience: 'https://orders.example' },
      ],
      fetch: (url, init) => (url.includes('auth0') ? stages[1] : stages[0]).fetch(url, init),
    });

  it('knows one person by an answer of one origin and by a token of another', async () => {
    const [asked, jwt] = stages;
    asked.answers.set('sc_at_1', zitadelAnswer(shared));
    asked.answers.set('sc_at_2', zitadelAnswer());
    const token = signed(jwt.key, { typ: 'JWT' }, auth0Token(shared));
    const found = await Promise.all([guard()(bearing('sc_at_1')), guard()(bearing(token))]);
    assert.deepEqual(
      found.map(({ issuer, subject, organization }) => [issuer, subject, organization]),
      [zitadelIssuer, `https://${auth0Domain}/`].map((issuer) => [issuer, 'usr_ada', 'org_shop']),
    );
    const apart = await Promise.all([guard(false)(bearing('sc_at_1')), guard(false)(bearing(token))]);
    assert.notEqual(apart[0]?.subject, apart[1]?.subject);
    await assert.rejects(guard()(bearing('sc_at_2')), { code: 'token_invalid', message: /urn:safeconduct:subject/ });
    await assert.rejects(guard()(bearing(signed(jwt.key, { typ: 'JWT' }, auth0Token()))), { code: 'token_invalid', message: /subject/ });
  });

  it('is not made where another provider could name their people', () => {
    const theirs = { provider: safeconduct({ issuer: 'https://id.partner.example' }), audience: 'https://orders.example' };
    const ours = { provider: auth0({ domain: auth0Domain, sharedSubject: true }), audience: 'https://orders.example' };
    for (const issuers of [
      [theirs, ours],
      [ours, theirs],
    ])
      assert.throws(() => protect({ issuers }), { name: 'TypeError', message: /id\.partner\.example.*two guards/s });
  });

  it('is not made where two origins would be asked about one opaque token', () => {
    const introspection = { clientId: 'orders-api', clientSecret: 'AbC123' };
    const asked = { provider: zitadel({ issuer: zitadelIssuer, sharedSubject: true }), audience: projectId, introspection };
    const home = { provider: safeconduct({ issuer: 'https://id.example', sharedSubject: true }), audience: apiId };
    assert.ok(protect({ issuers: [asked, home] }));
    assert.throws(() => protect({ issuers: [asked, { ...home, introspection }] }), { name: 'TypeError', message: /opaque tokens/ });
  });
});

describe('every vendor’s preset', () => {
  it('can be pointed at an origin on this machine', () => {
    const here = [
      zitadel({ issuer: 'http://localhost:8080' }),
      zitadel({ issuer: 'https://localhost:8443' }),
      auth0({ domain: 'localhost:8443' }),
      auth0({ domain: '127.0.0.1:8443' }),
      entra({ tenant: entraTenant, authority }),
      entra({ tenants: [entraTenant], authority: 'http://127.0.0.1:8080' }),
      entra({ acceptTokensOfEveryTenant: true, authority }),
      keycloak({ issuer: 'http://localhost:8080/realms/shop' }),
      keycloak({ issuer: 'https://localhost:8443/realms/org_shop' }),
    ];
    for (const provider of here) {
      assert.ok(linkProvider(provider));
      assert.ok(createLogin({ provider, clientId: 'shop-web', redirectUri: 'http://localhost:3000/callback', scopes: ['openid'] }));
    }
    assert.equal(auth0({ domain: 'localhost:8443' }).vault?.accounts.url, 'https://localhost:8443/me/v1/connected-accounts');
  });
});
