import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { type Page, TestBrowser } from '../flows/harness.test.ts';
import { type RunningIssuer, startIssuer } from './running.fixtures.test.ts';

const email = 'ada@acme.example';
const password = 'a quiet harbour at dawn';

describe('a person as the first administrator', () => {
  let issuer: RunningIssuer;
  before(async () => {
    issuer = await startIssuer();
  });
  after(() => issuer.close());

  it('R-143 setup refuses a weak password, and the code is still good', async () => {
    const { code, stderr } = await issuer.run(['setup', '--email', email], { env: { SAFECONDUCT_PASSWORD: 'password' } });
    assert.equal(code, 1);
    assert.match(stderr, /at least 15 characters/);
    assert.ok(issuer.setupCode());
  });

  it('R-143 setup --email makes the person, who has no token', async () => {
    const { code, stdout, stderr } = await issuer.run(['setup', '--email', email, '--name', 'Ada Brandt'], { input: `${password}\n` });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /has its first administrator\.\nRun `safeconduct login` and sign in as ada@acme\.example/);
    assert.equal((await issuer.run(['whoami'])).code, 1);
  });

  it('login signs her in on another device, whoami knows her, and she may do everything', async () => {
    const child = issuer.start(['login', '--device']);
    const { url, code } = await deviceOf(child.stderr);
    const browser = new TestBrowser();
    const question = await browser.submit(await browser.get(url), { user_code: code });
    const login = await browser.submit(question, { confirm: 'yes' });
    const done = await browser.submit(login, { email, password });
    assert.match(titleOf(done), /connected/);
    const [exit] = await once(child, 'close');
    assert.equal(exit, 0);
    const me = await issuer.json(['whoami']);
    assert.deepEqual([me.kind, me.name, me.roles], ['person', 'Ada Brandt', ['issuer-admin']]);
    assert.equal((await issuer.json(['organizations', 'create', '--id', 'acme', '--name', 'Acme'])).id, 'acme');
  });

  it('makes a token of her own, which then acts alone', async () => {
    const resource = `${issuer.url}/admin/v1`;
    const args = ['tokens', 'mine', 'create', '--name', 'CI', '--resource', resource, '--scope', 'me:read'];
    const { token } = await issuer.json(args);
    const env = { SAFECONDUCT_TOKEN: String(token) };
    assert.equal((await issuer.json(['whoami'], { env })).kind, 'person');
    const refused = await issuer.run(['organizations', 'list'], { env });
    assert.match(refused.stderr, /organizations:read/);
  });

  it('logout ends it here and at the issuer', async () => {
    const { stdout } = await issuer.run(['logout']);
    assert.equal(stdout, `Signed out at ${issuer.url}.\n`);
    assert.match((await issuer.run(['whoami'])).stderr, /Nobody is signed in/);
    assert.equal((await issuer.json(['logout'])).signedOut, false);
  });
});

/** What the command tells somebody who signs in on another device. */
async function deviceOf(stream: NodeJS.ReadableStream | null): Promise<{ url: string; code: string }> {
  let text = '';
  for await (const chunk of stream ?? []) {
    text += String(chunk);
    const [, url] = /(http\S+)/.exec(text) ?? [];
    const [, code] = /the code (\S+)\./.exec(text) ?? [];
    if (url !== undefined && code !== undefined) return { url, code };
  }
  throw new Error(`no device code: ${text}`);
}

const titleOf = ({ text }: Page): string => /<title>(.*?)<\/title>/.exec(text)?.[1] ?? '';
