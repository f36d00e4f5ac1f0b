/** Pages that call the API of connected accounts. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { CALLBACK, type Place, startPlace, tokenForMe, Visitor } from '../flows/connecting.fixtures.test.ts';

const OWN = new URL(CALLBACK).origin;
const EVIL = 'https://evil.example';

describe('a page that calls the API of connected accounts', () => {
  let place: Place;
  let token: string;
  before(async () => {
    place = await startPlace('pglite');
    token = await tokenForMe(place, new Visitor(place));
  });
  after(() => place?.stop());

  const call = (path: string, origin: string | undefined, { method = 'GET', bearer = token, ...more }: Record<string, string> = {}) =>
    fetch(`${place.url}/me/v1/connected-accounts${path}`, {
      method,
      headers: { ...(origin && { origin }), ...(bearer && { authorization: `Bearer ${bearer}` }), ...more },
    });
  const reader = async (response: Promise<Response>) => (await response).headers.get('access-control-allow-origin');

  it('is told that it may call, before there is a token to look at', async () => {
    const asked = { method: 'OPTIONS', bearer: '', 'access-control-request-headers': 'authorization,content-type,auth0-client' };
    for (const [path, wanted, allowed] of [
      ['/connect', 'POST', 'POST'],
      ['/accounts', 'GET', 'GET'],
      ['/accounts/cac_1', 'DELETE', 'DELETE'],
    ] as const) {
      const { status, headers } = await call(path, OWN, { ...asked, 'access-control-request-method': wanted });
      assert.equal(status, 204, path);
      assert.equal(headers.get('access-control-allow-origin'), OWN);
      assert.equal(headers.get('access-control-allow-methods'), allowed);
      assert.equal(headers.get('access-control-allow-headers'), 'authorization,content-type,auth0-client');
      assert.equal(headers.get('access-control-allow-credentials'), null);
      assert.match(headers.get('vary') ?? '', /origin/i);
    }
    assert.equal((await call('/connect', undefined, { method: 'OPTIONS' })).status, 405, 'nobody asks for a page');
  });

  it('R-013 reads the answer where its application is served, and nowhere else', async () => {
    assert.equal(await reader(call('/accounts', OWN)), OWN);
    assert.equal((await call('/accounts', OWN)).headers.get('access-control-allow-credentials'), null);
    for (const origin of [EVIL, 'null', `${OWN}.evil.example`]) {
      const answer = await call('/accounts', origin);
      assert.deepEqual([answer.status, answer.headers.get('access-control-allow-origin')], [200, null], origin);
      assert.match(answer.headers.get('vary') ?? '', /origin/i);
    }
    assert.equal(await reader(call('/accounts', undefined)), null);
  });

  it('reads what was wrong, too', async () => {
    for (const [path, method, status] of [
      ['/accounts?take=0', 'GET', 400],
      ['/accounts/cac_unknown', 'DELETE', 404],
    ] as const) {
      const answer = await call(path, OWN, { method });
      assert.deepEqual([answer.status, answer.headers.get('access-control-allow-origin')], [status, OWN], path);
      assert.equal(await reader(call(path, EVIL, { method })), null);
    }
    const none = await call('/accounts', OWN, { bearer: 'ended' });
    assert.deepEqual([none.status, none.headers.get('access-control-allow-origin')], [401, OWN]);
    assert.equal(none.headers.get('access-control-expose-headers'), 'WWW-Authenticate');
    assert.equal(await reader(call('/accounts', 'null', { bearer: 'ended' })), null);
  });
});
