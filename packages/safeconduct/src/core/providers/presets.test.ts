import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { protect } from '../../steps/protect/protect.ts';
import { SafeconductError } from '../identity/errors.ts';
import { actingIdentity } from '../protocol/access-token.ts';
import { auth0 } from './auth0.ts';
import { entra } from './entra.ts';
import { generic } from './generic.ts';
import { keycloak } from './keycloak.ts';
import { safeconduct } from './safeconduct.ts';
import {
  auth0Domain,
  auth0Token,
  entraTenant,
  entraV1,
  entraV2,
  otherTenant,
  person,
  projectId,
  type Stage,
  startAuth0,
  startEntra,
  startZitadel,
  zitadelIssuer,
  zitadelToken,
} from './shapes.fixtures.test.ts';
import { bearing, type Json, type SigningKey, signed } from './vendor.fixtures.test.ts';
import { zitadel } from './zitadel.ts';

const presets = {
  microsoft: entra({ tenants: [entraTenant, otherTenant] }),
  auth0: auth0({ domain: auth0Domain }),
  zitadel: zitadel({ issuer: zitadelIssuer, accessTokens: 'jwt', projectId }),
};
const audience = 'https://orders.example';

describe('one API behind Entra ID, Auth0 and Zitadel', () => {
  const stages = {} as Record<keyof typeof presets, Stage>;
  before(async () => {
    const [microsoft, auth, zita] = await Promise.all([startEntra(), startAuth0(), startZitadel()]);
    Object.assign(stages, { microsoft, auth0: auth, zitadel: zita });
  });
  after(() => Promise.all(Object.values(stages).map((stage) => stage.close())));

  const place = (url: string): Stage =>
    url.includes('microsoftonline') ? stages.microsoft : url.includes('auth0') ? stages.auth0 : stages.zitadel;
  const guardOf = () =>
    protect({
      issuers: [
        { provider: presets.microsoft, audience: 'entra-api' },
        { provider: presets.auth0, audience },
        { provider: presets.zitadel, audience: projectId },
      ],
      fetch: (url, init) => place(url).fetch(url, init),
    });
  const call = (key: SigningKey, claims: Json) => guardOf()(bearing(signed(key, { typ: 'JWT' }, claims)));

  it('gives one kind of identity for all of them', async () => {
    const found = await Promise.all([
      call(stages.microsoft.key, entraV2({ aud: 'entra-api' })),
      call(stages.microsoft.key, entraV1({ aud: 'entra-api' })),
      call(stages.auth0.key, auth0Token({ aud: audience })),
      call(stages.zitadel.key, zitadelToken()),
    ]);
    assert.deepEqual(
      found.map(({ subject, kind }) => [subject, kind]),
      [person, person, 'auth0|65f1c0ffee', '77776025198584418'].map((subject) => [subject, 'person']),
    );
  });

  it('R-081 lets no provider speak for another, whatever iss it writes and whatever key id it names', async () => {
    const { microsoft, auth0: auth } = stages;
    await assert.rejects(call({ ...microsoft.key, kid: auth.key.kid }, auth0Token({ aud: audience })), {
      code: 'token_invalid',
      message: /signature/,
    });
    await assert.rejects(call(auth.key, entraV2({ aud: 'entra-api' })), { code: 'token_invalid', message: /key/ });
    await assert.rejects(call(auth.key, auth0Token({ aud: 'entra-api' })), { code: 'token_invalid', message: /aud/ });
    await assert.rejects(call(auth.key, auth0Token({ iss: 'https://evil.example/' })), { code: 'token_invalid', message: /iss/ });
  });
});

describe('every preset', () => {
  const all = [
    ...Object.values(presets),
    entra({ discoveryUrl: 'https://a.example/x', issuer: 'https://a.example/' }),
    keycloak({ issuer: 'https://id.example/realms/a', apiClientId: 'api' }),
    zitadel({ issuer: zitadelIssuer, organizationId: '1' }),
    safeconduct({ issuer: 'https://id.example' }),
    safeconduct({ issuer: 'https://id.example', sharedSubject: true }),
    zitadel({ issuer: zitadelIssuer, sharedSubject: true }),
    generic({ issuer: 'https://id.example', roles: ['a', 'b'] }),
  ];
  const names = ['iss', 'sub', 'oid', 'tid', 'azp', 'appid', 'client_id', 'scp', 'scope', 'roles', 'permissions', 'org_id', 'organization'];
  const more = [
    'realm_access',
    'resource_access',
    'act',
    'idp',
    'acct',
    'exp',
    'gty',
    'idtyp',
    'a',
    'urn:zitadel:iam:org:project:roles',
    'urn:safeconduct:subject',
  ];

  it('reads claims of any shape into sound facts, or refuses them', () => {
    const claims = fc.dictionary(fc.constantFrom(...names, ...more), fc.oneof(fc.string(), fc.jsonValue()));
    const property = fc.property(fc.constantFrom(...all), claims, (preset, found) => {
      try {
        const { subject, client, roles, scopes, organization, expiresAt } = actingIdentity(found as Json, preset);
        for (const text of [subject, client, ...roles, ...scopes, organization ?? 'none'])
          assert.ok(typeof text === 'string' && text !== '');
        assert.ok(!Number.isNaN(expiresAt.getTime()));
      } catch (error) {
        assert.ok(error instanceof SafeconductError && (error.status === 401 || error.status === 403), String(error));
      }
    });
    fc.assert(property, { numRuns: 5_000 });
  });

  it('cannot be changed once it was made', () => {
    for (const preset of all) {
      assert.throws(() => (preset.algorithms as string[]).push('none'), TypeError);
      assert.throws(() => (preset.spelling.roles as string[]).push('groups'), TypeError);
      assert.throws(() => Object.assign(preset.tenants ?? preset, { allowed: 'every' }), TypeError);
    }
  });

  it('R-090 pins asymmetric algorithms alone', () => {
    for (const { algorithms } of all)
      assert.ok(algorithms.length > 0 && algorithms.every((name) => /^(RS|PS|ES)\d{3}$|^EdDSA$/.test(name)));
  });
});
