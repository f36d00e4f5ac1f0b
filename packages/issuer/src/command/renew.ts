/** `safeconduct renew`: the personal access token that this machine keeps gives way to a new one before it ends. */
import { ADMIN_PATH, table } from '../admin/routes/table.ts';
import type { ActingFlags } from './acting.ts';
import { ask } from './ask.ts';
import { issuerAddress } from './issuer-address.ts';
import { CommandProblem } from './problem.ts';
import { type Session, storedSession } from './session.ts';
import { readStoredToken, writeStoredToken } from './stored-token.ts';
import { answer, note, plainLine, type Terminal } from './terminal.ts';

interface Made {
  readonly id: string;
  readonly token: string;
  readonly expiresAt: string;
}

/** Makes a token with the same scopes, stores it, and revokes the old one: in this order, so that nobody is left without. */
export async function renew(terminal: Terminal, flags: ActingFlags): Promise<void> {
  const issuer = issuerAddress(flags.issuer, terminal);
  const session = await storedSession(terminal, issuer);
  if (!session)
    throw new CommandProblem(
      `This machine keeps no personal access token for ${issuer}. People make theirs with \`safeconduct tokens mine create\`.`,
      {
        error: 'no_token',
      },
    );
  const old = await readStoredToken(terminal, issuer);
  const { id: userId, token, expiresAt, tokenId } = await successor(issuer, session);
  const path = await writeStoredToken(terminal, issuer, { token, userId, tokenId, expiresAt });
  const revoked = await revoke(issuer, { ...session, accessToken: token }, old?.tokenId);
  if (flags.json) return answer(terminal, JSON.stringify({ issuer, id: userId, tokenId, expiresAt, stored: path, revoked }));
  answer(terminal, `The token in ${path} is new, and works until ${plainLine(expiresAt).slice(0, 10)}.`);
  if (!revoked) note(terminal, `The old one still works until it ends: \`safeconduct tokens list --user ${plainLine(userId)}\` shows it.`);
}

async function successor(issuer: string, session: Session): Promise<Made & { readonly tokenId: string }> {
  const { me } = table;
  const { id, kind, scopes } = (await ask(issuer, session, { method: me.method, path: me.path })) as {
    id: string;
    kind: string;
    scopes: string[];
  };
  if (kind !== 'service')
    throw new CommandProblem(
      'This is the token of a person: sign in with `safeconduct login`, and make one with `safeconduct tokens mine create`.',
      {
        error: 'no_service_user',
      },
    );
  const { method, path } = table['tokens.create'];
  const body = { serviceUser: id, name: 'renewed by safeconduct renew', resources: [`${issuer}${ADMIN_PATH}`], scopes };
  const made = (await ask(issuer, session, { method, path, body })) as Made;
  return { ...made, id, tokenId: made.id };
}

async function revoke(issuer: string, session: Session, tokenId: string | undefined): Promise<boolean> {
  if (tokenId === undefined) return false;
  const { method, path } = table['tokens.revoke'];
  try {
    await ask(issuer, session, { method, path: path.replace('{token}', encodeURIComponent(tokenId)) });
    return true;
  } catch (error) {
    if (error instanceof CommandProblem) return false;
    throw error;
  }
}
