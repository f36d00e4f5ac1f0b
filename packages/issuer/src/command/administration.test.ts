/** docs/administration.md is run: every line of its shell blocks, in the order of the page, against an issuer of its own. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { launcher, type RunningIssuer, startIssuer } from './running.fixtures.test.ts';

const page = readFileSync(join(import.meta.dirname, '../../../../docs/administration.md'), 'utf8');
const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text);

describe('the guide to administration', () => {
  let issuer: RunningIssuer;
  let output = '';
  before(async () => {
    issuer = await startIssuer();
  });
  after(() => issuer.close());

  it('has only commands that work, one after the other', async () => {
    assert.ok(blocks.length >= 12, `only ${blocks.length} blocks were found`);
    const npx = `npx() { [ "$1" = safeconduct ] || return 9; shift; '${process.execPath}' '${launcher}' "$@"; }`;
    const script = blocks.map((block, at) => `echo '=== ${at}'\n${block.replaceAll('http://localhost:8080', issuer.url)}`).join('\n');
    const shell = spawn('bash', ['-e', '-o', 'pipefail', '-c', `${npx}\n${script}`], {
      cwd: issuer.directory,
      env: { ...issuer.env, PATH: `${join(process.execPath, '..')}:${issuer.env.PATH}` },
    });
    let errors = '';
    shell.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    shell.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text;
    });
    const [code] = await once(shell, 'close');
    assert.equal(code, 0, `${output.slice(-1500)}\n${errors}\n${issuer.log().slice(-1500)}`);
  });

  it('S1.6 S1.7 shows a role that is there at the next introspection, and gone at the one after it was taken away', () => {
    const found = output.matchAll(/^(\{[^\n]*?"active":true[^\n]*?\})(?:===|Gave|$)/gm);
    const answers = [...found].map(([, json = '']) => JSON.parse(json) as Record<string, unknown>);
    assert.deepEqual(
      answers.map(({ sub, roles }) => [sub, roles ?? []]),
      [
        ['svc_messenger', ['read:messages']],
        ['svc_messenger', []],
      ],
    );
  });

  it('R-146 leaves no secret in what the commands printed, nor in the log of the issuer', () => {
    const secretLike = /sc_(?:pat|sk|at|rt)_[0-9A-Za-z]{46}|the tide turns at noon|a lantern over the quay|what the third party g/;
    assert.doesNotMatch(output, secretLike);
    assert.doesNotMatch(issuer.log(), secretLike);
  });

  it('shows every command that the page names', async () => {
    const named = [...page.matchAll(/(?:npx |`)safeconduct ([a-z][a-z-]*(?: [a-z][a-z-]*)*)/g)].map(([, words = '']) => words.trim());
    const { stdout } = await issuer.run(['--help']);
    for (const words of named) assert.match(stdout, new RegExp(`^  ${words.split(' ')[0]}\\b`, 'm'), words);
  });
});
