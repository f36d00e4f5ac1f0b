import assert from 'node:assert/strict';
import { before, beforeEach, it } from 'node:test';
import { applyConfiguration } from '../configuration/apply.ts';
import { onBothEngines } from '../store/stores.fixtures.test.ts';
import { findLinked, link, linksOf, unlink } from './links.ts';

const declared = {
  organizations: [
    { id: 'o', name: 'O' },
    { id: 'other', name: 'Other' },
  ],
  users: [
    { id: 'usr_ada', organization: 'o', email: 'ada@o.example', password: 'plain tea on the quay' },
    { id: 'usr_ben', organization: 'o', email: 'ben@o.example' },
    { id: 'usr_ola', organization: 'other', email: 'ola@other.example' },
  ],
};
const ISSUER = 'https://idp.example';
const text = (sql: string) => ({ name: sql.slice(0, 60), text: sql });

onBothEngines('linked identities', (fixture) => {
  before(async () => {
    await applyConfiguration(fixture.store(), declared, { mode: 'development' });
    for (const [id, organization, signIn] of [
      ['idp', 'o', true],
      ['calendar', 'o', false],
      ['theirs', 'other', true],
    ])
      await run(
        `insert into issuer.connection (id, organization_id, name, preset, sign_in, accounts, client_id) values ($1, $2, $1, 'oidc', $3, true, 'c')`,
        [id, organization, signIn],
      );
  });
  beforeEach(() => run('delete from issuer.linked_identity'));
  const run = (sql: string, values: readonly unknown[] = []) => fixture.store().run(text(sql), values);
  const linkTo = (userId: string, subject: string, { connectionId = 'idp', organizationId = 'o' } = {}) =>
    link(fixture.store().run, { organizationId, issuer: ISSUER, subject, userId, connectionId, name: `${subject} there` });
  const unlinkFrom = (userId: string, subject: string) =>
    fixture.store().transaction((one) => unlink(one, userId, { issuer: ISSUER, subject }));

  it('are found by organization, issuer and subject, to the letter', async () => {
    assert.equal(await linkTo('usr_ada', 'A1'), 'linked');
    const find = (organization: string, issuer: string, subject: string) =>
      findLinked(fixture.store().run, organization, { issuer, subject });
    assert.equal((await find('o', ISSUER, 'A1'))?.userId, 'usr_ada');
    for (const [organization, issuer, subject] of [
      ['other', ISSUER, 'A1'],
      ['o', `${ISSUER}/`, 'A1'],
      ['o', ISSUER.toUpperCase(), 'A1'],
      ['o', ISSUER, 'a1'],
      ['o', ISSUER, 'A1 '],
    ] as const)
      assert.equal(await find(organization, issuer, subject), undefined);
  });

  it('R-148 are one user’s, and stay with them', async () => {
    assert.equal(await linkTo('usr_ada', 'A1'), 'linked');
    assert.equal(await linkTo('usr_ada', 'A1'), 'same');
    assert.equal(await linkTo('usr_ben', 'A1'), 'taken');
    assert.equal(
      await linkTo('usr_ola', 'A1', { connectionId: 'theirs', organizationId: 'other' }),
      'linked',
      'another organization has its own',
    );
    const results = await Promise.all(['usr_ada', 'usr_ben'].map((user) => linkTo(user, 'A2')));
    assert.deepEqual(results.toSorted(), ['linked', 'taken']);
  });

  it('can be unlinked by whoever has them, and by nobody else', async () => {
    await linkTo('usr_ada', 'A1');
    assert.deepEqual(await unlinkFrom('usr_ben', 'A1'), { kind: 'unknown' });
    assert.deepEqual(await unlinkFrom('usr_ada', 'A1'), { kind: 'unlinked', connectionId: 'idp' });
    assert.deepEqual(await linksOf(fixture.store().run, 'usr_ada'), []);
  });

  it('stay when nothing else lets the person in', async () => {
    await linkTo('usr_ben', 'B1');
    assert.deepEqual(await unlinkFrom('usr_ben', 'B1'), { kind: 'last', connectionId: 'idp' });
    await linkTo('usr_ben', 'B2', { connectionId: 'calendar' });
    assert.equal((await unlinkFrom('usr_ben', 'B1')).kind, 'last', 'one at a connection that signs nobody in does not count');
    assert.equal((await unlinkFrom('usr_ben', 'B2')).kind, 'unlinked', 'and may go');
    await linkTo('usr_ben', 'B3');
    await run(`update issuer.connection set disabled_at = now() where id = 'idp'`);
    assert.equal((await unlinkFrom('usr_ben', 'B1')).kind, 'last', 'nor does one at a connection that is off');
    await run(`update issuer.connection set disabled_at = null where id = 'idp'`);
    assert.equal((await unlinkFrom('usr_ben', 'B1')).kind, 'unlinked');
  });

  it('are not all taken away by two who unlink at the same time', async () => {
    await Promise.all([linkTo('usr_ben', 'B1'), linkTo('usr_ben', 'B2')]);
    const results = await Promise.all(['B1', 'B2'].map((subject) => unlinkFrom('usr_ben', subject)));
    assert.deepEqual(results.map(({ kind }) => kind).toSorted(), ['last', 'unlinked']);
  });
});
