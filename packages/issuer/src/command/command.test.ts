/** The command as people and scripts use it: the launcher in processes of its own, against a running issuer. */
import assert from 'node:assert/strict';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { postgresSkipped } from '@safeconduct/test-support/postgres';
import { permissions } from '../admin/routes/permissions.ts';
import { raw } from '../issuer.fixtures.test.ts';
import { type RunningIssuer, startIssuer } from './running.fixtures.test.ts';

const secretLike = /sc_(?:pat|sk|at|rt)_[0-9A-Za-z]{46}/;

describe('the command against an issuer', () => {
  let issuer: RunningIssuer;
  let token = '';
  before(async () => {
    issuer = await startIssuer();
  });
  after(() => issuer.close());

  it('says that nobody is signed in, and what to do', async () => {
    const { code, stdout, stderr } = await issuer.run(['people', 'list']);
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /^safeconduct: Nobody is signed in at .*`safeconduct login`.*SAFECONDUCT_TOKEN.*`safeconduct setup`/);
  });

  it('R-143 refuses a set-up that came through a proxy, over the wire', async () => {
    const body = JSON.stringify({ code: issuer.setupCode() });
    const headers = { host: `127.0.0.1:${issuer.port}`, 'content-type': 'application/json', 'content-length': String(body.length) };
    for (const proxied of [
      { 'x-forwarded-for': '127.0.0.1' },
      { forwarded: 'for=127.0.0.1' },
      { via: '1.1 proxy' },
      { host: 'login.example' },
    ]) {
      const { status } = await raw(issuer.port, { method: 'POST', path: '/admin/v1/setup', headers: { ...headers, ...proxied }, body });
      assert.equal(status, 403, JSON.stringify(proxied));
    }
  });

  it('R-143 setup refuses a file of the code that others can read', async () => {
    const path = join(issuer.directory, 'data/setup.json');
    chmodSync(path, 0o644);
    const { code, stderr } = await issuer.run(['setup']);
    chmodSync(path, 0o600);
    assert.equal(code, 1);
    assert.match(stderr, /can be read by other users/);
  });

  it('R-143 setup sends the code to this machine alone, whatever a file says', async () => {
    const path = join(issuer.directory, 'elsewhere.json');
    writeFileSync(path, JSON.stringify({ issuer: issuer.url, address: 'http://login.example', code: 'x' }), { mode: 0o600 });
    const { code, stderr } = await issuer.run(['setup', '--code-file', path]);
    assert.equal(code, 1);
    assert.match(stderr, /is no file of a set-up/);
  });

  it('R-143 setup spends no code when the token could not be kept', async () => {
    const { code, stderr } = await issuer.run(['setup'], { env: { HOME: join(issuer.directory, 'elsewhere.json'), XDG_STATE_HOME: '' } });
    assert.equal(code, 1);
    assert.match(stderr, /cannot be made: check who owns/);
    assert.ok(issuer.setupCode());
  });

  it('R-143 setup makes the administrator once, keeps its token and shows it nowhere', async () => {
    const { code, stdout, stderr } = await issuer.run(['setup', '--json']);
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stdout + stderr, secretLike);
    const { administrator, stored } = JSON.parse(stdout) as { administrator: Record<string, string>; stored: string };
    assert.deepEqual([administrator.kind, administrator.role], ['service', 'issuer-admin']);
    assert.equal(statSync(stored).mode & 0o777, 0o600);
    token = (JSON.parse(readFileSync(stored, 'utf8')) as { token: string }).token;
    assert.match(token, secretLike);
    const again = await issuer.run(['setup']);
    assert.deepEqual([again.code, again.stdout], [1, '']);
    assert.match(again.stderr, /^safeconduct: This issuer has an administrator already: .*grants give/);
  });

  it('whoami says as whom it acts, and with what', async () => {
    const { stdout } = await issuer.run(['whoami']);
    assert.match(stdout, /kind +service\n[\s\S]*roles +issuer-admin\n[\s\S]*acts with +the token that this machine keeps for/);
  });

  it('answers in JSON on standard output, and in a table for people', async () => {
    const created = await issuer.json(['organizations', 'create', '--id', 'acme', '--name', 'Acme Ltd']);
    assert.deepEqual([created.id, created.name], ['acme', 'Acme Ltd']);
    const { stdout } = await issuer.run(['organizations', 'list', '--sort', '-id']);
    assert.match(stdout, /^id +name +created at\n(?:\S.*\n)*acme +Acme Ltd +\d{4}-\d\d-\d\d \d\d:\d\d UTC\n/);
  });

  it('tells a refusal of the API in a sentence, and in JSON on standard error', async () => {
    const twice = await issuer.run(['organizations', 'create', '--id', 'acme', '--name', 'Other', '--json']);
    assert.deepEqual([twice.code, twice.stdout, (JSON.parse(twice.stderr) as { error: string }).error], [1, '', 'conflict']);
    const missing = await issuer.run(['projects', 'show', 'nowhere']);
    assert.deepEqual([missing.code, missing.stdout], [1, '']);
    assert.match(missing.stderr, /^safeconduct: There is no project nowhere here\.\n$/);
  });

  it('finds what cannot be sent before it sends it, by flag, and ends with 2', async () => {
    const { code, stderr } = await issuer.run(['people', 'create', '--organization', 'acme', '--email', 'ada', '--name', ' ']);
    assert.equal(code, 2);
    assert.match(stderr, /--email must be an e-mail address\n {2}- --name must not be empty/);
    assert.equal((await issuer.run(['projects', 'change', 'acme'])).code, 2);
  });

  it('says in JSON, too, that a command was written wrongly', async () => {
    for (const args of [
      ['people', 'list', '--colour', 'red'],
      ['people', 'create'],
      ['people', 'list', '--limit', 'few'],
    ]) {
      const { code, stdout, stderr } = await issuer.run([...args, '--json']);
      assert.deepEqual([code, stdout, JSON.parse(stderr).error], [2, '', 'usage'], args.join(' '));
    }
  });

  it('sends no private key', async () => {
    const path = join(issuer.directory, 'private.json');
    writeFileSync(path, JSON.stringify({ kty: 'OKP', crv: 'Ed25519', x: 'x', d: 'never-to-be-sent' }));
    const { code, stderr } = await issuer.run(['client-keys', 'add', 'any', '--public-key-file', path]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /--public-key-file must be a public key/);
    assert.doesNotMatch(stderr + issuer.log(), /never-to-be-sent/);
  });

  it('goes through all pages with --all, and through some with --limit', async () => {
    for (const id of ['one', 'two', 'three']) await issuer.json(['projects', 'create', '--organization', 'acme', '--id', id, '--name', id]);
    const some = (await issuer.json(['projects', 'list', '--organization', 'acme', '--limit', '2'])) as { items: object[]; next: string };
    assert.deepEqual([some.items.length, typeof some.next], [2, 'string']);
    const rest = (await issuer.json(['projects', 'list', '--organization', 'acme', '--cursor', some.next])) as {
      items: object[];
      next: null;
    };
    assert.deepEqual([rest.items.length, rest.next], [1, null]);
    const { stderr } = await issuer.run(['projects', 'list', '--organization', 'acme', '--limit', '2']);
    assert.match(stderr, /first 2\. --all shows the rest/);
    const all = (await issuer.json(['projects', 'list', '--organization', 'acme', '--all'])) as { items: object[] };
    assert.equal(all.items.length, 3);
  });

  it('shows a secret once, on the last line and as a member of the JSON, and never again', async () => {
    const api = ['--project', 'one', '--name', 'API', '--scope', 'read:messages=Read your messages'];
    const text = await issuer.run(['apis', 'create', ...api, '--id', 'api-1', '--resource', 'https://one.example/api']);
    const lines = text.stdout.trimEnd().split('\n');
    assert.match(lines.at(-1) ?? '', secretLike);
    assert.match(lines.at(-2) ?? '', /shown this once/);
    assert.equal(text.stdout.match(new RegExp(secretLike, 'g'))?.length, 1);
    const json = await issuer.json(['apis', 'create', ...api, '--id', 'api-2', '--resource', 'https://two.example/api']);
    assert.match(String(json.secret), secretLike);
    assert.deepEqual(json.scopes, { 'read:messages': 'Read your messages' });
    for (const args of [
      ['apis', 'show', 'api-1'],
      ['secrets', 'list', 'api-1'],
      ['events', 'list'],
    ])
      assert.doesNotMatch(JSON.stringify(await issuer.json(args)), secretLike);
  });

  it('reads a password from a file or standard input, and says which rule it breaks without showing it', async () => {
    const file = join(issuer.directory, 'password');
    writeFileSync(file, 'a quiet harbour at dawn\n', { mode: 0o600 });
    const person = ['people', 'create', '--organization', 'acme', '--id', 'usr_ada', '--email', 'ada@acme.example'];
    await issuer.json([...person, '--password-file', file]);
    const weak = await issuer.run(['people', 'set-password', 'usr_ada', '--password-file', '-'], { input: 'hunter2\n' });
    assert.equal(weak.code, 1);
    assert.match(weak.stderr, /at least 15 characters/);
    assert.doesNotMatch(weak.stderr, /hunter2/);
  });

  it('acts with SAFECONDUCT_TOKEN before anything else, and says whose fault it is when that is refused', async () => {
    const { code, stderr } = await issuer.run(['whoami'], { env: { SAFECONDUCT_TOKEN: `sc_pat_${'0'.repeat(46)}` } });
    assert.equal(code, 1);
    assert.match(stderr, /does not accept the token in SAFECONDUCT_TOKEN: it has expired, was ended, or is for another issuer\. Set/);
    const good = await issuer.json(['whoami'], { env: { SAFECONDUCT_TOKEN: token } });
    assert.equal(good.kind, 'service');
  });

  it('says which permission is missing', async () => {
    await issuer.json(['service-users', 'create', '--organization', 'acme', '--id', 'svc_reader', '--name', 'Reader']);
    await issuer.json(['grants', 'give', '--user', 'svc_reader', '--project', 'safeconduct', '--role', 'auditor']);
    const resource = `${issuer.url}/admin/v1`;
    const reading = Object.keys(permissions).filter((one) => one.endsWith(':read'));
    const scopes = reading.flatMap((scope) => ['--scope', scope]);
    const made = await issuer.json([
      'tokens',
      'create',
      '--service-user',
      'svc_reader',
      '--name',
      'Reads',
      '--resource',
      resource,
      ...scopes,
    ]);
    const env = { SAFECONDUCT_TOKEN: String(made.token) };
    assert.ok(Array.isArray((await issuer.json(['organizations', 'list'], { env })).items));
    const { code, stderr } = await issuer.run(['organizations', 'create', '--name', 'Mine'], { env });
    assert.equal(code, 1);
    assert.match(stderr, /organizations:write[\s\S]*[Aa]sk an administrator/);
    await issuer.json(['service-users', 'disable', 'svc_reader']);
    assert.match((await issuer.run(['whoami'], { env })).stderr, /does not accept the token in SAFECONDUCT_TOKEN/);
  });

  it('renew gives the token of this machine a successor, and ends the old one', async () => {
    const renewed = await issuer.json(['renew']);
    assert.equal(renewed.revoked, true);
    assert.doesNotMatch(JSON.stringify(renewed), secretLike);
    assert.equal((await issuer.json(['whoami'])).id, renewed.id);
    assert.equal((await issuer.run(['whoami'], { env: { SAFECONDUCT_TOKEN: token } })).code, 1);
  });

  it('login --token-file keeps a token only after the issuer has said whose it is', async () => {
    const wrong = await issuer.run(['login', '--token-file', '-'], { input: `sc_pat_${'0'.repeat(46)}\n` });
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /does not accept this token/);
    const garbled = await issuer.run(['login', '--token-file', '-'], { input: 'two words\n' });
    assert.deepEqual([garbled.code, /is no token: it has spaces/.test(garbled.stderr)], [2, true], garbled.stderr);
    assert.equal((await issuer.run(['whoami'])).code, 0, 'the one before is still kept');
    const { id } = await issuer.json(['whoami']);
    const own = ['tokens', 'create', '--service-user', String(id), '--name', 'Other machine', '--scope', 'me:read', '--expires-at', '7d'];
    const { token: other } = await issuer.json([...own, '--resource', `${issuer.url}/admin/v1`]);
    const env = { HOME: join(issuer.directory, 'other-home') };
    const kept = await issuer.run(['login', '--token-file', '-'], { env, input: `${other}\n` });
    assert.equal(kept.code, 0, kept.stderr);
    assert.doesNotMatch(kept.stdout + kept.stderr, secretLike);
    assert.deepEqual((await issuer.json(['whoami'], { env })).scopes, ['me:read']);
    await issuer.run(['logout', '--forget-token'], { env });
    assert.match((await issuer.run(['whoami'], { env })).stderr, /Nobody is signed in/);
  });

  it('says that an issuer does not answer, and how to name another one', async () => {
    const { code, stderr } = await issuer.run(['whoami', '--issuer', 'http://127.0.0.1:9'], { env: { SAFECONDUCT_TOKEN: token } });
    assert.equal(code, 1);
    assert.match(stderr, /http:\/\/127\.0\.0\.1:9 does not answer \(\w+.*\)\. Start the issuer, or name another one with --issuer/);
  });

  it('keys rotate works on the database itself, and keys list asks the issuer', async () => {
    const { items } = (await issuer.json(['keys', 'list'])) as { items: { state: string }[] };
    assert.deepEqual(items.map(({ state }) => state).toSorted(), ['active', 'next']);
    const { code, stdout, stderr } = await issuer.run(['keys', 'rotate', '--dev']);
    assert.equal(code, 1);
    // The embedded database is the issuer's alone while it runs.
    assert.match(stdout + stderr, postgresSkipped ? /in use by process/ : /published less than a day ago/);
  });

  it('R-143 writes no new code when an issuer with an administrator starts again', async () => {
    await issuer.restart();
    assert.throws(() => issuer.setupCode(), /ENOENT/);
    assert.equal((await issuer.run(['whoami'])).code, 0);
  });

  it('R-146 leaves no secret in the log of the issuer', () => {
    assert.doesNotMatch(issuer.log(), secretLike);
    assert.doesNotMatch(issuer.log(), /a quiet harbour|hunter2/);
    assert.ok(issuer.log().includes('the first administrator is set up'));
  });
});
