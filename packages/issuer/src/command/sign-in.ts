/** `safeconduct login`, `logout` and `whoami`. */
import { signIn, signOut } from 'safeconduct/cli';
import { SafeconductError } from 'safeconduct/identity';
import { table } from '../admin/routes/table.ts';
import type { ActingFlags } from './acting.ts';
import { adminLogin } from './admin-login.ts';
import { ask } from './ask.ts';
import { issuerAddress } from './issuer-address.ts';
import { CommandProblem } from './problem.ts';
import { readSecret } from './secret-input.ts';
import { checkToken, openSession, type Session } from './session.ts';
import { factLines } from './show.ts';
import { readStoredToken, removeStoredToken, writeStoredToken } from './stored-token.ts';
import { answer, note, plainLine, type Terminal } from './terminal.ts';

export interface LoginFlags extends ActingFlags {
  /** True takes the device grant. */
  readonly device: boolean;
  readonly tokenFile?: string;
}

/** Signs a person in, or stores a personal access token for this issuer. */
export async function logIn(terminal: Terminal, flags: LoginFlags): Promise<void> {
  const issuer = issuerAddress(flags.issuer, terminal);
  if (terminal.environment.SAFECONDUCT_TOKEN)
    note(terminal, 'SAFECONDUCT_TOKEN is set, and every command acts with it: unset it to act as who signs in now.');
  if (flags.tokenFile !== undefined) return keepToken(terminal, issuer, flags);
  try {
    const { identity } = await signIn(adminLogin(issuer), {
      environment: terminal.environment,
      input: terminal.input,
      ...(flags.device && { device: true }),
    });
    const name = [identity.claims.name, identity.claims.email].find((one) => typeof one === 'string') ?? identity.subject;
    if (flags.json) answer(terminal, JSON.stringify({ issuer, id: identity.subject }));
    else answer(terminal, `Signed in at ${issuer} as ${plainLine(String(name))}.`);
  } catch (error) {
    if (!(error instanceof SafeconductError)) throw error;
    throw new CommandProblem(`Nobody was signed in: ${plainLine(error.message)}`, { error: error.code, cause: error });
  }
}

/** Stores a token after the issuer has said whose it is. */
async function keepToken(terminal: Terminal, issuer: string, { tokenFile = '-', json }: LoginFlags): Promise<void> {
  const accessToken = (await readSecret(terminal, tokenFile, 'Token: ')).trim();
  checkToken(accessToken, tokenFile === '-' ? 'What was read' : tokenFile);
  const session = { accessToken, named: 'this token', remedy: 'Nothing was stored.', renew: async () => undefined };
  const { id, expiresAt } = (await askMe(issuer, session)) as { id: string; expiresAt: string };
  const path = await writeStoredToken(terminal, issuer, { token: accessToken, userId: id, expiresAt });
  if (json) answer(terminal, JSON.stringify({ issuer, id, expiresAt, stored: path }));
  else answer(terminal, `The token of ${plainLine(id)} is in ${path}, and works until ${plainLine(expiresAt).slice(0, 10)}.`);
  const acting = await openSession(terminal, issuer);
  if (acting.accessToken !== accessToken) note(terminal, `Commands on this machine act with ${acting.named} all the same.`);
}

export interface LogoutFlags extends ActingFlags {
  /** Also removes the personal access token that is kept for this issuer. */
  readonly forgetToken: boolean;
}

/** Ends a person's sign-in here and at the issuer. */
export async function logOut(terminal: Terminal, flags: LogoutFlags): Promise<void> {
  const issuer = issuerAddress(flags.issuer, terminal);
  const { signedOut, revoked } = await signOut(adminLogin(issuer), { environment: terminal.environment });
  const kept = (await readStoredToken(terminal, issuer)) !== undefined;
  if (kept && flags.forgetToken) await removeStoredToken(terminal, issuer);
  const tokenKept = kept && !flags.forgetToken;
  if (flags.json) return answer(terminal, JSON.stringify({ issuer, signedOut, revoked, tokenKept }));
  answer(terminal, signedOut ? `Signed out at ${issuer}.` : `Nobody was signed in at ${issuer}.`);
  if (signedOut && !revoked) note(terminal, 'The issuer did not answer: the access token works for up to 10 minutes more.');
  if (kept && flags.forgetToken)
    note(terminal, 'The token that was kept for it is removed from this machine. It still works until it is revoked.');
  if (tokenKept) note(terminal, 'This machine still keeps a personal access token for it: --forget-token removes that, too.');
}

/** Says as whom commands act, and with what. */
export async function whoAmI(terminal: Terminal, flags: ActingFlags): Promise<void> {
  const issuer = issuerAddress(flags.issuer, terminal);
  const session = await openSession(terminal, issuer);
  const me = (await askMe(issuer, session)) as Readonly<Record<string, unknown>>;
  if (flags.json) return answer(terminal, JSON.stringify({ issuer, ...me }));
  answer(terminal, factLines({ issuer, ...me, actsWith: session.named }).join('\n'));
}

function askMe(issuer: string, session: Session): Promise<unknown> {
  const { method, path } = table.me;
  return ask(issuer, session, { method, path });
}
