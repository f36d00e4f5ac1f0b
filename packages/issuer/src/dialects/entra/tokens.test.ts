import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { entra } from '../entra.ts';
import { noted } from './asked.ts';
import { ada, billing, contoso, fabrikam, facts, ORIGIN, orders, spa } from './facts.fixtures.test.ts';
import { place } from './paths.ts';
import { clientInfo, programId, subject } from './people.ts';

const { accessToken, idToken, header, key } = entra.shapes;
const engine = { iss: 'x', sub: 'usr_ada', aud: orders.resource, client_id: 'web', scope: 'orders.read', jti: 'j', iat: 100, exp: 700 };

describe('an access token of version 2', () => {
  it('says all that an API reads, and nothing of the engine', () => {
    assert.deepEqual(accessToken(engine, facts()), {
      aud: 'orders-api',
      iss: `${ORIGIN}/${contoso.uuid}/v2.0`,
      iat: 100,
      nbf: 100,
      exp: 700,
      azp: 'web',
      azpacr: '1',
      name: 'Ada Byron',
      preferred_username: 'ada@contoso.example',
      oid: ada.uuid,
      sub: subject(ada, 'orders-api'),
      scp: 'orders.read',
      roles: ['buyer'],
      tid: contoso.uuid,
      uti: 'j',
      ver: '2.0',
    });
    assert.deepEqual(header?.('kid', facts()), {});
  });

  it('tells how the application proved itself', () => {
    const proof = (given: object) => accessToken(engine, facts(given)).azpacr;
    const asked = noted({ certificate: true }) ?? '';
    assert.deepEqual([proof({ client: spa }), proof({}), proof({ asked })], ['0', '1', '2']);
  });

  it('says of no application that it proved itself at the authorization endpoint', () => {
    const asked = noted({ certificate: true }) ?? '';
    const given = { grantType: undefined, asked };
    assert.equal(accessToken(engine, facts(given)).azpacr, '0');
    assert.equal(accessToken(engine, facts({ ...given, api: billing })).appidacr, '0');
  });

  it('leaves out roles that nobody has', () => {
    assert.equal('roles' in accessToken(engine, facts({ account: { ...ada, roles: {} } })), false);
  });
});

describe('an access token of version 1', () => {
  const older = (asked = '') => facts({ api: billing, asked, scopes: ['openid', 'user_impersonation'] });

  it('has the older names, issuer and header', () => {
    const { iss, ver, appid, appidacr, upn, unique_name, azp, preferred_username, scp } = accessToken(engine, older());
    assert.deepEqual([iss, ver, appid, appidacr], [`${ORIGIN}/${contoso.uuid}/`, '1.0', 'web', '1']);
    assert.deepEqual([upn, unique_name, scp], ['ada@contoso.example', 'ada@contoso.example', 'user_impersonation']);
    assert.deepEqual([azp, preferred_username], [undefined, undefined]);
    assert.deepEqual(header?.('kid', older()), { x5t: 'kid' });
  });

  it('is for the API as the request spelled it', () => {
    const asked = noted({ forms: { [billing.resource]: 'api://billing' } });
    assert.equal(accessToken(engine, older(asked)).aud, 'api://billing');
    assert.equal(accessToken(engine, older()).aud, 'billing-api');
  });
});

describe('a token of a program', () => {
  it('has roles and no scopes, and one name for itself', () => {
    const account = { ...ada, id: 'nightly', kind: 'service' as const };
    const claims = accessToken(engine, facts({ account, roles: ['writer'], scopes: ['orders.read'] }));
    assert.deepEqual([claims.sub, claims.oid, claims.idtyp, claims.roles], [ada.uuid, ada.uuid, 'app', ['writer']]);
    assert.equal('scp' in claims || 'name' in claims, false);
  });

  it('R-031 names an application that is no account as nobody else is named', () => {
    const claims = accessToken({ ...engine, sub: 'web' }, facts({ account: undefined }));
    assert.equal(claims.oid, claims.sub);
    assert.match(String(claims.oid), /^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    assert.notEqual(programId('web'), programId('spa'));
  });
});

describe('a guest', () => {
  const abroad = facts({ tenant: fabrikam, place: place(ORIGIN, fabrikam) });

  it('is known as one, with the roles of the tenant that invited it', () => {
    const { tid, idp, acct, roles, oid } = accessToken(engine, abroad);
    assert.deepEqual([tid, idp, acct, roles], [fabrikam.uuid, `${ORIGIN}/${contoso.uuid}/`, 1, ['auditor']]);
    assert.equal(oid, ada.uuid);
  });

  it('has no user principal name in a token of version 1', () => {
    const claims = accessToken(engine, facts({ tenant: fabrikam, place: place(ORIGIN, fabrikam), api: billing }));
    assert.deepEqual([claims.upn, claims.unique_name], [undefined, 'ada@contoso.example']);
  });
});

describe('an ID token', () => {
  const said = {
    iss: place(ORIGIN, contoso).issuer,
    sub: 's',
    aud: 'web',
    iat: 1,
    exp: 2,
    nonce: 'n',
    sid: 'sid',
    at_hash: 'h',
    org_id: 'x',
  };

  it('R-032 tells of the person what the scopes cover', () => {
    const all = idToken?.(said, facts());
    assert.deepEqual([all?.name, all?.oid, all?.tid, all?.email], ['Ada Byron', ada.uuid, contoso.uuid, 'ada@contoso.example']);
    assert.deepEqual([all?.nonce, all?.sid, all?.nbf, all?.ver, all?.roles], ['n', 'sid', 1, '2.0', ['buyer']]);
    const bare = idToken?.(said, facts({ scopes: ['openid'] })) ?? {};
    assert.equal(
      ['name', 'oid', 'preferred_username', 'email', 'org_id'].some((name) => name in bare),
      false,
    );
  });

  it('is of version 1 after a sign-in at its endpoints', () => {
    const { iss, ver, upn, unique_name, given_name, oid, preferred_username } =
      idToken?.(said, facts({ asked: noted({ older: true }) ?? '', api: undefined })) ?? {};
    assert.deepEqual([iss, ver, oid], [`${ORIGIN}/${contoso.uuid}/`, '1.0', ada.uuid]);
    assert.deepEqual([upn, unique_name, given_name], ['ada@contoso.example', 'ada@contoso.example', 'Ada']);
    assert.equal(preferred_username, undefined);
    const strong = idToken?.({ ...said, acr: 'strong' }, facts({ asked: noted({ older: true }) ?? '' }));
    assert.equal(strong?.acr, 'strong');
  });

  it('has the hash of an access token at the authorization endpoint alone', () => {
    assert.equal('at_hash' in (idToken?.(said, facts()) ?? {}), false);
    assert.equal(idToken?.(said, facts({ grantType: undefined }))?.at_hash, 'h');
  });
});

describe('names of people', () => {
  it('are one oid everywhere, and another sub for each application', () => {
    assert.notEqual(subject(ada, 'web'), subject(ada, 'spa'));
    assert.match(subject(ada, 'web'), /^[\w-]{43}$/);
    assert.equal(accessToken(engine, facts()).oid, accessToken(engine, facts({ client: spa })).oid);
  });

  it('are kept by people who moved here', () => {
    const moved = { ...ada, subjects: { entra: '6d7e14f0-0000-4000-8000-a39bb12e3000' } };
    const { oid, sub } = accessToken(engine, facts({ account: moved }));
    assert.deepEqual([oid, sub], [moved.subjects.entra, moved.subjects.entra]);
  });

  it('are the same in client_info, with the tenant at home', () => {
    assert.deepEqual(JSON.parse(Buffer.from(clientInfo(ada), 'base64url').toString()), { uid: ada.uuid, utid: contoso.uuid });
  });
});

describe('a published key', () => {
  it('S3.3 has its certificate, both names and its issuer, and no algorithm', () => {
    const jwk = { kty: 'RSA', use: 'sig', kid: 'k', alg: 'RS256', n: 'n', e: 'AQAB', x5c: ['MII'], x5t: 'k' };
    const { alg: _alg, ...rest } = jwk;
    assert.deepEqual(key?.(jwk, place(ORIGIN, contoso)), { ...rest, issuer: `${ORIGIN}/${contoso.uuid}/v2.0` });
  });
});
