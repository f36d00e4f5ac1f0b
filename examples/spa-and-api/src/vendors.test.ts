/** The same page and API with other providers: each diff is applied, and what it makes is built, type-checked, started and called. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '@safeconduct/test-support/ports';
import { onlyVendor, typeErrors, variant as variantOf } from '@safeconduct/test-support/variant';

type Json = Readonly<Record<string, unknown>>;

const run = promisify(execFile);
const here = fileURLToPath(new URL('..', import.meta.url));
const root = join(here, '../..');
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const key = { ...publicKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig' };
const now = Math.floor(Date.now() / 1000);

interface Vendor {
  readonly name: string;
  readonly issuer: string;
  readonly audience: string;
  /** The claims of a reader's token. */
  readonly reader: Json;
  /** What an editor's token has besides. */
  readonly editor: Json;
  /** What the page has to ask for. */
  readonly asks: RegExp;
}

const urn = 'urn:zitadel:iam:org:project:305211467129990000:roles';
const tenant = '72f988bf-0000-4000-8000-2d7cd011db47';
const api = '6e74172b-0000-4000-8000-a39bb12e3000';
const vendors: readonly Vendor[] = [
  {
    name: 'entra',
    issuer: `https://login.microsoftonline.com/${tenant}/v2.0`,
    audience: `api://${api}`,
    reader: {
      aud: api,
      sub: 'GEo6',
      oid: '6902a1b1-0000-4000-8000-0123456789ab',
      tid: tenant,
      azp: tenant,
      ver: '2.0',
      scp: 'notices:read',
    },
    editor: { roles: ['editor'] },
    asks: new RegExp(`offline_access api://${api}/notices:read|offline_access \\$\\{.+\\}/notices:read`),
  },
  {
    name: 'auth0',
    issuer: 'https://acme.eu.auth0.com/',
    audience: 'https://board.example/api',
    reader: { aud: ['https://board.example/api'], sub: 'auth0|65f1', azp: 'board', scope: 'openid notices:read', permissions: [] },
    editor: { permissions: ['editor'] },
    asks: /extraQueryParams:\{audience:.https:\/\/board\.example\/api/,
  },
  {
    name: 'zitadel',
    issuer: 'https://acme.zitadel.example',
    audience: '305211467129990000',
    reader: {
      aud: ['305211467129990000'],
      sub: '77776025198584418',
      client_id: '3052@board',
      jti: 'at_1',
      [urn]: { reader: { 1: 'acme' } },
    },
    editor: { [urn]: { editor: { 1: 'acme' } } },
    asks: /urn:zitadel:iam:org:project:id:/,
  },
  {
    name: 'keycloak',
    issuer: 'https://id.example/realms/acme',
    audience: 'board-api',
    reader: { aud: ['board-api'], sub: 'f3b2', typ: 'Bearer', azp: 'board', jti: 'j1', scope: 'openid notices:read' },
    editor: { resource_access: { 'board-api': { roles: ['editor'] } } },
    asks: /openid profile email notices:read/,
  },
];

for (const vendor of vendors) {
  describe(`the noticeboard with ${vendor.name}.diff`, () => {
    const { issuer, audience } = vendor;
    let directory = '';
    let env: NodeJS.ProcessEnv = {};
    before(async () => {
      directory = variant(`${vendor.name}.diff`);
      env = {
        PATH: process.env.PATH,
        ISSUER: issuer,
        AUDIENCE: audience,
        CLIENT_ID: 'board',
        DOCS_CLIENT_ID: 'board-docs',
        API_URL: `http://localhost:${await freePort()}`,
      };
    });
    after(() => rmSync(directory, { recursive: true, force: true }));

    it('builds the page offline, which then asks this provider and may talk to no other', async () => {
      await run(join(root, 'node_modules/.bin/vite'), ['build', '--logLevel', 'warn'], { cwd: directory, env });
      const page = readFileSync(join(directory, 'dist/index.html'), 'utf8');
      assert.ok(page.includes(`connect-src ${new URL(issuer).origin} ${env.API_URL};`), page);
      const scripts = readdirSync(join(directory, 'dist/assets')).filter((name) => name.endsWith('.js'));
      const script = scripts.map((name) => readFileSync(join(directory, 'dist/assets', name), 'utf8')).join('');
      assert.match(script, vendor.asks);
      assert.ok(script.includes(issuer));
    });

    it('S3.4 S3.6 starts an API that takes its tokens, tells roles apart, and describes its sign-in', async () => {
      const stop = await startApi(directory, { ...env, ...onlyVendor(documentsOf(issuer)) });
      const ask = async (path: string, token: string) =>
        (await fetch(`${env.API_URL}${path}`, { headers: { authorization: `Bearer ${token}` } })).status;
      const reader = jwt({ iss: issuer, ...vendor.reader });
      const editor = jwt({ iss: issuer, ...vendor.reader, ...vendor.editor });
      assert.equal(await ask('/api/notices', reader), 200);
      assert.equal(await ask('/api/drafts', reader), 403);
      assert.equal(await ask('/api/drafts', editor), 200);
      assert.equal(await ask('/api/notices', jwt({ iss: issuer, ...vendor.reader, aud: 'other' })), 401);
      const document = await (await fetch(`${env.API_URL}/docs/openapi.json`)).text();
      assert.match(document, new RegExp(`"authorizationUrl":"${issuer}`));
      await stop();
    });
  });
}

describe('every diff', () => {
  it('compiles', { timeout: 120_000 }, async () => {
    const made = vendors.map(({ name }) => variant(`${name}.diff`));
    const findings = await typeErrors(made, ['src', 'vite.config.ts']);
    for (const directory of made) rmSync(directory, { recursive: true, force: true });
    assert.equal(findings, '');
  });
});

const part = (value: Json) => Buffer.from(JSON.stringify(value)).toString('base64url');
function jwt(claims: Json): string {
  const text = `${part({ alg: 'RS256', typ: 'JWT', kid: 'k1' })}.${part({ iat: now - 60, nbf: now - 60, exp: now + 3_600, ...claims })}`;
  return `${text}.${sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`;
}

/** What the provider publishes, by address. */
function documentsOf(issuer: string): Json {
  const place = issuer.replace(/\/$/, '');
  return {
    [`${place}/.well-known/openid-configuration`]: {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${place}/keys`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    },
    [`${place}/keys`]: { keys: [key] },
  };
}

/** A copy of the example with a diff applied to it. */
function variant(diff: string): string {
  return variantOf(here, { parts: ['src', 'index.html', 'vite.config.ts', 'package.json'], diffs: [diff] });
}

async function startApi(cwd: string, env: NodeJS.ProcessEnv): Promise<() => Promise<void>> {
  const child = spawn(process.execPath, ['--conditions=safeconduct-source', 'src/api/main.ts'], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close');
  let printed = '';
  const ready = new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        printed += text;
        if (printed.includes('The API is ready')) resolve();
      });
    ended.then(() => reject(new Error(printed)));
  });
  await ready;
  return async () => {
    child.kill('SIGTERM');
    await ended;
  };
}
