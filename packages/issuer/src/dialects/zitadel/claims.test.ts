import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KnownApplication } from '../facts.ts';
import { zitadel } from '../zitadel.ts';
import { writeAsked } from './scopes.ts';
import { ada, answerFacts, api, askedFor, bot, facts, origin, stock, urn, web } from './zitadel.fixtures.test.ts';

describe('an access token', () => {
  const engine = {
    ...{ iss: origin, sub: 'usr_ada', aud: api.resource, client_id: web.id, scope: 'openid', jti: 'j', iat: 1, exp: 2 },
  };

  it('is for everybody in the project and says no scopes', () => {
    const claims = zitadel.shapes.accessToken(engine, facts());
    assert.deepEqual(claims.aud, [web.id, api.id, 'shop']);
    assert.ok(!('scope' in claims) && !('name' in claims));
    assert.equal(claims.nbf, 1);
  });

  it('tells roles as objects, with the organization that each is held in', () => {
    const claims = zitadel.shapes.accessToken(engine, facts());
    const roles = {
      'read:messages': { acme: 'acme.example' },
      admin: { acme: 'acme.example' },
      auditor: { globex: 'globex.localhost' },
    };
    assert.deepEqual(claims[`${urn}:org:project:roles`], roles);
    assert.deepEqual(claims[`${urn}:org:project:shop:roles`], roles);
  });

  it('tells only the roles and organizations that were asked for', () => {
    const some = zitadel.shapes.accessToken(
      engine,
      facts({ asked: askedFor(`${urn}:org:project:role:admin`, `${urn}:org:project:role:auditor`) }),
    );
    assert.deepEqual(Object.keys(some[`${urn}:org:project:roles`] ?? {}), ['admin', 'auditor']);
    const within = zitadel.shapes.accessToken(engine, facts({ asked: askedFor(`${urn}:org:roles:id:acme`) }));
    assert.deepEqual(Object.keys(within[`${urn}:org:project:roles`] ?? {}), ['read:messages', 'admin']);
  });

  it('has no roles claim where there is no role', () => {
    const claims = zitadel.shapes.accessToken(engine, facts({ account: { ...ada, roles: {}, guestOf: {} } }));
    assert.deepEqual(
      Object.keys(claims).filter((name) => name.includes('roles')),
      [],
    );
  });

  it('is for another project as long as the application may call it', () => {
    const asked = writeAsked({ scopes: [`${urn}:org:project:id:depot:aud`], projects: { depot: stock.resource } });
    const claims = zitadel.shapes.accessToken(engine, facts({ asked }));
    assert.deepEqual(claims.aud, [web.id, api.id, 'shop', 'depot']);
    assert.deepEqual(claims[`${urn}:org:project:depot:roles`], { picker: { acme: 'acme.example' } });
    const later = zitadel.shapes.accessToken(engine, facts({ asked, client: { ...web, resources: [api.resource] } }));
    assert.deepEqual(later.aud, [web.id, api.id, 'shop']);
    assert.ok(!(`${urn}:org:project:depot:roles` in later));
  });

  it('tells the organization and metadata when asked to, and no organization that is not the bearer’s', () => {
    const claims = zitadel.shapes.accessToken(engine, facts({ asked: askedFor(`${urn}:user:resourceowner`, `${urn}:user:metadata`) }));
    assert.equal(claims[`${urn}:user:resourceowner:id`], 'acme');
    assert.equal(claims[`${urn}:user:resourceowner:name`], 'ACME');
    assert.equal(claims[`${urn}:user:resourceowner:primary_domain`], 'acme.example');
    assert.deepEqual(claims[`${urn}:user:metadata`], { shoe: 'Z3LDtsOfZSAzOA' });
    const same = zitadel.shapes.accessToken(
      engine,
      facts({ asked: askedFor(`${urn}:org:id:acme`, `${urn}:org:domain:primary:ACME.example`) }),
    );
    assert.deepEqual([same[`${urn}:org:id`], same[`${urn}:org:domain:primary`]], ['acme', 'acme.example']);
    const other = zitadel.shapes.accessToken(engine, facts({ asked: askedFor(`${urn}:org:id:globex`) }));
    assert.ok(!(`${urn}:org:id` in other) && !(`${urn}:user:resourceowner:id` in other));
  });

  it('says nothing of a bearer that an application which acts for itself does not have', () => {
    const claims = zitadel.shapes.accessToken(engine, facts({ account: undefined }));
    assert.deepEqual(Object.keys(claims), ['iss', 'sub', 'aud', 'exp', 'iat', 'nbf', 'client_id', 'jti']);
  });
});

describe('an ID token', () => {
  it('S0.9 is for every application of the project, and says which one asked', () => {
    const engine = { iss: origin, sub: 'usr_ada', aud: web.id, at_hash: 'h', nonce: 'n', org_id: 'acme', name: 'Ada Keller' };
    const claims = zitadel.shapes.idToken?.(engine, facts()) ?? {};
    assert.deepEqual(claims.aud, [web.id, api.id, 'shop']);
    assert.deepEqual([claims.azp, claims.client_id, claims.sid, claims.auth_time], [web.id, web.id, 'session-1', 1_767_225_000]);
    assert.deepEqual([claims.amr, claims.at_hash, claims.nonce, claims.name], [['pwd'], 'h', 'n', 'Ada Keller']);
    assert.equal(claims.preferred_username, 'ada@acme.example');
    assert.ok(!('org_id' in claims) && `${urn}:org:project:roles` in claims);
  });
});

describe('userinfo', () => {
  it('has the claims of the scopes, a login name and the roles', () => {
    const claims =
      zitadel.shapes.userinfo?.(
        { sub: 'usr_ada', org_id: 'acme', name: 'Ada Keller' },
        facts({ scopes: ['openid', 'profile', 'phone'] }),
      ) ?? {};
    assert.deepEqual([claims.sub, claims.preferred_username, claims.updated_at], ['usr_ada', 'ada@acme.example', 1_767_225_600]);
    assert.deepEqual([claims.nickname, claims.phone_number, claims.email, claims.org_id], ['ada', '+41441234567', undefined, undefined]);
    assert.ok(`${urn}:org:project:shop:roles` in claims);
  });

  it('answers a service user by what its token was asked with', () => {
    const claims =
      zitadel.shapes.userinfo?.({ sub: 'ci-bot' }, facts({ account: bot, scopes: [], asked: askedFor('openid', 'profile') })) ?? {};
    assert.deepEqual([claims.name, claims.preferred_username], ['CI bot', 'ci-bot']);
  });

  it('refuses in Zitadel’s words', () => {
    const refused = (error: string, error_description = '') =>
      zitadel.answer?.({ route: 'userinfo', status: 401, body: { error, error_description }, headers: {} }, answerFacts());
    assert.deepEqual(refused('invalid_token'), {
      status: 401,
      body: { error: 'access_denied', error_description: 'access token invalid' },
    });
    assert.deepEqual(refused('invalid_token', 'no access token provided'), {
      status: 401,
      body: { error: 'invalid_request', error_description: 'access token missing' },
    });
    assert.equal(refused('insufficient_scope')?.body.error, 'insufficient_scope');
  });
});

describe('introspection', () => {
  const caller: KnownApplication = { ...web, id: api.id, kind: 'api', resources: [] };
  const engine = {
    ...{
      active: true,
      iss: origin,
      sub: 'usr_ada',
      client_id: web.id,
      aud: api.resource,
      scope: 'openid profile',
      exp: 9,
      iat: 1,
      token_type: 'Bearer',
    },
    ...{ roles: ['admin'], org_id: 'acme' },
  };

  it('S1.11 tells an API who somebody is, by scope, and the roles in its own project', () => {
    const asked = askedFor(`${urn}:user:resourceowner`);
    const claims =
      zitadel.shapes.introspection?.(
        engine,
        facts({ client: caller, asked, scopes: ['openid', 'profile', 'email'], signIn: undefined }),
        web,
      ) ?? {};
    assert.equal(claims.active, true);
    assert.equal(claims.scope, `openid profile email ${urn}:user:resourceowner`);
    assert.deepEqual(claims.aud, [web.id, api.id, 'shop']);
    assert.deepEqual([claims.exp, claims.iat, claims.nbf, claims.iss, claims.client_id], [9, 1, 1, origin, web.id]);
    assert.deepEqual([claims.username, claims.email, claims.email_verified], ['ada@acme.example', 'ada@acme.example', true]);
    assert.deepEqual(Object.keys(claims[`${urn}:org:project:roles`] ?? {}), ['read:messages', 'admin', 'auditor']);
    assert.equal(claims[`${urn}:user:resourceowner:id`], 'acme');
    assert.ok(!('roles' in claims) && !('org_id' in claims) && !(`${urn}:org:project:depot:roles` in claims));
  });

  it('S1.5 tells of a personal access token what Zitadel does: fixed scopes, a role scope each, no client_id', () => {
    const personal = { ...engine, sub: 'ci-bot', client_id: 'ci-bot', jti: 'pat_1' };
    const roles = { shop: ['read:messages'] };
    const claims =
      zitadel.shapes.introspection?.(
        personal,
        facts({ client: caller, account: { ...bot, roles }, scopes: [], roles: ['read:messages'], grantType: 'personal' }),
        undefined,
      ) ?? {};
    assert.equal(claims.scope, `openid profile ${urn}:user:metadata ${urn}:user:resourceowner ${urn}:org:project:role:read:messages`);
    assert.deepEqual(claims.aud, [api.id, 'shop']);
    assert.deepEqual([claims.username, claims.name, claims.jti, claims.client_id], ['ci-bot', 'CI bot', 'pat_1', undefined]);
    assert.deepEqual(claims[`${urn}:org:project:roles`], { 'read:messages': { acme: 'acme.example' } });
  });

  it('S1.6 leaves the roles claim out when the last role is gone', () => {
    const claims =
      zitadel.shapes.introspection?.(
        { ...engine, jti: 'pat_1' },
        facts({ client: caller, account: { ...bot, roles: {} }, roles: [] }),
        undefined,
      ) ?? {};
    assert.ok(!(`${urn}:org:project:roles` in claims));
  });
});

describe('answers of the token endpoint', () => {
  it('name every scope that was granted, and of those of people only what this token has', () => {
    const body = { access_token: 'a', token_type: 'Bearer', scope: 'openid email' };
    const answer = zitadel.answer?.(
      { route: 'token', status: 200, body, headers: {} },
      answerFacts({}, { scopes: ['openid', 'email'], asked: askedFor(`${urn}:user:metadata`) }),
    );
    assert.equal(answer?.body.scope, `openid email ${urn}:user:metadata`);
  });

  it('say of a bad assertion that the grant is not valid, and of other bad credentials that the client is not', () => {
    const body = { error: 'invalid_client', error_description: 'client authentication failed' };
    const answer = { route: 'token' as const, status: 401, body, headers: {} };
    const profile = zitadel.answer?.(answer, answerFacts({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer' }));
    assert.deepEqual([profile?.status, profile?.body.error], [400, 'invalid_grant']);
    const other = zitadel.answer?.(answer, answerFacts({ grant_type: 'client_credentials' }));
    assert.deepEqual([other?.status, other?.body.error], [401, 'invalid_client']);
    const unreadable = { error: 'invalid_request', error_description: 'invalid client_assertion format' };
    const jwt = answerFacts({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer' });
    assert.deepEqual(zitadel.answer?.({ ...answer, status: 400, body: unreadable }, jwt), {
      status: 400,
      body: { error: 'invalid_grant', error_description: 'the assertion is not valid' },
    });
  });

  it('say that an application may not use a grant', () => {
    const body = { error: 'invalid_request', error_description: 'requested grant type is not allowed for this client' };
    const answer = zitadel.answer?.({ route: 'token', status: 400, body, headers: {} }, answerFacts({ grant_type: 'client_credentials' }));
    assert.deepEqual([answer?.status, answer?.body.error], [400, 'unauthorized_client']);
  });

  it('say who proves itself twice, and at introspection who does not at all', () => {
    const said = (route: 'token' | 'introspection', error_description: string) =>
      zitadel.answer?.({ route, status: 400, body: { error: 'invalid_request', error_description }, headers: {} }, answerFacts());
    const twice = said('introspection', 'client authentication must only be provided using one mechanism');
    assert.deepEqual(twice?.body, {
      error: 'invalid_request',
      error_description: 'client authentication must not use more than one method',
    });
    const nobody = said('introspection', 'no client authentication mechanism provided');
    assert.deepEqual([nobody?.status, nobody?.body.error], [401, 'invalid_client']);
    assert.equal(said('token', 'no client authentication mechanism provided')?.status, 400);
  });
});
