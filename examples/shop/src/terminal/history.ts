import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

const most = 200;

/** What was asked before, newest first, as the line editor wants it. */
export interface History {
  readonly lines: readonly string[];
  remember(line: string): void;
  /** Writes the file, where there is one. */
  save(): Promise<void>;
}

/** A history in memory; with a path also in a file that this user alone can read. */
export async function openHistory(path: string | undefined): Promise<History> {
  const stored = path === undefined ? '' : await readFile(path, 'utf8').catch(() => '');
  const lines = stored
    .split('\n')
    .filter((line) => line !== '')
    .slice(0, most);
  return {
    lines,
    remember: (line) => {
      if (lines[0] !== line) lines.unshift(line);
      lines.length = Math.min(lines.length, most);
    },
    save: async () => {
      if (path === undefined) return;
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFile(path, `${lines.join('\n')}\n`, { mode: 0o600 });
    },
  };
}
