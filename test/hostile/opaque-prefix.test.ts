/** Opaque tokens are whole values: what only begins, ends or looks like one opens nothing. Against the issuer in the box. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { crc32 } from 'node:zlib';
import { createIssuer, defineConfig, type Issuer } from '@safeconduct/issuer';
import { freePort } from '@safeconduct/test-support/ports';
import { quickStorage, type TestStorage } from '@safeconduct/test-support/postgres';
import { type Guard, protect } from 'safeconduct/protect';
import { safeconduct } from 'safeconduct/providers';

const audience = 'https://api.example';
const secret = 'demo-secret-demo-secret-demo-secret-demo';
const configuration = defineConfig({
  organizations: [{ id: 'quay', name: 'Quay' }],
  projects: [
    {
      id: 'shop',
      organization: 'quay',
      name: 'Shop',
      roles: {},
      apis: [{ id: 'orders-api', name: 'Orders', resource: audience, scopes: { read: 'Read' }, tokenFormat: 'opaque', secret }],
      applications: [{ id: 'robot', name: 'Robot', kind: 'service', resources: [audience], secret }],
    },
  ],
});

let issuer: Issuer;
let directory: string;
let storage: TestStorage;
let guard: Guard;
let token: string;
/** Values that were put to the issuer. */
let asked: string[];

before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'safeconduct-prefix-'));
  const url = `http://localhost:${await freePort()}`;
  storage = await quickStorage();
  issuer = await createIssuer({ ...storage.settings, issuer: url, dataDirectory: directory, logLevel: 'silent', configuration });
  await issuer.listen();
  asked = [];
  const listening = (to: string, init?: RequestInit) => {
    if (init?.method === 'POST') asked.push(new URLSearchParams(String(init.body)).get('token') ?? '');
    return fetch(to, init);
  };
  const introspection = { clientId: 'orders-api', clientSecret: secret, maxAgeSeconds: 0 };
  guard = protect({ provider: safeconduct({ issuer: url }), audience, introspection, fetch: listening });
  const answer = await fetch(`${url}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`robot:${secret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', resource: audience, scope: 'read' }),
  });
  token = ((await answer.json()) as { access_token: string }).access_token;
});
after(async () => {
  await issuer?.close(0);
  await storage?.drop();
  rmSync(directory, { recursive: true, force: true });
});

const knock = (value: string) => guard({ headers: { authorization: `Bearer ${value}` } });
const refused = async (value: string) => {
  await assert.rejects(knock(value), ({ status }: { status: number }) => status === 401 || status === 400, value.length.toString());
};

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** Whoever knows the form can make the checksum right: it proves nothing. */
function withChecksum(text: string): string {
  let digits = '';
  for (let rest = crc32(text), place = 0; place < 6; place++, rest = Math.floor(rest / 62)) digits = alphabet.charAt(rest % 62) + digits;
  return text + digits;
}

describe('a value that resembles an opaque token', () => {
  it('R-095 S1.11 is let in only when it is the whole token', async () => {
    assert.match(token, /^sc_at_[0-9A-Za-z]{46}$/);
    assert.equal(withChecksum(token.slice(0, -6)), token);
    const identity = await knock(token);
    assert.deepEqual([identity.subject, identity.client, identity.kind, identity.scopes], ['robot', 'robot', 'service', ['read']]);
  });

  it('R-095 S1.9 is refused when it is a beginning, an end or a middle of one', async () => {
    for (let length = 0; length < token.length; length++) await refused(token.slice(0, length));
    for (const from of [1, 3, 6, 7, 20]) await refused(token.slice(from));
  });

  it('R-095 is refused when it only begins with one', async () => {
    for (const more of ['0', '=', '.', '~', '/', '.a', '.a.b', token, ' ', ',', '%00', '\0', '%']) await refused(token + more);
  });

  it('R-095 is refused in another case, of another kind, and with wildcards', async () => {
    const body = token.slice(6, -6);
    const swapped = [...body].map((one) => (one === one.toLowerCase() ? one.toUpperCase() : one.toLowerCase())).join('');
    const others = [
      token.toUpperCase(),
      token.toLowerCase(),
      `SC_at_${token.slice(6)}`,
      withChecksum(`sc_at_${swapped}`),
      ...['pat', 'rt', 'sk', 'dc'].flatMap((kind) => [`sc_${kind}_${token.slice(6)}`, withChecksum(`sc_${kind}_${body}`)]),
      withChecksum(`sc_at_${body.slice(0, -1)}${body.endsWith('0') ? '1' : '0'}`),
      withChecksum(`sc_at_${'_'.repeat(40)}`),
      `sc_at_${'%'.repeat(46)}`,
      'sc_at_',
      'sc_',
      secret,
    ];
    for (const other of others) await refused(other);
  });

  it('sends the issuer nothing that does not begin as its tokens do', async () => {
    assert.ok(asked.length > 60);
    assert.deepEqual(
      asked.filter((value) => !value.startsWith('sc_')),
      [],
    );
  });

  it('R-095 and the token itself goes on being good', async () => {
    assert.equal((await knock(token)).subject, 'robot');
  });
});
