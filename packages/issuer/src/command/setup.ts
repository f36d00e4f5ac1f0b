/** `safeconduct setup`: gives the issuer on this machine its first administrator, with the code that the issuer wrote down. */
import { join } from 'node:path';
import { ADMIN_PATH } from '../admin/routes/table.ts';
import type { ActingFlags } from './acting.ts';
import { post } from './ask.ts';
import { isLoopback, issuerAddress } from './issuer-address.ts';
import { makePrivateDirectory, readPrivateFile } from './private-file.ts';
import { CommandProblem, usageProblem } from './problem.ts';
import { readNewPassword } from './secret-input.ts';
import { tokenDirectory, writeStoredToken } from './stored-token.ts';
import { answer, plainLine, type Terminal } from './terminal.ts';

export interface SetupFlags extends Pick<ActingFlags, 'json'> {
  readonly codeFile?: string;
  readonly email?: string;
  readonly name?: string;
  readonly passwordFile?: string;
  readonly printToken: boolean;
}

interface Found {
  readonly issuer: string;
  readonly address: string;
  readonly code: string;
}

interface Administrator {
  readonly id: string;
  readonly kind: string;
  readonly token?: string;
  readonly tokenId?: string;
  readonly expiresAt?: string;
}

export async function setUp(terminal: Terminal, flags: SetupFlags): Promise<void> {
  const { email, name, passwordFile } = flags;
  if (email === undefined && (name !== undefined || passwordFile !== undefined))
    throw usageProblem('--name and --password-file belong to a person: name the person with --email.');
  const { issuer, address, code } = await readCodeFile(terminal, flags.codeFile ?? codeFileOf(terminal));
  const password = email === undefined ? undefined : await readNewPassword(terminal, { file: passwordFile, flag: '--password-file' });
  // The code is good once: find out before whether what it gives can be kept.
  if (email === undefined) await makePrivateDirectory(tokenDirectory(terminal));
  const person = email === undefined ? {} : { person: { email, password, ...(name !== undefined && { name }) } };
  const { administrator } = (await post(setupUrl(address), { code, ...person })) as { administrator: Administrator };
  await tell(terminal, { ...flags, issuer, administrator });
}

function codeFileOf({ environment }: Terminal): string {
  return join(environment.SAFECONDUCT_DATA || '.safeconduct', 'setup.json');
}

async function readCodeFile(terminal: Terminal, path: string): Promise<Found> {
  const text = await readPrivateFile(path);
  if (text === undefined) throw await noCode(terminal, path);
  const found = foundIn(text);
  if (found === undefined)
    throw new CommandProblem(`${path} is no file of a set-up: start the issuer again, and it writes a new one.`, { error: 'no_code' });
  return found;
}

/** Without a file, the issuer itself can say whether it was set up before. */
async function noCode(terminal: Terminal, path: string): Promise<CommandProblem> {
  const issuer = issuerAddress(undefined, terminal);
  const local = isLoopback(new URL(issuer).hostname);
  const answered: unknown = local ? await post(setupUrl(issuer), { code: '' }).catch((error: unknown) => error) : undefined;
  if (answered instanceof CommandProblem && answered.error === 'conflict') return answered;
  return new CommandProblem(
    `There is no ${path}. An issuer without an administrator writes it when it starts: start the issuer, and run this in the same ` +
      'folder, or name the file that its log names with --code-file.',
    { error: 'no_code' },
  );
}

const setupUrl = (address: string): string => `${address}${ADMIN_PATH}/setup`;

// The code goes to this machine and nowhere else, whatever the file says.
function foundIn(text: string): Found | undefined {
  try {
    const { issuer, address, code } = JSON.parse(text) as Partial<Record<keyof Found, unknown>>;
    if (typeof issuer !== 'string' || typeof address !== 'string' || typeof code !== 'string') return undefined;
    const url = new URL(address);
    return url.protocol === 'http:' && isLoopback(url.hostname) && url.origin === address ? { issuer, address, code } : undefined;
  } catch {
    return undefined;
  }
}

interface Outcome extends SetupFlags {
  readonly issuer: string;
  readonly administrator: Administrator;
}

async function tell(terminal: Terminal, { json, printToken, issuer, administrator, email }: Outcome): Promise<void> {
  const { token, ...known } = administrator;
  const stored = token === undefined ? undefined : await keep(terminal, issuer, { token, administrator });
  if (json) return answer(terminal, JSON.stringify({ issuer, administrator: { ...known, ...(printToken && { token }) }, stored }));
  const lines = token === undefined ? personLines(email ?? known.id) : serviceLines(known, stored ?? '');
  const printed = printToken && token !== undefined ? ['', 'The token is shown this once:', plainLine(token)] : [];
  const elsewhere =
    issuer === issuerAddress(undefined, terminal) ? [] : [`Set SAFECONDUCT_ISSUER=${plainLine(issuer)} for the commands that follow.`];
  answer(terminal, [`${plainLine(issuer)} has its first administrator.`, ...lines, ...elsewhere, ...printed].join('\n'));
}

/** A token that cannot be stored must not be lost: the set-up cannot be done again. */
async function keep(
  terminal: Terminal,
  issuer: string,
  { token, administrator }: { token: string; administrator: Administrator },
): Promise<string> {
  const { id: userId, tokenId, expiresAt } = administrator;
  try {
    return await writeStoredToken(terminal, issuer, { token, userId, tokenId, expiresAt });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'it cannot be written';
    answer(terminal, plainLine(token));
    throw new CommandProblem(
      `The administrator ${userId} is made, but its token could not be stored (${why}). It is the line above: keep it safe.`,
      {
        error: 'not_stored',
        cause,
      },
    );
  }
}

const personLines = (who: string): string[] => [`Run \`safeconduct login\` and sign in as ${plainLine(who)}.`];

const serviceLines = ({ id, expiresAt = '' }: Pick<Administrator, 'id' | 'expiresAt'>, stored: string): string[] => [
  `It is the service user ${plainLine(id)}. Its token is in ${stored}, and works until ${plainLine(expiresAt).slice(0, 10)}.`,
  'This machine now acts with it: try `safeconduct whoami`.',
];
