/** Secrets that a person or a file gives. They are never arguments, which everybody on the machine can list. */
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { CommandProblem, usageProblem } from './problem.ts';
import type { Terminal } from './terminal.ts';

const largest = 65_536;

export interface PasswordSource {
  /** A path, or `-` for standard input. Undefined: what `variable` holds, else standard input. */
  readonly file: string | undefined;
  /** The flag that names the file, for what is said. */
  readonly flag: string;
}

/** Reads a new password: from a file, from SAFECONDUCT_PASSWORD, from standard input, or twice from a person. */
export async function readNewPassword(terminal: Terminal, { file, flag }: PasswordSource): Promise<string> {
  if (file !== undefined && file !== '-') return oneLine(await fileText(file), file);
  const { SAFECONDUCT_PASSWORD: given } = terminal.environment;
  if (file === undefined && given) return given;
  if (terminal.input.isTTY !== true) return oneLine(await allOf(terminal.input), `standard input (${flag} -)`);
  const password = await hiddenLine(terminal, 'Password: ');
  if ((await hiddenLine(terminal, 'The same again: ')) !== password)
    throw new CommandProblem('The two were not the same. Nothing was done: try again.', { error: 'password_mismatch' });
  return password;
}

/** Reads a secret that somebody else made: from a file, from SAFECONDUCT_SECRET, from standard input, or from a person. */
export async function readGivenSecret(terminal: Terminal, file: string | undefined): Promise<string> {
  const { SAFECONDUCT_SECRET: given } = terminal.environment;
  return file === undefined && given ? given : readSecret(terminal, file ?? '-', 'Secret: ');
}

/** Reads one secret from a file or, for `-`, from standard input without showing it. */
export async function readSecret(terminal: Terminal, file: string, prompt: string): Promise<string> {
  if (file !== '-') return oneLine(await fileText(file), file);
  return terminal.input.isTTY === true ? hiddenLine(terminal, prompt) : oneLine(await allOf(terminal.input), 'standard input');
}

async function fileText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new CommandProblem(`${path} cannot be read: check its name.`, { error: 'usage', exitCode: 2, cause });
  });
}

async function allOf(input: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of input) {
    chunks.push(Buffer.from(chunk));
    size += chunk.length;
    if (size > largest) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Without the line end that editors and `echo` add. Spaces belong to it. */
function oneLine(text: string, where: string): string {
  const line = text.replace(/\r?\n$/, '');
  if (line === '') throw usageProblem(`${where} is empty: it must hold the secret, on one line.`);
  if (/[\r\n]/.test(line)) throw usageProblem(`${where} has more than one line: it must hold the secret alone.`);
  return line;
}

/** A line that is typed without being shown. */
function hiddenLine({ input, errors }: Terminal, prompt: string): Promise<string> {
  errors.write(prompt);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const editor = createInterface({ input, output: nowhere, terminal: true, historySize: 0 });
  return new Promise((resolve, reject) => {
    let line: string | undefined;
    editor.once('line', (text) => {
      line = text;
      editor.close();
    });
    editor.once('SIGINT', () => editor.close());
    editor.once('close', () => {
      errors.write('\n');
      if (line === undefined) reject(new CommandProblem('Stopped. Nothing was done.', { error: 'stopped' }));
      else resolve(line);
    });
  });
}
