/** Connections and the vault as people and scripts manage them: the launcher in processes of its own. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type RunningIssuer, startIssuer } from './running.fixtures.test.ts';

const FIRST = 'the-first-secret-of-the-mail';
const SECOND = 'the-second-secret-of-the-mail';
const create = [
  'connections',
  'create',
  '--organization',
  'acme',
  '--id',
  'mail',
  '--name',
  'Mail',
  '--preset',
  'oidc',
  '--client-id',
  'acme',
];

describe('the commands for connections', () => {
  let issuer: RunningIssuer;
  before(async () => {
    issuer = await startIssuer();
    for (const args of [
      ['setup'],
      ['organizations', 'create', '--id', 'acme', '--name', 'Acme'],
      ['projects', 'create', '--organization', 'acme', '--id', 'mail', '--name', 'Mail'],
      ['applications', 'create', '--project', 'mail', '--id', 'mail-web', '--kind', 'web', '--name', 'Mail'],
    ])
      await issuer.json(args);
  });
  after(() => issuer.close());

  it('R-146 read the secret from standard input or the environment, and never as an argument', async () => {
    const refused = await issuer.run([...create, '--iss', 'https://mail.example', '--secret', FIRST]);
    assert.equal(refused.code, 2);
    const made = await issuer.run([...create, '--iss', 'https://mail.example', '--secret-file', '-', '--json'], { input: `${FIRST}\n` });
    assert.equal(made.code, 0, made.stderr);
    const { redirectUri, hasSecret } = JSON.parse(made.stdout) as Record<string, unknown>;
    assert.deepEqual([redirectUri, hasSecret], [`${issuer.url}/connections/mail/callback`, true]);
    const set = await issuer.run(['connections', 'set-secret', 'mail'], { env: { SAFECONDUCT_SECRET: SECOND } });
    assert.deepEqual([set.code, set.stdout], [0, 'Set the client secret of a connection.\n']);
    for (const text of [refused.stdout, made.stdout + made.stderr, set.stdout + set.stderr, issuer.log()])
      assert.doesNotMatch(text, /the-(?:first|second)-secret/);
  });

  it('tell every finding by its flag', async () => {
    const { code, stderr } = await issuer.run([...create, '--iss', 'http://mail.example', '--scope', 'a b']);
    assert.equal(code, 2);
    assert.match(stderr, /--scope must be a scope/);
    const sent = await issuer.run(create.with(3, 'nobody'));
    assert.equal(sent.code, 1);
    assert.match(sent.stderr, /there is no organization nobody here/i);
  });

  it('set a proxy from a file, and take it away with null', async () => {
    const file = join(issuer.directory, 'proxy.json');
    const change = () => issuer.json(['connections', 'change', 'mail', '--proxy-file', file]);
    const proxy = { baseUrl: 'https://api.mail.example', methods: ['GET'], paths: ['/messages/*'] };
    writeFileSync(file, JSON.stringify(proxy));
    assert.deepEqual((await change()).proxy, proxy);
    writeFileSync(file, 'null');
    assert.equal((await change()).proxy, null);
  });

  it('R-120 list the applications that may use a connection', async () => {
    await issuer.json(['connections', 'applications', 'set', 'mail', 'mail-web', '--scope', 'mail.read']);
    const { items } = await issuer.json(['connections', 'applications', 'list', 'mail']);
    assert.deepEqual(items, [{ application: 'mail-web', name: 'Mail', kind: 'web', scopes: ['mail.read'], tokens: true }]);
    const { stdout } = await issuer.run(['connections', 'applications', 'remove', 'mail', 'mail-web']);
    assert.equal(stdout, 'Took a connection away from an application.\n');
  });

  it('say how the vault is, and stop a connection', async () => {
    const { items } = await issuer.json(['vault', 'status']);
    assert.ok(Array.isArray(items));
    assert.deepEqual(await issuer.json(['vault', 'panic', 'mail']), { accounts: 0, revoked: 0, unsupported: 0, failed: [] });
    assert.equal((await issuer.run(['vault', 'panic', 'nothing'])).code, 1);
  });

  it('R-125 vault panic fails when something could not be revoked, names it, and answers all the same', async () => {
    const left = { accounts: 2, revoked: 1, unsupported: 0, failed: [{ id: 'cac_ada', reason: 'away' }] };
    const server = createServer((_request, response) => {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(left));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const env = { SAFECONDUCT_TOKEN: 'any', SAFECONDUCT_ISSUER: url };
    const { code, stdout, stderr } = await issuer.run(['vault', 'panic', 'mail'], { env });
    assert.equal(code, 1);
    assert.match(stdout, /revoked +1/);
    assert.match(stderr, /Not everything could be done\. Run it again for what is left:\n {2}- cac_ada: away/);
    const json = await issuer.run(['vault', 'panic', 'mail', '--json'], { env });
    assert.deepEqual([json.code, JSON.parse(json.stdout), JSON.parse(json.stderr).problems], [1, left, ['cac_ada: away']]);
    server.close();
  });
});
