/** The checks that a compiler, a linter and a tree-walker make. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';

const root = join(import.meta.dirname, '..');

describe('hygiene', () => {
  it('type-checks', () => run('tsc', ['--noEmit']));
  it('is formatted and has no lint finding', () => run('biome', ['check', '--error-on-warnings']));
  it('has no unused file, export or dependency', () => run('knip', ['--no-progress']));
});

function run(command: string, options: readonly string[]): void {
  try {
    execFileSync(join(root, 'node_modules/.bin', command), options, { cwd: root, stdio: 'pipe', encoding: 'utf8' });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    assert.fail(`${command}\n${stdout}${stderr}`);
  }
}
