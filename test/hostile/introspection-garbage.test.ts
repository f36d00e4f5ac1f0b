import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { inspect } from 'node:util';
import { AUDIENCE, forge, header, type Lie, sendJson, startWorld, type World } from './world.fixtures.test.ts';

let world: World;
before(async () => {
  world = await startWorld();
});
after(() => world.close());

const clientSecret = 'demo-secret-of-an-api-that-exists-in-tests-only';
const asking = () => world.guard({ introspection: { clientId: 'api', clientSecret, tokens: 'all' } });
const opaque = () => randomBytes(24).toString('base64url');

/** What an honest provider says of an active token. */
const active = (changes: Record<string, unknown> = {}) => ({ ...world.claims(), active: true, token_type: 'Bearer', ...changes });

async function told(answer: unknown) {
  world.lies.set('/introspect', (_request, response) => sendJson(response, answer));
  return await world.knock(opaque(), asking());
}

async function under(lie: Lie) {
  world.lies.set('/introspect', lie);
  return await world.knock(opaque(), asking());
}

describe('a provider whose introspection is garbage', () => {
  it('R-095 lets in what it calls active, so that the refusals below mean something', async () => {
    const { status, subject } = await told(active());
    assert.deepEqual([status, subject], [200, 'ada']);
  });

  it('R-095 B1.2 lets nobody in but for a true that is a true', async () => {
    for (const value of ['true', 1, 'active', {}, [], [true], null, undefined, 'yes'])
      assert.notEqual((await told(active({ active: value }))).status, 200, JSON.stringify(value));
    for (const answer of [{ active: false }, active({ active: false })]) {
      const { status, error } = await told(answer);
      assert.deepEqual([status, error], [401, 'invalid_token']);
    }
  });

  it('R-095 B1.10 lets nobody in for another API, another issuer, another kind of token, or after its time', async () => {
    const past = Math.floor(Date.now() / 1000) - 60;
    const wrong: Record<string, unknown>[] = [
      { aud: 'https://other.example' },
      { aud: [`${AUDIENCE}/`] },
      { aud: { 0: AUDIENCE } },
      { aud: undefined },
      { iss: 'https://evil.example' },
      { iss: [world.issuer] },
      { exp: past },
      { exp: String(past + 3600) },
      { exp: undefined },
      { nbf: past + 3600 },
      { sub: undefined },
      { sub: '' },
      { sub: ['ada'] },
      { token_type: 'N_A' },
    ];
    for (const changes of wrong) assert.notEqual((await told(active(changes))).status, 200, inspect(changes));
  });

  it('R-095 R-096 B1.6 is never the caller’s fault: 503 or 502, and no challenge', async () => {
    const bodies = ['', 'null', '[]', '1', '"active"', 'true', '<html>', '{"active":', '\ufeff{}x', Buffer.from([0xff, 0xfe])];
    for (const body of bodies) {
      const { status, error, challenge } = await under((_request, response) =>
        response.writeHead(200, { 'content-type': 'application/json' }).end(body),
      );
      assert.ok(status === 502 || status === 503, `${status} for ${String(body)}`);
      assert.notEqual(error, 'invalid_token');
      assert.equal(challenge, '');
    }
    for (const answered of [201, 204, 301, 302, 307, 400, 401, 403, 404, 405, 429, 500, 502, 503]) {
      const { status } = await under((_request, response) =>
        response
          .writeHead(answered, { location: `${world.issuer}/evil`, 'content-type': 'application/json' })
          .end(answered === 204 ? undefined : JSON.stringify(active())),
      );
      assert.ok(status === 502 || status === 503, `${status} for ${answered}`);
    }
    assert.ok(!world.asked.includes('/evil'));
  });

  it('R-095 lets nobody in by an answer without end, or by one that breaks off', async () => {
    assert.ok(
      (await under((_request, response) => response.writeHead(200).end(JSON.stringify(active({ filler: 'x'.repeat(1_000_000) })))))
        .status >= 500,
    );
    assert.ok((await under((request) => request.socket.destroy())).status >= 500);
    assert.ok(
      (
        await under((_request, response) =>
          response.writeHead(200, { 'content-length': '999' }).end(JSON.stringify(active()), () => response.destroy()),
        )
      ).status >= 500,
    );
  });

  it('R-098 B1.4 reads names as of any token: an absent claim is no right and no failure', async () => {
    world.lies.set('/introspect', (_request, response) => sendJson(response, active({ roles: undefined, scope: undefined })));
    const guard = world.guard({ introspection: { clientId: 'api', clientSecret, tokens: 'all' }, require: { roles: ['admin'] } });
    assert.equal((await world.knock(opaque(), guard)).status, 403);
  });

  it('R-037 R-095 never takes one token for another: each is asked about by its whole value', async () => {
    const token = opaque();
    world.lies.set('/introspect', (request, response) => {
      let form = '';
      request.setEncoding('utf8').on('data', (chunk: string) => {
        form += chunk;
      });
      request.on('end', () => sendJson(response, new URLSearchParams(form).get('token') === token ? active() : { active: false }));
    });
    const guard = asking();
    assert.equal((await world.knock(token, guard)).status, 200);
    for (const near of [token.slice(0, -1), `${token}A`, token.toLowerCase(), token.slice(8), `${token}%00`, `${token}.`])
      assert.notEqual((await world.knock(near, guard)).status, 200, 'a token that is nearly the one');
  });

  it('R-095 is not asked about what cannot be a token, and an inactive one is not asked about again and again', async () => {
    world.lies.set('/introspect', (_request, response) => sendJson(response, { active: false }));
    const guard = asking();
    world.asked.length = 0;
    await world.knock('x'.repeat(17_000), guard);
    assert.deepEqual(world.asked, []);
    const token = forge(header(), world.claims());
    for (let time = 0; time < 20; time++) assert.equal((await world.knock(token, guard)).status, 401);
    assert.equal(world.asked.filter((path) => path === '/introspect').length, 1);
  });
});
