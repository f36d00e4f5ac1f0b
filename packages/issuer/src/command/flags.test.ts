import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Command } from 'commander';
import { z } from 'zod';
import { fieldsOf } from './fields.ts';
import { addFlag, readFlags, timeOf } from './flags.ts';
import type { Terminal } from './terminal.ts';

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

describe('pairs on the command line', () => {
  const read = async (...typed: readonly string[]) => {
    const field = fieldsOf(z.object({ metadata: z.record(z.string(), z.string()).optional() }))[0];
    assert.ok(field);
    const command = new Command().exitOverride().configureOutput({ writeErr: () => {} });
    addFlag(command, field);
    command.parse([...typed], { from: 'user' });
    return readFlags([field], command.opts(), {} as Terminal);
  };

  it('are names and texts, an empty text alone is none, and left out they are not sent', async () => {
    assert.deepEqual(await read('--metadata', 'team=blue', '--metadata', 'motto=a=b'), { metadata: { team: 'blue', motto: 'a=b' } });
    assert.deepEqual(await read('--metadata', ''), { metadata: {} });
    assert.deepEqual(await read(), {});
  });

  it('are refused without a name or a text', async () => {
    for (const text of ['team', '=blue', 'team=']) await assert.rejects(read('--metadata', text), /Write name=text/);
  });
});
