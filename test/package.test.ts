/** What is published works without the checkout: built JavaScript, plain Node, no condition, few packages. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

const root = join(import.meta.dirname, '..');
const place = mkdtempSync(join(tmpdir(), 'safeconduct-package-'));
const manifest = (name: string) => JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')) as Manifest;

interface Manifest {
  readonly exports: Record<string, unknown>;
  readonly dependencies: Record<string, string>;
}

const run = (...args: string[]) => execFileSync(process.execPath, args, { cwd: place, encoding: 'utf8', stdio: 'pipe' });

describe('the published packages', () => {
  before(() => {
    execFileSync(process.execPath, [join(root, 'scripts/build.ts')], { cwd: root, stdio: 'pipe' });
    for (const [name, folder] of [
      ['safeconduct', 'safeconduct'],
      ['@safeconduct/issuer', 'issuer'],
    ] as const) {
      const packed = JSON.parse(
        execFileSync('npm', ['pack', '--json', '--pack-destination', place], {
          cwd: join(root, 'packages', folder),
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
        }),
      );
      const target = join(place, 'node_modules', name);
      mkdirSync(target, { recursive: true });
      execFileSync('tar', ['-xzf', join(place, packed[0].filename), '-C', target, '--strip-components=1']);
    }
    const dependencies = ['safeconduct', 'issuer'].flatMap((folder) => Object.keys(manifest(folder).dependencies));
    for (const dependency of new Set(dependencies)) link(dependency);
  });
  after(() => rmSync(place, { recursive: true, force: true }));

  it('import by every public name', () => {
    const faces = Object.keys(manifest('safeconduct').exports)
      .filter((path) => path !== './package.json')
      .map((path) => `safeconduct/${path.slice(2)}`);
    const code = [...faces, '@safeconduct/issuer']
      .map((face) => `console.log(${JSON.stringify(face)}, Object.keys(await import(${JSON.stringify(face)})).length)`)
      .join('\n');
    const lines = run('--input-type=module', '-e', code).trim().split('\n');
    assert.equal(lines.length, faces.length + 1);
    for (const line of lines) assert.match(line, / [1-9]\d*$/);
  });

  it('have a command that says what it can do', () => {
    assert.match(run('node_modules/@safeconduct/issuer/dist/bin.js', '--help'), /dev[\s\S]*start[\s\S]*migrate[\s\S]*apply/);
  });

  it('P9 installs the library with at most five packages', () => {
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { dependencies?: Record<string, string> }>;
    };
    const seen = new Set<string>();
    const visit = (name: string, dependencies: Record<string, string>) => {
      seen.add(name);
      for (const next of Object.keys(dependencies))
        if (!seen.has(next)) visit(next, lock.packages[`node_modules/${next}`]?.dependencies ?? {});
    };
    visit('safeconduct', manifest('safeconduct').dependencies);
    assert.ok(seen.size <= 5, [...seen].join(', '));
  });
});

function link(name: string): void {
  const target = join(place, 'node_modules', name);
  if (name === 'safeconduct') return;
  mkdirSync(join(target, '..'), { recursive: true });
  try {
    symlinkSync(join(root, 'node_modules', name), target);
  } catch {
    cpSync(join(root, 'node_modules', name), target, { recursive: true });
  }
}
