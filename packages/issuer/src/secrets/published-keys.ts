/** The public halves of keys, without opening the private ones. */
import type { Row, Statement, Store } from '../store/database.ts';

const PUBLISHED: Statement = {
  name: 'published keys',
  text: `select issuer, public_jwk from issuer.signing_key where issuer = any($1::text[])
    order by issuer, case state when 'active' then 0 when 'next' then 1 else 2 end, published_at desc, kid`,
};

/** JWKs by issuer, the signing one first. */
export async function publishedKeys(store: Pick<Store, 'run'>, issuers: readonly string[]): Promise<Map<string, Row[]>> {
  const found = new Map<string, Row[]>();
  for (const { issuer, public_jwk } of await store.run<{ issuer: string; public_jwk: Row }>(PUBLISHED, [issuers]))
    found.set(issuer, [...(found.get(issuer) ?? []), public_jwk]);
  return found;
}
