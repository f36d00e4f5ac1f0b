import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { timeOf } from './flags.ts';

describe('times on the command line', () => {
  it('are whole times, days in UTC, or days from now', () => {
    assert.equal(timeOf('2027-01-31T12:00:00+02:00'), '2027-01-31T10:00:00.000Z');
    assert.equal(timeOf('2027-01-31'), '2027-01-31T00:00:00.000Z');
    const days = (Date.parse(timeOf('90d')) - Date.now()) / 86_400_000;
    assert.ok(days > 89.99 && days < 90.01);
  });

  for (const text of ['', 'soon', '2027-13-01', '31.01.2027', '2027-01-31T12:00:00', '90'])
    it(`are not "${text}"`, () => assert.throws(() => timeOf(text), /Write a time/));
});
