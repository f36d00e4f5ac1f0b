import type { Row, Run, Statement } from './database.ts';

/** What writing a row did to the table. */
export type Change = 'created' | 'changed' | 'same';

/** Names of a table of ours and its columns. They become SQL text, so they are literals in the code, never input. */
export interface UpsertPlan {
  readonly table: string;
  readonly keys: readonly string[];
  readonly columns: readonly string[];
}

/** Makes a function that writes one row if it is new or differs, and says which. Two portable statements at most. */
export function upserter({ table, keys, columns }: UpsertPlan): (run: Run, row: Row) => Promise<Change> {
  const all = [...keys, ...columns];
  const place = (column: string) => `$${all.indexOf(column) + 1}`;
  const insert: Statement = {
    name: `insert ${table}`,
    text: `insert into ${table} (${all.join(', ')}) values (${all.map(place).join(', ')}) on conflict (${keys.join(', ')}) do nothing returning 1 as done`,
  };
  const update: Statement = {
    name: `update ${table}`,
    text: `update ${table} set ${columns.map((column) => `${column} = ${place(column)}`).join(', ')}
      where ${keys.map((key) => `${key} = ${place(key)}`).join(' and ')}
      and (${columns.map((column) => `${column} is distinct from ${place(column)}`).join(' or ')}) returning 1 as done`,
  };
  return async (run, row) => {
    const values = all.map((column) => row[column] ?? null);
    if ((await run(insert, values)).length > 0) return 'created';
    return columns.length > 0 && (await run(update, values)).length > 0 ? 'changed' : 'same';
  };
}
