/** As whom a command acts: SAFECONDUCT_TOKEN, else the person who signed in on this machine, else the token kept for this issuer. */
import { signIn } from 'safeconduct/cli';
import { SafeconductError } from 'safeconduct/identity';
import type { Tokens } from 'safeconduct/login';
import { adminLogin } from './admin-login.ts';
import { CommandProblem, usageProblem } from './problem.ts';
import { readStoredToken } from './stored-token.ts';
import { note, type Terminal } from './terminal.ts';

/** An access token for the admin API, and how to get another one when it was refused. */
export interface Session {
  readonly accessToken: string;
  /** Whose token it is, as the object of a sentence: "the token in SAFECONDUCT_TOKEN". */
  readonly named: string;
  /** What to do when it is refused. */
  readonly remedy: string;
  /** Asks for a new one in place of the refused one; undefined when that cannot be. */
  renew(): Promise<Session | undefined>;
}

/** Finds the session. Throws `not_signed_in`. */
export async function openSession(terminal: Terminal, issuer: string): Promise<Session> {
  const found = fromEnvironment(terminal) ?? (await fromSignIn(terminal, issuer)) ?? (await storedSession(terminal, issuer));
  if (found) return found;
  throw new CommandProblem(
    `Nobody is signed in at ${issuer}. Run \`safeconduct login\`, or set SAFECONDUCT_TOKEN to a personal access token. ` +
      'For a new issuer, run `safeconduct setup` first.',
    { error: 'not_signed_in' },
  );
}

/** Throws for what no token looks like. `where` is where it came from. */
export function checkToken(token: string, where: string): void {
  if (!/^[!-~]{1,16384}$/.test(token)) throw usageProblem(`${where} is no token: it has spaces or other signs that no token has.`);
}

function fromEnvironment({ environment }: Terminal): Session | undefined {
  const token = environment.SAFECONDUCT_TOKEN?.trim();
  if (token === undefined || token === '') return undefined;
  checkToken(token, 'SAFECONDUCT_TOKEN');
  return {
    accessToken: token,
    named: 'the token in SAFECONDUCT_TOKEN',
    remedy: 'Set SAFECONDUCT_TOKEN to another one, or unset it.',
    renew: none,
  };
}

/** The token that this machine keeps for an issuer, if there is one. Throws when it has expired. */
export async function storedSession(terminal: Terminal, issuer: string): Promise<Session | undefined> {
  const stored = await readStoredToken(terminal, issuer);
  if (!stored) return undefined;
  const { token, expiresAt } = stored;
  const remedy = 'Run `safeconduct login`, or `safeconduct login --token-file -` with a new token.';
  if (expiresAt !== undefined && Date.parse(expiresAt) <= Date.now())
    throw new CommandProblem(`The token that this machine keeps for ${issuer} expired on ${expiresAt}. ${remedy}`, {
      error: 'not_signed_in',
    });
  return { accessToken: token, named: `the token that this machine keeps for ${issuer}`, remedy, renew: none };
}

async function fromSignIn(terminal: Terminal, issuer: string, refused?: Tokens): Promise<Session | undefined> {
  try {
    const { tokens } = await signIn(adminLogin(issuer), {
      environment: terminal.environment,
      interactive: false,
      tell: (step) => step.kind === 'notice' && note(terminal, step.message),
      ...(refused && { refused }),
    });
    return {
      accessToken: tokens.accessToken.reveal(),
      named: 'your sign-in',
      remedy: 'Run `safeconduct login`.',
      renew: async () => (refused ? undefined : fromSignIn(terminal, issuer, tokens)),
    };
  } catch (error) {
    if (!(error instanceof SafeconductError)) throw error;
    if (error.code === 'session_missing') return undefined;
    throw new CommandProblem(`Your sign-in cannot be used: ${error.message}`, { error: error.code, cause: error });
  }
}

const none = async (): Promise<undefined> => undefined;
