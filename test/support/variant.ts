/** Examples with their diffs applied, and programs that are to meet one vendor and no other network. */
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A copy of these parts of an example with diffs applied to it, in a folder from which its imports still resolve. The caller removes it. */
export function variant(example: string, { parts, diffs }: { parts: readonly string[]; diffs: readonly string[] }): string {
  const directory = mkdtempSync(join(tmpdir(), 'variant-'));
  for (const part of parts) cpSync(join(example, part), join(directory, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  for (const diff of diffs) execFileSync('git', ['apply', join(example, diff)], { cwd: directory, stdio: 'pipe' });
  return directory;
}

/** The environment in which a program of Node meets one vendor: what that one publishes, by address. */
export function onlyVendor(documents: Readonly<Record<string, unknown>>): NodeJS.ProcessEnv {
  const network = fileURLToPath(new URL('vendor-network.ts', import.meta.url));
  return { VENDOR: JSON.stringify(documents), NODE_OPTIONS: `--import=${network}` };
}

/** What the compiler has to say about these parts of each copy, or nothing. One program for all of them: what costs is the first one. */
export function typeErrors(copies: readonly string[], parts: readonly string[]): Promise<string> {
  const [first = ''] = copies;
  const include = copies.flatMap((copy) => parts.map((part) => join(copy, part)));
  writeFileSync(join(first, 'tsconfig.json'), JSON.stringify({ extends: join(root, 'tsconfig.json'), include, exclude: ['**/*.test.ts'] }));
  return new Promise((resolve) => {
    execFile(join(root, 'node_modules/.bin/tsc'), ['--project', first, '--noEmit'], (error, stdout) =>
      resolve(error === null ? '' : stdout || error.message),
    );
  });
}
