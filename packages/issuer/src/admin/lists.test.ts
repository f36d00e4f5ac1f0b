/** Lists, what may be asked of them, and what may be sent. */
import assert from 'node:assert/strict';
import { createSecretKey, randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { type Answer, type Caller, send, servant, startAdmin, type World } from './admin.fixtures.test.ts';
import { createCursors } from './cursor.ts';
import { ADMIN_PATH, type RouteId, table } from './routes/table.ts';

let world: World;
let end: () => Promise<void>;
let admin: Caller;
let home: Caller;

before(async () => {
  ({ world, end } = await startAdmin());
  admin = world.as(world.administrator.token);
  for (const id of ['acme', 'beta']) await world.did('organizations.create', { body: { id, name: id } });
  // Two of one name, so that the order needs more than it; names that a database sorts in its own way.
  for (const [index, name] of ['Zoë', 'ada', 'Bob', 'Bob', "O'Neil; --", 'ünal', '_'].entries())
    await world.did('people.create', { body: { organization: 'acme', id: `usr_${index}`, email: `p${index}@acme.example`, name } });
  await world.did('people.create', { body: { organization: 'beta', id: 'usr_beta', email: 'b@beta.example', name: 'Bob' } });
  home = world.as(await servant(world, { id: 'svc_home', organization: 'acme', roles: ['organization-admin'] }));
});
after(() => end());

const refused = ({ status, json }: Answer, problem: RegExp): void => {
  assert.deepEqual([status, json.error], [400, 'invalid_request']);
  assert.match(json.problems.join('\n'), problem);
};

async function walk(call: Caller, id: RouteId, query: Readonly<Record<string, string>>): Promise<string[]> {
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const { status, json } = await call(id, { query: { ...query, ...(cursor !== undefined && { cursor }) } });
    assert.equal(status, 200, json.error_description);
    assert.ok(json.items.length <= Number(query.limit));
    found.push(...json.items.map((item: { id: string }) => item.id));
    cursor = json.next ?? undefined;
  } while (cursor !== undefined);
  return found;
}

describe('a list of the admin API', () => {
  it('R-147 ADM-07 gives everything once, page by page, in each order that the table allows', async () => {
    const whole: string[] = (await admin('people.list', { query: { limit: '200' } })).json.items.map(({ id }: { id: string }) => id);
    for (const sort of ['id', '-id', 'name', '-name', 'email', '-email', 'createdAt', '-createdAt'])
      assert.deepEqual((await walk(admin, 'people.list', { sort, limit: '2' })).toSorted(), whole.toSorted(), sort);
    assert.deepEqual(await walk(admin, 'people.list', { sort: '-id', limit: '3' }), whole.toReversed());
  });

  it('R-147 holds what belongs to the caller’s organization alone, and filters within it', async () => {
    assert.deepEqual(await walk(home, 'people.list', { limit: '3' }), ['usr_0', 'usr_1', 'usr_2', 'usr_3', 'usr_4', 'usr_5', 'usr_6']);
    assert.deepEqual(await walk(home, 'people.list', { limit: '3', organization: 'beta' }), []);
    assert.deepEqual(await walk(admin, 'people.list', { limit: '3', organization: 'beta' }), ['usr_beta']);
    assert.deepEqual(await walk(admin, 'people.list', { limit: '3', email: ' P1@Acme.example'.trim() }), ['usr_1']);
  });

  it('R-147 takes no order, filter or size that the table does not name', async () => {
    refused(await admin('people.list', { query: { sort: 'id; drop table issuer.users' } }), /sort must be one of id, -id/);
    refused(await admin('people.list', { query: { sort: 'password' } }), /sort must be one of/);
    refused(await admin('people.list', { query: { where: '1=1' } }), /does not know where/);
    for (const limit of ['0', '201', '-1', '1e9', 'all', '1.5']) refused(await admin('people.list', { query: { limit } }), /limit must be/);
    const twice = await send(world.port, `${ADMIN_PATH}/people?limit=1&limit=2`, {
      headers: { authorization: `Bearer ${world.administrator.token}` },
    });
    refused(twice, /limit must be given once/);
  });

  it('R-147 takes a cursor back for the same question alone, and none that was made up', async () => {
    const { json } = await admin('people.list', { query: { limit: '2' } });
    const cursor: string = json.next;
    const [body = '', signature = ''] = cursor.split('.');
    const forged = Buffer.from(JSON.stringify(['x', "' or 1=1 --"])).toString('base64url');
    for (const bad of [
      `${forged}.${signature}`,
      `${body}.${'A'.repeat(43)}`,
      body,
      `${body}.`,
      `${cursor}.x`,
      "'",
      '',
      `${cursor}=`,
      'null',
    ])
      refused(await admin('people.list', { query: { limit: '2', cursor: bad } }), /cursor is not one of this list/);
    for (const query of [{ sort: '-id' }, { sort: 'name' }, { organization: 'acme' }, { state: 'active' }])
      refused(await admin('people.list', { query: { limit: '2', ...query, cursor } }), /cursor/);
    refused(await admin('organizations.list', { query: { limit: '2', cursor } }), /cursor/);
    refused(await home('people.list', { query: { limit: '2', cursor } }), /cursor/);
    assert.equal((await admin('people.list', { query: { limit: '5', cursor } })).status, 200);
  });

  it('R-147 signs a cursor with its key and its question', () => {
    const [one, other] = [0, 1].map(() => createCursors(createSecretKey(randomBytes(32))));
    const cursor = one?.write(['a', 'b'], 'q') ?? '';
    assert.deepEqual(one?.read(cursor, 'q'), ['a', 'b']);
    assert.equal(one?.read(cursor, 'p'), undefined);
    assert.equal(other?.read(cursor, 'q'), undefined);
  });
});

describe('a call of the admin API', () => {
  const bearer = () => ({ authorization: `Bearer ${world.administrator.token}` });
  const post = (body: unknown, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
    send(world.port, `${ADMIN_PATH}/organizations`, { method: 'POST', headers: { ...bearer(), ...headers }, body: body as string });

  it('refuses what is no JSON object of the shape in the table, with every finding at once', async () => {
    refused(await post('{'), /no JSON/);
    refused(await post(''), /no JSON/);
    for (const body of ['null', '[]', '"x"', '1', 'true'])
      refused(await post(body), /the request must be a object|the request is missing|must be/);
    refused(
      await post('{"name":1,"id":"a b","nmae":"x"}'),
      /name must be a string\nid must be 1 to 100 letters.*\nthe request does not know nmae/,
    );
    refused(await post('{"name":"x","__proto__":{"id":"y"}}'), /__proto__/);
    refused(await post(JSON.stringify({ name: 'x'.repeat(201) })), /at most 200/);
    refused(await post('{"name":"a\\u0000b"}'), /NUL/);
    refused(await post('{"name":"a\\ud800b"}'), /half of a character/);
    assert.equal((await post('name=x', { 'content-type': 'application/x-www-form-urlencoded' })).status, 415);
    assert.equal((await post('{"name":"x"}', { 'content-type': 'text/plain' })).status, 415);
    const large = {
      method: 'POST',
      headers: { ...bearer(), 'content-type': 'application/json' },
      body: `{"name":"${'x'.repeat(70_000)}"}`,
    };
    assert.equal((await fetch(`http://127.0.0.1:${world.port}${ADMIN_PATH}/organizations`, large)).status, 413);
    const endless = { ...large, body: new Blob([large.body]).stream(), duplex: 'half' } as const;
    assert.equal((await send(world.port, `${ADMIN_PATH}/organizations`, endless)).status, 413);
  });

  it('never fails on what it does not understand', async () => {
    const odd = [
      null,
      true,
      -1,
      1e300,
      '',
      ' ',
      '\u0000',
      'a'.repeat(3_000),
      [],
      [[]],
      {},
      { a: { b: 1 } },
      "'; --",
      '../..',
      '%00',
      '🜁',
      ['x', null],
    ];
    const ids = Object.keys(table) as RouteId[];
    let seed = 7;
    const pick = <T>(list: readonly T[]): T => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return list[seed % list.length] as T;
    };
    const texts = odd.filter((one) => typeof one === 'string');
    const filled = (shape: object, values: readonly unknown[]) =>
      Object.fromEntries(Object.keys(shape).map((name) => [name, pick(values)]));
    for (let round = 0; round < 200; round++) {
      const id = pick(ids);
      const route = table[id];
      const params = filled(route.params.shape, ['usr_0', 'x', 'a b', '🜁']) as Record<string, string>;
      const query = Object.fromEntries(
        Object.keys(route.query.shape).flatMap((name) => (pick([true, false]) ? [[name, pick(texts)]] : [])),
      );
      const body = 'body' in route ? filled(route.body.shape, odd) : undefined;
      const { status } = await admin(id, { params, query, body });
      assert.ok(status < 500, `${id} ${status} ${JSON.stringify({ query, body })}`);
      if (body !== undefined) assert.ok(status >= 400, `${id} ${status} ${JSON.stringify(body)}`);
    }
    refused(await admin('events.list', { query: { after: '0000-01-01T00:00:00Z' } }), /cannot be stored/);
  });

  it('ADM-10 takes its credentials from the Authorization header alone, and lets no other origin read', async () => {
    const token = world.administrator.token;
    const cookie = await send(world.port, `${ADMIN_PATH}/users/me`, { headers: { cookie: `token=${token}; access_token=${token}` } });
    assert.equal(cookie.status, 401);
    assert.equal((await send(world.port, `${ADMIN_PATH}/users/me?access_token=${token}`, {})).status, 401);
    const foreign = await send(world.port, `${ADMIN_PATH}/users/me`, { headers: { ...bearer(), origin: 'https://evil.example' } });
    assert.equal(foreign.headers.get('access-control-allow-origin'), null);
    assert.equal(foreign.headers.get('cache-control'), 'no-store');
  });

  it('says which methods a path takes, and lets them through under /admin/ only', async () => {
    const wrong = await send(world.port, `${ADMIN_PATH}/organizations`, { method: 'DELETE' });
    assert.deepEqual([wrong.status, wrong.headers.get('allow')], [405, 'GET, POST']);
    assert.equal((await fetch(`${world.url}/login`, { method: 'DELETE' })).status, 405);
    assert.equal((await send(world.port, `${ADMIN_PATH}/nothing`, {})).status, 404);
    assert.equal(
      (await fetch(`http://127.0.0.1:${world.port}${ADMIN_PATH}/organizations`, { method: 'TRACE' }).catch(() => ({ status: 405 }))).status,
      405,
    );
  });

  it('R-134 tells where to sign in for it', async () => {
    const { json } = await send(world.port, '/.well-known/oauth-protected-resource/admin/v1', {});
    assert.deepEqual([json.resource, json.authorization_servers], [world.audience, [world.url]]);
    assert.ok(json.scopes_supported.includes('users:write'));
  });
});
