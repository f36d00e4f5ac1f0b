import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ada, ben, client, connect, events, startCalendar } from './calendar.fixtures.test.ts';
import { type CalendarApi, createCalendarApi } from './calendar-api.ts';

const parcel = { id: 'delivery-1001', title: 'Parcel', day: '2026-11-26' };
const posted = (body: unknown) => ({ method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) });

describe('the calendar API', () => {
  let calendar: CalendarApi;
  let ours: string;
  before(async () => {
    calendar = await startCalendar();
    ours = (await connect(calendar)).access_token;
  });
  after(() => calendar.close());

  it('keeps an event, gives it back, and takes the same one again as the same', async () => {
    const first = await events(calendar, ours, posted(parcel));
    assert.deepEqual([first.status, await first.json()], [201, parcel]);
    assert.equal((await events(calendar, ours, posted({ ...parcel, title: 'Another word' }))).status, 200);
    const list = await events(calendar, ours);
    assert.deepEqual([list.headers.get('cache-control'), await list.json()], ['no-store', { events: [parcel] }]);
    assert.deepEqual(calendar.eventsOf(ada.id), [parcel]);
  });

  it('shows nobody else’s events', async () => {
    const { access_token: his } = await connect(calendar, ben);
    assert.deepEqual(await (await events(calendar, his)).json(), { events: [] });
  });

  it('gives the days that were asked for', async () => {
    await events(calendar, ours, posted({ title: 'Later', day: '2026-12-24' }));
    const answer = await fetch(`${calendar.url}/calendar/events?from=2026-12-01`, { headers: { authorization: `Bearer ${ours}` } });
    const { events: found } = (await answer.json()) as { events: { title: string }[] };
    assert.deepEqual(
      found.map(({ title }) => title),
      ['Later'],
    );
  });

  it('asks for a token, refuses one that it did not give, and says which scope is missing', async () => {
    const bare = await fetch(`${calendar.url}/calendar/events`);
    assert.deepEqual([bare.status, bare.headers.get('www-authenticate')], [401, 'Bearer realm="almanac"']);
    const wrong = await events(calendar, 'never-given');
    assert.deepEqual([wrong.status, /error="invalid_token"/.test(wrong.headers.get('www-authenticate') ?? '')], [401, true]);
    const { access_token: reader } = await connect(calendar, ben, 'openid offline_access calendar.read');
    const less = await events(calendar, reader, posted(parcel));
    assert.equal(less.status, 403);
    assert.match(less.headers.get('www-authenticate') ?? '', /error="insufficient_scope".*scope="calendar\.write"/);
  });

  it('says what is wrong with an event', async () => {
    const wrong: readonly (readonly [unknown, RegExp, number])[] = [
      ['{', /as JSON/, 400],
      [[], /title/, 400],
      [{ title: ' ', day: '2026-11-26' }, /title/, 400],
      [{ title: 'Parcel', day: '2026-02-30' }, /day/, 400],
      [{ ...parcel, id: 'a b' }, /id/, 400],
      [{ ...parcel, note: 7 }, /note/, 400],
      ['x'.repeat(20_000), /16 kB/, 413],
    ];
    for (const [body, sentence, status] of wrong) {
      const answer = await events(calendar, ours, posted(body));
      const said = (await answer.json()) as { error_description: string };
      assert.equal(answer.status, status);
      assert.match(said.error_description, sentence);
    }
    assert.equal((await events(calendar, ours, { method: 'DELETE' })).status, 405);
  });

  it('lets access end after the seconds that were chosen', async () => {
    const short = await createCalendarApi({ clients: [client], accessTokenSeconds: 1 });
    try {
      const { access_token: token, expires_in: seconds } = await connect(short);
      assert.equal(seconds, 1);
      const until = Date.now() + 5_000;
      while ((await events(short, token)).status === 200 && Date.now() < until);
      assert.equal((await events(short, token)).status, 401);
    } finally {
      await short.close();
    }
  });
});
