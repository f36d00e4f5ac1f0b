import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { assertBrowsable, browserCommand, openBrowser } from './open-browser.ts';

const hostile = new URL('https://id.example/authorize?a=$(touch%20x)&b=`id`&c=%22%26calc.exe');

describe('opening a browser', () => {
  for (const url of [
    'http://id.example/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'data:text/html,x',
    'vscode://x',
    'http://localhost.example/',
  ]) {
    it(`R-073 does not open ${url}`, async () => {
      assert.throws(() => assertBrowsable(new URL(url)), TypeError);
      await assert.rejects(openBrowser(new URL(url), {}), TypeError);
    });
  }

  for (const url of ['https://id.example/', 'http://localhost:8080/', 'http://127.0.0.1:8080/', 'http://[::1]:8080/']) {
    it(`opens ${url}`, () => assert.doesNotThrow(() => assertBrowsable(new URL(url))));
  }

  for (const platform of ['linux', 'darwin', 'win32'] as const) {
    it(`R-073 hands the address to the program of ${platform} as one argument, past any shell`, () => {
      const [program, parameters] = browserCommand(hostile, platform, {});
      assert.equal(parameters.at(-1), hostile.href);
      assert.doesNotMatch(program, /cmd|powershell|\bsh\b/);
    });
  }

  it('R-073 runs no part of the address', { skip: process.platform !== 'linux' }, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'open-'));
    const seen = join(directory, 'seen');
    await writeFile(join(directory, 'xdg-open'), `#!/bin/sh\nprintf %s "$1" > '${seen}.new' && mv '${seen}.new' '${seen}'\n`);
    await chmod(join(directory, 'xdg-open'), 0o755);
    const path = process.env.PATH;
    process.env.PATH = `${directory}:${path}`;
    try {
      assert.equal(await openBrowser(hostile, {}), true);
      assert.equal(await eventually(seen), hostile.href);
    } finally {
      process.env.PATH = path;
      await rm(directory, { recursive: true });
    }
  });

  it('goes on without a program that opens browsers', { skip: process.platform !== 'linux' }, async () => {
    const path = process.env.PATH;
    process.env.PATH = '/nonexistent';
    try {
      assert.equal(await openBrowser(hostile, {}), false);
    } finally {
      process.env.PATH = path;
    }
  });
});

async function eventually(path: string): Promise<string> {
  for (let turn = 0; turn < 500; turn++) {
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text !== undefined) return text;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`${path} was not written`);
}
