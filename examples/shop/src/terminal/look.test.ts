import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import stringWidth from 'fast-string-width';
import type { ToolResult } from './events.ts';
import { createFlow } from './flow.ts';
import { createLook, factLines, resultTable, toolLine } from './look.ts';

const lookOf = (columns: number, colour = false) => createLook(Object.assign(new PassThrough(), { columns }), { colour });
const result: ToolResult = { type: 'tool-result', id: '1', tool: 'order_status', ranAs: 'Ada Brandt', rows: 0, ms: 9.2 };

function flowed(columns: number, ...chunks: string[]): string {
  let text = '';
  const flow = createFlow(
    (part) => {
      text += part;
    },
    () => columns,
  );
  for (const chunk of chunks) flow.push(chunk);
  flow.end();
  return text;
}

describe('the look of the terminal', () => {
  it('uses the sixteen named colours only', () => {
    const line = toolLine(result, lookOf(80, true)).replaceAll('\u001b[', '‹');
    assert.equal(line, '  ‹1morder_status‹22m‹32m  ran as Ada Brandt‹39m‹31m  0 rows‹39m‹2m, 9 ms‹22m');
  });

  it('uses none when there is to be no colour', () => {
    assert.equal(toolLine(result, lookOf(80)), '  order_status  ran as Ada Brandt  0 rows, 9 ms');
  });

  it('wraps an answer at word ends, however it is cut into chunks', () => {
    assert.equal(
      flowed(20, 'You have three or', 'ders. 10', '42 is on its way.\n\nAnything else?'),
      '  You have three\n  orders. 1042 is on\n  its way.\n\n  Anything else?\n',
    );
  });

  it('keeps every line within the terminal', () => {
    const table = { columns: ['product', 'price'], rows: [['Wide 日本語 mug with a long name', '€12.00']] };
    for (const columns of [24, 40, 88]) {
      const lines = [
        ...resultTable(table, lookOf(columns)).split('\n'),
        ...factLines([['scopes', 'openid profile email orders:read orders:write']], lookOf(columns)),
      ];
      for (const line of lines) assert.ok(stringWidth(line) <= columns, line);
    }
  });

  it('shows one fact a line where a table is too wide, and leaves nothing out', () => {
    const text = resultTable({ columns: ['order', 'status'], rows: [['1042', 'On its way to you']] }, lookOf(26));
    assert.match(text, /order +1042\n {4}status +On its/);
    assert.equal(text.replace(/\s+/g, ' ').trim(), 'order 1042 status On its way to you');
  });

  it('says how many rows it does not show', () => {
    const rows = Array.from({ length: 43 }, (_, at) => [String(at)]);
    assert.match(resultTable({ columns: ['n'], rows }, lookOf(80)), /… and 3 rows more$/);
  });
});
