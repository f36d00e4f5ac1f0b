/** Lists, page by page. Sorting and filtering go through the names of a `Listing`; what a caller sends is only ever a value. */
import type { Row, Run, Statement } from '../store/database.ts';
import type { Reach } from './caller.ts';
import type { Cursors, Place } from './cursor.ts';
import type { Listing } from './lists.ts';
import { invalid } from './problem.ts';

export interface PageOptions {
  readonly reach: Reach;
  readonly filters: Readonly<Record<string, string | undefined>>;
  readonly query: { readonly limit: number; readonly sort: string; readonly cursor?: string | undefined };
  readonly cursors: Cursors;
}

export interface Page {
  readonly items: readonly Row[];
  readonly next: string | null;
}

/** One page of a list. Throws `invalid` for a cursor that is not of this list, these filters and this order. */
export async function pageOf(run: Run, listing: Listing, { reach, filters, query, cursors }: PageOptions): Promise<Page> {
  const question = JSON.stringify([listing.name, reach, query.sort, Object.entries(filters).toSorted()]);
  const place = query.cursor === undefined ? undefined : cursors.read(query.cursor, question);
  if (query.cursor !== undefined && place === undefined)
    throw invalid(['cursor is not one of this list with these filters and this order: begin again without it']);
  const rows = await run(listStatement(listing, query.sort), valuesOf(listing, { reach, filters, place, limit: query.limit + 1 }));
  const items = rows.slice(0, query.limit);
  const last = items.at(-1);
  const more = rows.length > query.limit && last;
  return { items: items.map(shown), next: more ? cursors.write([String(last.sorted_by), String(last.row_key)], question) : null };
}

/** The thing with this key, within the caller's reach. */
export async function oneOf(run: Run, listing: Listing, { key, reach }: { key: string; reach: Reach }): Promise<Row | undefined> {
  const text = `select ${listing.columns} from ${listing.from} ${joiner(listing)} ${within(listing)} and ${listing.key} = $3`;
  const [row] = await run({ name: `one of ${listing.name}`, text }, [...reachValues(reach), key]);
  return row && shown(row);
}

interface Bounds {
  readonly reach: Reach;
  readonly filters: PageOptions['filters'];
  readonly place: Place | undefined;
  readonly limit: number;
}

function valuesOf(listing: Listing, { reach, filters, place, limit }: Bounds): unknown[] {
  const named = Object.keys(listing.filters).map((name) => filters[name] ?? null);
  return [...reachValues(reach), ...named, place?.[0] ?? null, place?.[1] ?? null, limit];
}

// A caller without an organization reaches nothing: null equals no id.
const reachValues = (reach: Reach): [boolean, string | null] => (reach.everywhere ? [true, null] : [false, reach.organization ?? null]);
const within = ({ organization }: Listing): string => `($1::boolean or ${organization} = $2::text)`;
const joiner = ({ from }: Listing): string => (/ where /.test(from) ? 'and' : 'where');

function listStatement(listing: Listing, sort: string): Statement {
  const down = sort.startsWith('-');
  const order = listing.sorts[down ? sort.slice(1) : sort];
  if (order === undefined) throw new TypeError(`${listing.name} has no order ${sort}: its route must not allow it`);
  const filters = Object.values(listing.filters).map((filter, index) => {
    const place = `$${index + 3}::text`;
    return `and (${place} is null or ${filter.replace('?', `(${place})`)})`;
  });
  const at = filters.length + 3;
  const [direction, beyond] = down ? ['desc', '<'] : ['asc', '>'];
  const text = `select ${listing.columns}, (${order.by})::text as sorted_by, ${listing.key} as row_key from ${listing.from}
    ${joiner(listing)} ${within(listing)} ${filters.join(' ')}
    and ($${at}::text is null or (${order.by}, ${listing.key}) ${beyond} (($${at}::text)::${order.type}, $${at + 1}::text))
    order by ${order.by} ${direction}, ${listing.key} ${direction} limit $${at + 2}::int`;
  return { name: `list of ${listing.name} by ${sort}`, text };
}

function shown({ sorted_by: _sorted, row_key: _key, ...row }: Row): Row {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value instanceof Date ? value.toISOString() : value]));
}
