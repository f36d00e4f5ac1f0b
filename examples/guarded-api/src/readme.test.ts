/** Follows the README line by line: what it starts is started, what it runs is run, and what it promises is compared. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { freePort } from '@safeconduct/test-support/ports';
import { curlSkipped, here, launcher, type Running, start, variant } from './running.fixtures.test.ts';

const run = promisify(execFile);

interface Block {
  readonly language: string;
  readonly text: string;
}

describe('the README', { skip: curlSkipped }, () => {
  let directory = '';
  let blocks: readonly Block[] = [];
  let env: NodeJS.ProcessEnv = {};
  const running: Running[] = [];

  before(async () => {
    directory = variant([]);
    const [issuer, api] = [`localhost:${await freePort()}`, await freePort()];
    const moved = (text: string) => text.replaceAll('localhost:8080', issuer).replaceAll('127.0.0.1:5000', `127.0.0.1:${api}`);
    for (const name of ['.env.example', 'fastify.diff']) cpSync(join(here, name), join(directory, name));
    writeFileSync(join(directory, '.env.example'), moved(readFileSync(join(here, '.env.example'), 'utf8')));
    blocks = blocksOf(moved(readFileSync(join(here, 'README.md'), 'utf8')));
    const path = `${fakeNpx(directory)}:${process.env.PATH}`;
    env = { PATH: path, HOME: directory, SAFECONDUCT_ISSUER: `http://${issuer}`, PORT: String(api) };
  });
  after(async () => {
    for (const program of running.reverse()) await program.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it('S1.1 S1.2 S1.4 S1.5 S1.6 S1.7 can be followed from an empty issuer to 200, 401, 403 and 200 again', async () => {
    for (const [index, { language, text }] of blocks.entries()) {
      if (language === 'console') running.push(await startProgram(text));
      if (language !== 'sh') continue;
      const printed = await runBlock(text);
      const promised = blocks[index + 1];
      if (promised?.language === 'text') assert.equal(printed.trim().split('\n').at(-1), promised.text.trim());
    }
    assert.equal(running.length, 2);
    assert.equal(statSync(join(directory, '.env')).mode & 0o077, 0);
  });

  function startProgram(command: string): Promise<Running> {
    const options = { env, cwd: directory };
    if (command.includes('npx safeconduct dev')) return start([launcher, 'dev'], { ...options, sign: /is ready/ });
    const server = ['--conditions=safeconduct-source', '--env-file-if-exists=.env', 'src/server.ts'];
    return start(server, { ...options, sign: /The API is ready/ });
  }

  /** One shell after another; what one sets the next one has. */
  async function runBlock(text: string): Promise<string> {
    const kept = join(directory, 'shell');
    const script = `[ ! -f ${kept} ] || . ${kept}; set -eu; ${text}\necho "PAT='\${PAT:-}'" > ${kept}`;
    return (await run('sh', ['-c', script], { cwd: directory, env })).stdout;
  }
});

function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({ language, text }));
}

/** `npx safeconduct …` without the second that npx takes to find it. */
function fakeNpx(directory: string): string {
  const bin = join(directory, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'npx'), `#!/bin/sh\nshift\nexec '${process.execPath}' '${launcher}' "$@"\n`);
  chmodSync(join(bin, 'npx'), 0o755);
  return bin;
}
