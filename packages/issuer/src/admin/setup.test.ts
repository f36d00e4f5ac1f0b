import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { beforeEach, describe, it } from 'node:test';
import { parseMasterKeys } from '../secrets/master-key.ts';
import { type Fixture, onBothEngines } from '../store/stores.fixtures.test.ts';
import { ensureBuiltIn, SAFECONDUCT } from './built-in.ts';
import { createSetup, type Setup } from './setup.ts';
import type { SetupCaller } from './setup-caller.ts';
import { setupFilePath } from './setup-code.ts';

const issuer = 'https://login.example';
const masterKeys = parseMasterKeys(randomBytes(32).toString('base64'));
const password = 'a quiet harbour at dawn';
const here: SetupCaller = { socket: { remoteAddress: '127.0.0.1' }, rawHeaders: ['Host', '127.0.0.1:8080'] };

interface Answered {
  readonly administrator: { readonly id: string; readonly kind: string; readonly token?: string };
  readonly error: string;
  readonly error_description: string;
}

function request(body: object, headers: Record<string, string> = {}): Request {
  const init = { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } };
  return new Request(`${issuer}/admin/v1/setup`, init);
}

onBothEngines('the set-up', (fixture) => {
  const log: string[] = [];
  const say = (_fields: object, message: string) => void log.push(message);
  const open = async (host = '127.0.0.1'): Promise<Setup> => {
    const settings = { issuer, host, port: 8080, dataDirectory: fixture.dataDirectory };
    const setup = createSetup({ store: fixture.store(), settings, log: { info: say, warn: say, error: say } });
    await setup.open();
    return setup;
  };
  const code = (): string => (JSON.parse(readFileSync(setupFilePath(fixture.dataDirectory), 'utf8')) as { code: string }).code;
  const ask = async (setup: Setup, body: object, caller: SetupCaller = here) => {
    const response = await setup.answer(request(body), caller);
    return { status: response.status, answer: (await response.json()) as Answered };
  };
  beforeEach(async () => {
    log.length = 0;
    await ensureBuiltIn(fixture.store(), { issuer, masterKeys });
    await run(fixture, 'delete from issuer.role_grant');
  });

  it('R-143 writes a code that only its owner can read, with the address of this machine, and says what to run', async () => {
    await open('0.0.0.0');
    const path = setupFilePath(fixture.dataDirectory);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const file = JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>;
    assert.deepEqual([file.issuer, file.address, file.code?.length], [issuer, 'http://127.0.0.1:8080', 43]);
    assert.match(log.join(), /run `safeconduct setup --code-file .*setup\.json` on this machine/);
    assert.ok(!log.join().includes(file.code ?? ''), 'the log does not hold the code');
  });

  it('R-143 makes a service user with a token for the admin API, and only its hash is kept', async () => {
    const setup = await open();
    const { status, answer } = await ask(setup, { code: code() });
    assert.equal(status, 201);
    assert.equal(answer.administrator.kind, 'service');
    assert.match(answer.administrator.token ?? '', /^sc_pat_\w{46}$/);
    const rows = await run(fixture, 'select * from issuer.personal_access_token');
    assert.deepEqual(
      rows.map(({ user_id, resources }) => [user_id, resources]),
      [[answer.administrator.id, [`${issuer}/admin/v1`]]],
    );
    assert.ok(!JSON.stringify(rows).includes(answer.administrator.token ?? ''));
    assert.deepEqual(await administrators(fixture), [answer.administrator.id]);
  });

  it('R-143 makes a person who can sign in, without a token', async () => {
    const setup = await open();
    const email = `ada.${fixture.engine}@admins.example`;
    const { status, answer } = await ask(setup, { code: code(), person: { email, name: 'Ada Brandt', password } });
    assert.equal(status, 201);
    assert.deepEqual([answer.administrator.kind, answer.administrator.token], ['person', undefined]);
    assert.deepEqual(await administrators(fixture), [answer.administrator.id]);
  });

  it('R-143 does it once: the code is spent, its file is gone, and the next start writes none', async () => {
    const setup = await open();
    const first = code();
    assert.equal((await ask(setup, { code: first })).status, 201);
    const { status, answer } = await ask(setup, { code: first });
    assert.deepEqual([status, answer.error], [409, 'conflict']);
    assert.match(answer.error_description, /has an administrator already.*grants give/);
    await open();
    assert.ok(!existsSync(setupFilePath(fixture.dataDirectory)));
  });

  it('R-143 lets one of many at the same moment win', async () => {
    const setup = await open();
    const body = { code: code() };
    const all = await Promise.all(Array.from({ length: 8 }, () => ask(setup, body)));
    assert.deepEqual(all.map(({ status }) => status).toSorted(), [201, ...Array(7).fill(409)]);
    assert.equal((await administrators(fixture)).length, 1);
  });

  it('R-143 refuses a wrong code, an old one and none, and records it', async () => {
    const old = await open().then(code);
    const setup = await open();
    for (const wrong of ['', old, `${code()}x`]) {
      const { status, answer } = await ask(setup, { code: wrong });
      assert.deepEqual([status, answer.error], [403, 'access_denied']);
    }
    assert.equal((await ask(setup, {})).status, 400);
    assert.deepEqual(await administrators(fixture), []);
    const events = await run(fixture, `select reason from issuer.event where type = 'setup.refused'`);
    assert.ok(events.length >= 3 && events.every(({ reason }) => reason === 'code_wrong'));
  });

  it('refuses a weak password and a bad address, changes nothing, and the code is still good', async () => {
    const setup = await open();
    const weak = await ask(setup, { code: code(), person: { email: 'ada@admins.example', password: 'password' } });
    assert.deepEqual([weak.status, weak.answer.error], [400, 'invalid_request']);
    assert.match(weak.answer.error_description, /at least 15 characters/);
    const bad = await ask(setup, { code: code(), person: { email: 'ada', password } });
    assert.match(bad.answer.error_description, /person\.email must be an e-mail address/);
    assert.deepEqual(await administrators(fixture), []);
    assert.equal((await ask(setup, { code: code() })).status, 201);
  });

  it('R-143 records who became administrator, and no secret', async () => {
    const setup = await open();
    const { answer } = await ask(setup, { code: code() });
    const events = await run(fixture, `select type, target, details from issuer.event where target = '${answer.administrator.id}'`);
    assert.deepEqual(events, [{ type: 'setup.completed', target: answer.administrator.id, details: { kind: 'service' } }]);
  });

  it('writes no code where nobody on this machine could use it, and says what to change', async () => {
    await open('192.0.2.7');
    assert.match(log.join(), /SAFECONDUCT_HOST/);
  });

  describe('R-143 is refused to whoever is not on this machine', () => {
    const local = here.rawHeaders;
    const strangers: Record<string, SetupCaller> = {
      'another machine': { socket: { remoteAddress: '192.0.2.7' }, rawHeaders: local },
      'another machine in IPv6': { socket: { remoteAddress: '::ffff:192.0.2.7' }, rawHeaders: local },
      'a socket that is gone': { socket: { remoteAddress: undefined }, rawHeaders: local },
      'another machine that says it is this one': {
        socket: { remoteAddress: '192.0.2.7' },
        rawHeaders: [...local, 'X-Forwarded-For', '127.0.0.1', 'X-Real-IP', '127.0.0.1'],
      },
      ...Object.fromEntries(
        ['X-Forwarded-For', 'x-forwarded-host', 'X-Forwarded-Proto', 'Forwarded', 'Via', 'X-Real-IP', 'CF-Connecting-IP'].map((name) => [
          `a proxy on this machine that sends ${name}`,
          { ...here, rawHeaders: [...local, name, '127.0.0.1'] },
        ]),
      ),
      'a page in a browser': { ...here, rawHeaders: [...local, 'Origin', 'http://127.0.0.1:8080'] },
      'a page of this very origin': { ...here, rawHeaders: [...local, 'Sec-Fetch-Site', 'same-origin'] },
      'a name that leads here': { ...here, rawHeaders: ['Host', 'login.example'] },
      'two names': { ...here, rawHeaders: [...local, 'Host', 'localhost'] },
    };
    for (const [who, caller] of Object.entries(strangers)) {
      it(who, async () => {
        const setup = await open();
        const { status, answer } = await ask(setup, { code: code() }, caller);
        assert.deepEqual([status, answer.error], [403, 'access_denied']);
        assert.deepEqual(await administrators(fixture), []);
      });
    }
  });

  for (const remoteAddress of ['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1']) {
    it(`is open to ${remoteAddress}`, async () => {
      const setup = await open();
      assert.equal((await ask(setup, { code: code() }, { ...here, socket: { remoteAddress } })).status, 201);
    });
  }

  it('takes JSON by POST, and no more of it than it needs', async () => {
    const setup = await open();
    const get = await setup.answer(new Request(`${issuer}/admin/v1/setup`), here);
    const text = await setup.answer(request({ code: code() }, { 'content-type': 'text/plain' }), here);
    const large = await setup.answer(request({ code: 'x'.repeat(10_000) }), here);
    const more = await setup.answer(request({ code: code(), role: 'auditor' }), here);
    assert.deepEqual([get.status, text.status, large.status, more.status], [405, 415, 413, 400]);
  });
});

function run(fixture: Fixture, text: string): Promise<Record<string, unknown>[]> {
  return fixture.store().run({ name: `test ${hash('sha256', text).slice(0, 16)}`, text }, []);
}

async function administrators(fixture: Fixture): Promise<unknown[]> {
  const rows = await run(
    fixture,
    `select user_id from issuer.role_grant where project_id = '${SAFECONDUCT}' and role_key = 'issuer-admin'`,
  );
  return rows.map(({ user_id }) => user_id);
}
