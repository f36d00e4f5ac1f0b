import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ProtectOptions, protect } from '../../steps/protect/protect.ts';
import {
  organizationId,
  otherProjectId,
  projectId,
  startZitadel,
  zitadelAnswer,
  zitadelIssuer,
  zitadelToken,
} from './shapes.fixtures.test.ts';
import { bearing, type Json, signed } from './vendor.fixtures.test.ts';
import { type ZitadelOptions, zitadel } from './zitadel.ts';

const urn = 'urn:zitadel:iam';

describe('an API behind Zitadel', () => {
  let stage: Awaited<ReturnType<typeof startZitadel>>;
  before(async () => {
    stage = await startZitadel();
  });
  after(() => stage.close());

  const guardOf = (options: Partial<ZitadelOptions> = {}, more: Partial<ProtectOptions> = {}) =>
    protect({
      provider: zitadel({ issuer: zitadelIssuer, ...options }),
      audience: projectId,
      introspection: { clientId: '305211467129991169@shop', clientSecret: 'AbC123' },
      fetch: stage.fetch,
      ...more,
    });
  let count = 0;
  const ask = (answer: Json, guard = guardOf()) => {
    const token = `opaque-${count++}`;
    stage.answers.set(token, answer);
    return guard(bearing(token));
  };
  const show = (claims: Json, options: Partial<ZitadelOptions> = {}) =>
    guardOf({ accessTokens: 'jwt', projectId, ...options })(bearing(signed(stage.key, { typ: 'JWT' }, claims)));

  it('S1.11 knows the service user behind a personal access token, which has no client of its own', async () => {
    const { issuer, subject, kind, client, organization, roles, expiresAt } = await ask(zitadelAnswer());
    assert.deepEqual(
      { issuer, subject, kind, client, organization, roles },
      {
        issuer: zitadelIssuer,
        subject: '305211467129880577',
        kind: 'service',
        client: '305211467129880577',
        organization: organizationId,
        roles: ['read:messages', 'support'],
      },
    );
    assert.equal(expiresAt.getUTCFullYear(), 10_000);
  });

  it('S1.11 knows a person, and a service user with client credentials', async () => {
    const person = await ask(zitadelAnswer({ client_id: '305211467129991169@shop', username: 'ada', sub: '77776025198584418' }));
    assert.deepEqual([person.kind, person.client], ['person', '305211467129991169@shop']);
    assert.equal((await ask(zitadelAnswer({ client_id: 'ci-bot' }))).kind, 'service');
    // Whoever takes an application's id for a user name is still a person.
    assert.equal((await ask(zitadelAnswer({ client_id: '305211467129991169', username: '305211467129991169' }))).kind, 'person');
  });

  it('R-098 counts the roles of the asking project, or of the one that is configured, and no other’s', async () => {
    const answer = zitadelAnswer({ [`${urn}:org:project:${otherProjectId}:roles`]: { admin: { [organizationId]: 'acme.example' } } });
    assert.deepEqual((await ask(answer)).roles, ['read:messages', 'support']);
    assert.deepEqual((await ask(answer, guardOf({ projectId: otherProjectId }))).roles, ['admin']);
    assert.deepEqual((await ask(answer, guardOf({ projectId: '1' }))).roles, []);
  });

  it('R-098 counts only roles that are held in the configured organization', async () => {
    assert.deepEqual((await ask(zitadelAnswer(), guardOf({ organizationId }))).roles, ['read:messages']);
    assert.deepEqual((await ask(zitadelAnswer(), guardOf({ organizationId: '305211467129889999' }))).roles, ['support']);
    assert.deepEqual((await ask(zitadelAnswer(), guardOf({ organizationId: 'toString' }))).roles, []);
  });

  it('S1.6 B1.4 has no roles where the claim is absent, and takes nothing else for roles', async () => {
    const name = `${urn}:org:project:roles`;
    assert.deepEqual((await ask(zitadelAnswer({ [name]: undefined }))).roles, []);
    for (const held of [{ admin: {} }, { admin: null }, { admin: true }, { admin: 'acme' }, { admin: [] }, 5, null])
      assert.deepEqual((await ask(zitadelAnswer({ [name]: held }))).roles, [], JSON.stringify(held));
  });

  it('takes the organization from the resource owner, and not from the claim that repeats a scope', async () => {
    const claims = { [`${urn}:org:id`]: '999', [`${urn}:user:resourceowner:id`]: undefined };
    assert.equal((await ask(zitadelAnswer(claims))).organization, undefined);
  });

  it('S1.12 refuses a token of another project', async () => {
    await assert.rejects(ask({ active: false }), { code: 'token_invalid', status: 401 });
    await assert.rejects(ask(zitadelAnswer({ aud: [otherProjectId] })), { code: 'token_invalid', message: /aud/ });
  });

  it('takes JWTs by keys where that is asked for, without a scope claim and with the roles of its project alone', async () => {
    const { subject, kind, client, roles, scopes, organization } = await show(zitadelToken());
    assert.deepEqual(
      { subject, kind, client, roles, scopes, organization },
      {
        subject: '77776025198584418',
        kind: 'person',
        client: '305211467129991169@shop',
        roles: ['read:messages', 'support'],
        scopes: [],
        organization: organizationId,
      },
    );
    assert.deepEqual((await show(zitadelToken({ [`${urn}:org:project:${projectId}:roles`]: undefined }))).roles, []);
  });

  it('refuses an ID token, whose audience holds the project too', async () => {
    const idToken = zitadelToken({ at_hash: 'x', azp: '305211467129991169@shop', amr: ['pwd'], jti: undefined });
    for (const claims of [idToken, zitadelToken({ nonce: 'n-1' }), zitadelToken({ c_hash: 'x' }), zitadelToken({ jti: undefined })])
      await assert.rejects(show(claims), { code: 'token_invalid', message: /ID token/ });
  });

  it('R-098 checks no JWT by keys unless that was asked for, since its roles could be another project’s', async () => {
    const guard = guardOf({}, { introspection: { clientId: 'api', clientSecret: 'AbC123', tokens: 'opaque' } });
    await assert.rejects(guard(bearing(signed(stage.key, { typ: 'JWT' }, zitadelToken()))), { code: 'token_invalid', message: /by keys/ });
  });

  it('refuses a JWT of no client: only what Zitadel was asked about may have none', async () => {
    await assert.rejects(show(zitadelToken({ client_id: undefined })), { code: 'token_invalid', message: /client/ });
  });

  it('asks about opaque tokens and reads JWTs itself where both are allowed', async () => {
    const guard = guardOf({ accessTokens: 'by-form', projectId });
    assert.equal((await ask(zitadelAnswer(), guard)).kind, 'service');
    const asked = stage.asked.filter((address) => address.endsWith('/introspect')).length;
    assert.equal((await guard(bearing(signed(stage.key, { typ: 'JWT' }, zitadelToken())))).kind, 'person');
    assert.equal(stage.asked.filter((address) => address.endsWith('/introspect')).length, asked);
  });

  it('says at construction what Zitadel’s issuer is, and that JWTs need a project', () => {
    for (const issuer of [`${zitadelIssuer}/`, `${zitadelIssuer}/oauth/v2`, 'acme.zitadel.example', 'HTTPS://acme.zitadel.example'])
      assert.throws(() => zitadel({ issuer }), { name: 'TypeError', message: /issuer/ }, issuer);
    for (const accessTokens of ['jwt', 'by-form'] as const)
      assert.throws(() => zitadel({ issuer: zitadelIssuer, accessTokens }), { name: 'TypeError', message: /projectId/ });
    assert.throws(() => zitadel({ issuer: zitadelIssuer, organizationId: '' }), TypeError);
  });
});
