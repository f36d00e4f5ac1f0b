import assert from 'node:assert/strict';
import { createSecretKey, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { addNote, noteOf, REMEMBERED, readNotes } from './known-browsers.ts';
import { emailBucket, forgotten, networkBucket, networkOf, rules } from './throttle.ts';
import { createTurns } from './turns.ts';

const key = createSecretKey(randomBytes(32));
const NOW = Date.parse('2026-11-22T12:00:00Z');

describe('the throttle', () => {
  it('R-052 pauses longer and longer, and closes after 100 failures in a row', () => {
    const { pauses, closedAt } = rules.email;
    assert.deepEqual(pauses.slice(0, 4), [0, 0, 0, 0], 'people mistype');
    assert.ok(pauses.every((pause, at) => at === 0 || pause >= (pauses[at - 1] ?? 0)));
    assert.equal(pauses.at(-1), 900);
    assert.ok(closedAt <= 100);
  });

  it('R-052 counts an IPv6 caller by its /64 and an IPv4 caller by its address', () => {
    assert.equal(networkOf('2001:db8:1:2:3:4:5:6'), networkOf('2001:DB8:1:2:ffff::1'));
    assert.notEqual(networkOf('2001:db8:1:2::1'), networkOf('2001:db8:1:3::1'));
    assert.equal(networkOf('2001:db8::1'), '2001:db8:0:0');
    assert.equal(networkOf('::1'), '0:0:0:0');
    assert.equal(networkOf('::ffff:203.0.113.9'), '203.0.113.9');
    assert.notEqual(networkOf('203.0.113.9'), networkOf('203.0.113.10'));
  });

  it('R-052 counts one e-mail however it is written, and names nobody', () => {
    assert.equal(emailBucket(key, ' Ada@Shop.Example').id, emailBucket(key, 'ada@shop.example').id);
    assert.doesNotMatch(emailBucket(key, 'ada@shop.example').id, /ada/);
    assert.doesNotMatch(networkBucket(key, '203.0.113.9').id, /203/);
    assert.notEqual(emailBucket(key, 'x').id, emailBucket(createSecretKey(randomBytes(32)), 'x').id);
  });

  it('R-052 forgets old failures, but never opens a closed account by waiting', () => {
    const year = 365 * 86_400_000;
    assert.equal(forgotten('email', { failures: 99, lastFailedAt: NOW - year, pausedUntil: 0 }, { now: NOW }), true);
    assert.equal(forgotten('email', { failures: 100, lastFailedAt: NOW - year, pausedUntil: 0 }, { now: NOW }), false);
    assert.equal(
      forgotten('email', { failures: 100, lastFailedAt: NOW - year, pausedUntil: 0 }, { now: NOW, since: NOW - 1 }),
      true,
      'a new password does',
    );
    assert.equal(forgotten('network', { failures: 500, lastFailedAt: NOW - 3_601_000, pausedUntil: 0 }, { now: NOW }), true);
  });
});

describe('known browsers', () => {
  const ada = { userId: 'usr_ada', passwordChangedAt: 1 };
  const ben = { userId: 'usr_ben', passwordChangedAt: 1 };

  it('R-052 knows a browser again, for the person who signed in there', () => {
    const notes = readNotes(addNote([], ada, { key, now: NOW }));
    assert.ok(noteOf(notes, ada, { key, now: NOW + 86_400_000 }));
    assert.equal(noteOf(notes, ben, { key, now: NOW }), undefined);
  });

  it('forgets it when the password changes, when it is too old, or when it was made up', () => {
    const cookie = addNote([], ada, { key, now: NOW });
    assert.equal(noteOf(readNotes(cookie), { ...ada, passwordChangedAt: 2 }, { key, now: NOW }), undefined);
    assert.equal(noteOf(readNotes(cookie), ada, { key, now: NOW + (REMEMBERED + 2 * 86_400) * 1000 }), undefined);
    assert.equal(noteOf(readNotes(cookie), ada, { key: createSecretKey(randomBytes(32)), now: NOW }), undefined);
    assert.deepEqual(readNotes('x~y.z~<script>'), []);
    assert.deepEqual(readNotes(undefined), []);
  });

  it('keeps five people apart, the latest first, and the same name for the same person', () => {
    let cookie = '';
    for (const userId of ['a', 'b', 'c', 'd', 'e', 'f'])
      cookie = addNote(readNotes(cookie), { userId, passwordChangedAt: 1 }, { key, now: NOW });
    assert.equal(readNotes(cookie).length, 5);
    const [first] = readNotes(cookie);
    const again = addNote(readNotes(cookie), { userId: 'f', passwordChangedAt: 1 }, { key, now: NOW + 86_400_000 });
    assert.equal(readNotes(again)[0]?.id, first?.id);
    assert.equal(readNotes(again).length, 5);
  });
});

describe('turns', () => {
  it('lets one go at a time per name, in order, and turns away a crowd', async () => {
    const turns = createTurns(2);
    const first = await turns.take('x');
    const order: string[] = [];
    const waiting = ['second', 'third'].map(async (name) => {
      const turn = await turns.take('x');
      order.push(name);
      turn?.leave();
      return turn?.waited;
    });
    assert.equal(await turns.take('x'), undefined, 'two wait already');
    assert.equal((await turns.take('y'))?.waited, false, 'another name is free');
    first?.leave();
    assert.deepEqual(await Promise.all(waiting), [true, true]);
    assert.deepEqual(order, ['second', 'third']);
    assert.equal((await turns.take('x'))?.waited, false, 'the line is gone');
  });
});
