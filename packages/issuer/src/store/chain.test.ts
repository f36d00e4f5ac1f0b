import assert from 'node:assert/strict';
import { it } from 'node:test';
import pg from 'pg';
import { readHead, sealEvents, verifyEvents } from './chain.ts';
import type { Statement, Store } from './database.ts';
import { eventRow, insertEvents, ipPrefix, recordEvent } from './events.ts';
import { onBothEngines } from './stores.fixtures.test.ts';

const statement = (text: string): Statement => ({ name: text.slice(0, 60), text });

onBothEngines('R-145 the audit log', (fixture) => {
  const record = (count: number, store: Store = fixture.store()) =>
    Promise.all(
      Array.from({ length: count }, (_, index) => recordEvent(store.run, { type: 'login.ok', outcome: 'ok', actor: `usr_${index}` })),
    );
  const findings = async () => (await verifyEvents(fixture.store())).findings;

  it('R-145 is whole when nobody touched it, with one place for each event', async () => {
    await record(20);
    await Promise.all([sealEvents(fixture.store()), sealEvents(fixture.store())]);
    await record(3);
    const report = await verifyEvents(fixture.store());
    assert.deepEqual(report.findings, []);
    assert.equal(report.events, 23);
  });

  it('R-145 refuses a statement of the issuer that would change or remove an event', {
    skip: fixture.engine === 'postgres' && 'a superuser here; see migrate.test.ts',
  }, async () => {
    for (const text of [
      'update issuer.event set type = $$x$$',
      'delete from issuer.event',
      'truncate issuer.event',
      'delete from issuer.event_chain',
    ]) {
      await assert.rejects(fixture.store().run(statement(text), []), { code: '42501' }, text);
    }
  });

  it('writes several events inside another statement', async () => {
    const rows = [eventRow({ type: 'code.replayed', outcome: 'refused' }), eventRow({ type: 'refresh.reused', outcome: 'refused' })];
    await fixture.store().run(statement(`with recorded as (${insertEvents('$1')}) select 1`), [JSON.stringify(rows)]);
    const [row] = await fixture
      .store()
      .run<{ n: number }>(statement(`select count(*)::int as n from issuer.event where outcome = 'refused'`), []);
    assert.equal(row?.n, 2);
  });

  it('takes its time from the database', async () => {
    const [row] = await fixture
      .store()
      .run<{ late: number }>(statement('select max(extract(epoch from now() - at))::float8 as late from issuer.event'), []);
    assert.ok(row !== undefined && row.late >= 0 && row.late < 60);
  });

  it('R-145 shows that the newest events were cut off to whoever noted its end', async () => {
    await sealEvents(fixture.store());
    const noted = await readHead(fixture.store().run);
    assert.deepEqual((await verifyEvents(fixture.store(), noted)).findings, []);
    const later = { position: noted.position + 5, hash: noted.hash };
    assert.match((await verifyEvents(fixture.store(), later)).findings.join(), /cut off/);
  });

  if (fixture.engine === 'postgres') {
    // As somebody with all rights over the server would: the test's superuser.
    const attacks: readonly (readonly [what: string, sql: string, finding: RegExp])[] = [
      [
        'an event was changed',
        `update issuer.event set actor = 'usr_x' where id = (select event_id from issuer.event_chain where position = 3)`,
        /was changed/,
      ],
      [
        'the time of an event was changed',
        `update issuer.event set at = at - interval '1 second' where id = (select event_id from issuer.event_chain where position = 4)`,
        /was changed/,
      ],
      [
        'an event was removed',
        `delete from issuer.event where id = (select event_id from issuer.event_chain where position = 5)`,
        /was removed/,
      ],
      [
        'an event was slipped in with an old time',
        `insert into issuer.event (id, at, type, outcome) values ('evt_forged', now() - interval '1 day', 'login.ok', 'ok')`,
        /evt_forged.*slipped in/,
      ],
      ['a place was removed from the chain', `delete from issuer.event_chain where position = 7`, /positions 7 to 7 are missing/],
      [
        'two events changed places',
        `update issuer.event_chain set event_id = case position when 8 then (select event_id from issuer.event_chain where position = 9) end || '' where position = 8`,
        /was changed, or the chain/,
      ],
    ];
    for (const [what, sql, finding] of attacks) {
      it(`R-145 shows that ${what}`, async () => {
        const client = new pg.Client({ connectionString: fixture.databaseUrl });
        await client.connect();
        try {
          await client.query('begin');
          await client.query('alter table issuer.event_chain drop constraint if exists event_chain_event_id_key');
          await client.query(sql);
          await client.query('commit');
        } finally {
          await client.end();
        }
        assert.match((await findings()).join('\n'), finding);
      });
    }
  }
});

onBothEngines('an event', (fixture) => {
  it('R-145 keeps no secret, even when a caller passes one by mistake', async () => {
    const token = `sc_rt_${'a'.repeat(46)}`;
    const jwt = `eyJhbGciOiJFUzI1NiJ9.${'b'.repeat(40)}.${'c'.repeat(40)}`;
    await recordEvent(fixture.store().run, {
      type: 'x',
      outcome: 'failed',
      reason: `bad ${token}`,
      details: { seen: jwt, list: [token], hash: '$argon2id$v=19$m=1$abc$def' },
    });
    const rows = await fixture.store().run(statement('select row_to_json(e)::text as text from issuer.event e'), []);
    assert.doesNotMatch(JSON.stringify(rows), /aaaa|bbbb|argon2id/);
    assert.match(JSON.stringify(rows), /\[secret\]/);
  });

  it('keeps the network of an address only', () => {
    assert.equal(ipPrefix('203.0.113.77'), '203.0.113.0/24');
    assert.equal(ipPrefix('::ffff:203.0.113.77'), '203.0.113.0/24');
    assert.equal(ipPrefix('2001:db8:1:2:3::4'), '2001:db8:1::/48');
    assert.equal(ipPrefix('::1'), '0:0:0::/48');
    assert.equal(ipPrefix('not an address'), null);
  });

  it('cannot forge a second line or break the database with control characters', async () => {
    await recordEvent(fixture.store().run, { type: 'x', outcome: 'ok', reason: 'a\u0000b\nc\u007f\ud800' });
    const [row] = await fixture.store().run(statement(`select reason from issuer.event where reason like 'ab%'`), []);
    assert.equal(row?.reason, 'abc\ufffd');
  });
});
