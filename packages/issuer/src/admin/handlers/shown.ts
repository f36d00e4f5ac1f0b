/** Steps that many handlers share: a list, one thing, a thing that is there already. */
import { isDeepStrictEqual } from 'node:util';
import type { Row } from '../../store/database.ts';
import type { Call } from '../call.ts';
import type { Listing } from '../lists.ts';
import { oneOf, type Page, pageOf } from '../pages.ts';
import { CallRefused, unknown } from '../problem.ts';

type Asking = Pick<Call, 'run' | 'reach' | 'desk'>;
type ListQuery = { readonly limit: number; readonly sort: string; readonly cursor?: string | undefined };

/** A page of what the caller may see. Members of the query that are filters of the listing filter it; so does `fixed`. */
export function page(
  call: Asking & { readonly query: ListQuery },
  listing: Listing,
  fixed: Readonly<Record<string, string>> = {},
): Promise<Page> {
  const given: Readonly<Record<string, unknown>> = { ...call.query, ...fixed };
  const filters = Object.fromEntries(
    Object.keys(listing.filters).flatMap((name) => (given[name] === undefined ? [] : [[name, String(given[name])]])),
  );
  return pageOf(call.run, listing, { reach: call.reach, filters, query: call.query, cursors: call.desk.cursors });
}

/** The thing with this key. Throws `unknown` when it is not there. */
export async function shown({ run, reach }: Pick<Call, 'run' | 'reach'>, listing: Listing, key: string): Promise<Row> {
  const found = await oneOf(run, listing, { key, reach });
  if (found === undefined) throw unknown(listing.noun, key);
  return found;
}

/**
 * What has this id already, when it is what somebody wants to create: doing it twice is harmless. Throws `conflict` when it
 * is something else.
 */
export async function alreadyThere(
  call: Pick<Call, 'run' | 'reach' | 'unchanged'>,
  listing: Listing,
  { id, ...wanted }: Readonly<Record<string, unknown>> & { readonly id?: string | undefined },
): Promise<Row | undefined> {
  const found = id === undefined ? undefined : await oneOf(call.run, listing, { key: id, reach: call.reach });
  if (found === undefined) return undefined;
  const same = Object.entries(wanted).every(([name, value]) => value === undefined || isDeepStrictEqual(found[name], value));
  if (!same)
    throw new CallRefused('conflict', `${id} is there already, and is not what you want to create: change it, or choose another id`);
  call.unchanged();
  return found;
}
