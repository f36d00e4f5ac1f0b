import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { inspect } from 'node:util';
import { applyConfiguration } from '../configuration/apply.ts';
import { setApplicationDisabled } from '../orgs/applications.ts';
import { hashOf, kindOf } from '../secrets/token-format.ts';
import type { Row } from '../store/database.ts';
import { onBothEngines } from '../store/stores.fixtures.test.ts';
import { createAccessToken, findAccessToken, listAccessTokens, type NewAccessToken, revokeAccessToken } from './access-tokens.ts';
import { createServiceUser } from './service-users.ts';
import { disableUser } from './users.ts';

const SHOP = 'https://api.shop.example';
const MAIL = 'https://api.mail.example';
const DAY = 86_400_000;
const declared = {
  organizations: [{ id: 'o', name: 'O' }],
  projects: [
    {
      id: 'p',
      organization: 'o',
      name: 'P',
      apis: [
        { id: 'shop-api', name: 'Shop', resource: SHOP, scopes: { 'orders:read': 'Read' } },
        { id: 'mail-api', name: 'Mail', resource: MAIL, scopes: { 'mail:send': 'Send' } },
        { id: 'old-api', name: 'Old', resource: 'https://old.example', scopes: {} },
      ],
      applications: [{ id: 'app', name: 'App', kind: 'spa' as const }],
    },
  ],
  users: [{ id: 'usr_ada', organization: 'o', email: 'ada@o.example' }],
};

onBothEngines('personal access tokens', (fixture) => {
  before(async () => {
    await applyConfiguration(fixture.store(), declared, { mode: 'development' });
    await fixture.store().transaction(async (run) => {
      await createServiceUser(run, { id: 'svc_bot', organizationId: 'o', name: 'Bot' });
      await setApplicationDisabled(run, 'old-api', true);
    });
  });

  const create = (more: Partial<NewAccessToken> = {}) =>
    fixture.store().transaction((run) =>
      createAccessToken(run, {
        ...{ userId: 'svc_bot', name: 'CI', resources: [SHOP], scopes: ['orders:read'], createdBy: 'usr_ada' },
        ...more,
      }),
    );
  const list = (userId: string) => listAccessTokens(fixture.store().run, userId);

  it('R-141 shows a token once, and keeps its SHA-256 and its first 11 characters only', async () => {
    const { token, metadata } = await create();
    const value = token.reveal();
    assert.equal(kindOf(value), 'pat');
    assert.equal(metadata.prefix, value.slice(0, 11));
    const rows = await fixture.store().run<Row>({ name: 'all', text: 'select to_jsonb(t) as row from issuer.personal_access_token t' }, []);
    const kept = JSON.stringify(rows);
    assert.ok(kept.includes(hashOf(value)) && !kept.includes(value.slice(7)) && !kept.includes(value.slice(11)));
    assert.ok(!inspect({ token, metadata }).includes(value) && !JSON.stringify({ token, metadata }).includes(value));
  });

  it('R-141 lists what its owner must know, and ends in 90 days unless it is said otherwise', async () => {
    const { metadata } = await create({ userId: 'usr_ada', name: ' Laptop ', scopes: undefined });
    const { id, expiresAt, createdAt, prefix, ...told } = metadata;
    assert.deepEqual(told, {
      userId: 'usr_ada',
      name: 'Laptop',
      resources: [SHOP],
      scopes: [],
      createdBy: 'usr_ada',
      lastUsedAt: undefined,
    });
    assert.ok(Math.abs(expiresAt.getTime() - createdAt.getTime() - 90 * DAY) < 60_000);
    assert.deepEqual(await list('usr_ada'), [metadata]);
    assert.deepEqual(await findAccessToken(fixture.store().run, id), metadata);
    assert.equal(await findAccessToken(fixture.store().run, prefix), undefined);
  });

  it('R-141 refuses a scope that none of its APIs knows, and takes one that any of them knows', async () => {
    await assert.rejects(create({ scopes: ['orders:read', 'mail:send'] }), { name: 'Refused', reason: 'invalid', message: /mail:send/ });
    await assert.rejects(create({ scopes: ['Orders:read'] }), { reason: 'invalid' });
    const { metadata } = await create({ resources: [SHOP, MAIL, SHOP], scopes: ['orders:read', 'mail:send', 'mail:send'] });
    assert.deepEqual(
      [metadata.resources, metadata.scopes],
      [
        [SHOP, MAIL],
        ['orders:read', 'mail:send'],
      ],
    );
  });

  const refused: readonly (readonly [what: string, wanted: Partial<NewAccessToken>, reason: string])[] = [
    ['a token for no API at all', { resources: [] }, 'invalid'],
    ['a token for an API that is not there', { resources: ['https://none.example'] }, 'invalid'],
    ['a token for an API that is disabled', { resources: ['https://old.example'], scopes: [] }, 'invalid'],
    ['R-141 an end that is past', { expiresAt: new Date(Date.now() - 1) }, 'invalid'],
    ['R-141 an end that is no time', { expiresAt: new Date(Number.NaN) }, 'invalid'],
    ['R-141 an end that is more than 366 days away', { expiresAt: new Date(Date.now() + 367 * DAY) }, 'invalid'],
    ['a token without a name', { name: '  ' }, 'invalid'],
    ['a token of nobody', { userId: 'usr_nobody' }, 'unknown'],
    ['a token of an application that is no service user', { userId: 'app' }, 'unknown'],
  ];
  for (const [what, wanted, reason] of refused) {
    it(`refuses ${what}`, async () => {
      await assert.rejects(create(wanted), { name: 'Refused', reason });
    });
  }

  it('ends a token by its id, once, and leaves the others', async () => {
    const [{ metadata: one }, { metadata: other }] = [await create(), await create()];
    const revoke = (id: string) => fixture.store().transaction((run) => revokeAccessToken(run, id));
    assert.equal((await revoke(one.id))?.id, one.id);
    assert.equal(await revoke(one.id), undefined);
    const left = (await list('svc_bot')).map(({ id }) => id);
    assert.ok(left.includes(other.id) && !left.includes(one.id));
  });

  it('ends the tokens of a user who is disabled, and makes it no new ones', async () => {
    await fixture.store().transaction((run) => createServiceUser(run, { id: 'svc_off', organizationId: 'o', name: 'Off' }));
    await create({ userId: 'svc_off' });
    await disableUser(fixture.store(), 'svc_off', 'usr_ada');
    assert.deepEqual(await list('svc_off'), []);
    await assert.rejects(create({ userId: 'svc_off' }), { reason: 'conflict', message: /disabled/ });
  });

  it('leaves no token to a user who is disabled while tokens are being made', async () => {
    await fixture.store().transaction((run) => createServiceUser(run, { id: 'svc_race', organizationId: 'o', name: 'Race' }));
    const made = Array.from({ length: 6 }, () => create({ userId: 'svc_race' }));
    const all = [...made.slice(0, 3), disableUser(fixture.store(), 'svc_race', 'usr_ada'), ...made.slice(3)];
    for (const { status, reason } of (await Promise.allSettled(all)) as { status: string; reason?: unknown }[])
      assert.ok(status === 'fulfilled' || (reason as { reason?: string }).reason === 'conflict', String(reason));
    assert.deepEqual(await list('svc_race'), []);
  });
});
