/** `npm run tour` from end to end, and then a search through everything that it left behind. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import shopConfiguration from '../../examples/shop/safeconduct.config.ts';

const program = join(import.meta.dirname, '../../examples/shop/src/tour/main.ts');
const run = promisify(execFile);

/** What must be nowhere: not in what was printed, not in a log, not in a database file. */
const neverAnywhere: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  { what: 'a signed token', pattern: /eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/ },
  { what: 'a refresh token', pattern: /sc_rt_[0-9A-Za-z]{20,}/ },
  { what: 'an opaque access token', pattern: /sc_at_[0-9A-Za-z]{20,}/ },
  { what: 'an authorization code in a URL', pattern: /[?&]code=[\w-]{20,}/ },
  { what: 'a private key', pattern: /"d"\s*:\s*"[\w-]{40,}"/ },
  { what: 'a password of the configuration', pattern: new RegExp(passwords().join('|')) },
  { what: 'a client secret of the configuration', pattern: /demo-client-secret-of-/ },
];

describe('the tour', () => {
  const directory = mkdtempSync(join(tmpdir(), 'safeconduct-tour-test-'));
  let printed = '';
  before(async () => {
    const env = { ...process.env, TOUR_DATA: directory, SAFECONDUCT_LOG_LEVEL: 'debug', NO_COLOR: '1' };
    const { stdout, stderr } = await run(process.execPath, ['--conditions=safeconduct-source', program], { env }).catch((error) => {
      assert.fail(`${error.stdout}\n${error.stderr}`);
    });
    printed = stdout + stderr;
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  it('ticks every step and ends well', () => {
    const ticked = printed.match(/^✓ +\d+/gm) ?? [];
    assert.ok(ticked.length >= 27, printed);
    assert.match(printed, /all as promised/);
  });

  it('R-146 leaves no secret in what it printed, in a log or in a database file', () => {
    const files = filesBelow(directory);
    assert.ok(
      files.some((file) => file.endsWith('issuer.log')) && files.some((file) => file.endsWith('shop.log')) && files.length > 100,
      files.slice(0, 20).join('\n'),
    );
    const found = neverAnywhere.flatMap(({ what, pattern }) => [
      ...(pattern.test(printed) ? [`${what} was printed`] : []),
      ...files.filter((file) => pattern.test(readFileSync(file, 'latin1'))).map((file) => `${what} in ${file}`),
    ]);
    assert.deepEqual(found, []);
  });

  it('would find a secret if there were one', () => {
    const { token, code } = {
      token: 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1c3IifQ.c2lnbmF0dXJl',
      code: 'https://a.test/cb?code=0123456789012345678901',
    };
    assert.ok(neverAnywhere[0]?.pattern.test(token) && neverAnywhere[3]?.pattern.test(code));
  });
});

function passwords(): string[] {
  const secrets = (shopConfiguration.users ?? []).map(({ password }) =>
    typeof password === 'string' ? password : (password?.reveal() ?? ''),
  );
  assert.ok(secrets.length >= 3 && secrets.every((secret) => secret.length >= 15));
  return secrets;
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile());
}
