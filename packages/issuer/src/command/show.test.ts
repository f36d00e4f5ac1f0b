import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { factLines, tableLines } from './show.ts';

const things = [
  { id: 'usr_ada', name: 'Ada', lastUsedAt: '2026-11-22T12:00:30.000Z', roles: ['a', 'b'], locale: null },
  { id: 'usr_jörg', name: null, lastUsedAt: null, roles: [], locale: null },
];

describe('answers in the terminal', () => {
  it('are an aligned table without columns in which nothing stands', () => {
    assert.deepEqual(tableLines(things), [
      'id         name   last used at           roles',
      'usr_ada    Ada    2026-11-22 12:00 UTC   a, b',
      'usr_jörg   -      -                      -',
    ]);
  });

  it('name the first of many in a table, and all of them in the facts', () => {
    const scopes = Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`messages:${at}`, 'Does something']));
    const [, row = ''] = tableLines([{ id: 'api', scopes, note: 'x'.repeat(200) }]);
    assert.match(row, /^api {3}messages:0, messages:1, messages:2, … 9 more {3}x{95}…$/);
    assert.match(factLines({ scopes })[0] ?? '', /messages:11=Does something$/);
  });

  it('are facts where the terminal is too narrow for the table', () => {
    assert.deepEqual(tableLines(things, 40).slice(0, 2), ['  id             usr_ada', '  name           Ada']);
  });

  it('show one thing as its facts, without what is shown apart', () => {
    const lines = factLines({ id: 'api', firstParty: true, scopes: { read: 'Reads' }, secret: 'x' }, ['secret']);
    assert.deepEqual(lines, ['  id            api', '  first party   yes', '  scopes        read=Reads']);
  });

  it('hold nothing that a terminal obeys, whoever chose the name', () => {
    const [line = ''] = factLines({ name: 'Ada\u001b[2J\r\nroot \u202eevil' });
    assert.equal(line, '  name   Ada root  evil');
  });
});
