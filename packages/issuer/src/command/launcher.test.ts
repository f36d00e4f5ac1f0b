import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { launcher } from './running.fixtures.test.ts';

const { PATH = '' } = process.env;
const run = (args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env: { PATH } });
  return { status, stdout, stderr };
};

describe('npx safeconduct', () => {
  const place = mkdtempSync(join(tmpdir(), 'safeconduct-launcher-'));
  after(() => rmSync(place, { recursive: true, force: true }));

  it('runs from a checkout as it is, through the link that npm makes, and says what it can do', () => {
    const link = join(place, 'safeconduct');
    symlinkSync(launcher, link);
    const { status, stdout, stderr } = run([link, '--help']);
    assert.deepEqual([status, stderr], [0, '']);
    assert.match(stdout, /dev[\s\S]*setup[\s\S]*people[\s\S]*tokens/);
  });

  it('runs what was built where the package is installed, with its arguments and exit code', () => {
    const installed = join(place, 'node_modules/@safeconduct/issuer');
    for (const folder of ['bin', 'dist', 'src']) mkdirSync(join(installed, folder), { recursive: true });
    cpSync(launcher, join(installed, 'bin/safeconduct.js'));
    writeFileSync(join(installed, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(installed, 'src/bin.ts'), 'throw new Error("the sources ran")');
    writeFileSync(join(installed, 'dist/bin.js'), 'console.log("built", process.argv.slice(2).join(" ")); process.exitCode = 3;');
    const { status, stdout } = run([join(installed, 'bin/safeconduct.js'), 'people', 'list']);
    assert.deepEqual([status, stdout], [3, 'built people list\n']);
  });

  it('says that Node is too old, which one it needs, and how to get it', () => {
    const older = `data:text/javascript,Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })`;
    const { status, stdout, stderr } = run(['--import', older, launcher, 'whoami']);
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, /^safeconduct: Node 24\.7 or newer is needed, and this is 20\.20\.2\. Run `npx safeconduct`/);
  });

  for (const [what, args] of [
    ['a command that is none', ['peopel', 'list']],
    ['a flag that is missing', ['projects', 'create', '--organization', 'acme']],
    ['an argument that is missing', ['people', 'show']],
    ['a value that cannot be', ['applications', 'list', '--kind', 'desktop']],
    ['an issuer that no token may be sent to', ['whoami', '--issuer', 'http://login.example']],
  ] as const)
    it(`ends with 2 and says what is wrong for ${what}`, () => {
      const { status, stdout, stderr } = run([launcher, ...args]);
      assert.deepEqual([status, stdout], [2, '']);
      assert.match(stderr, /^(?:error|safeconduct): /);
    });
});
