import type { SignedIn } from 'safeconduct/login';
import { type Account, nameOf } from './account.ts';
import type { Conversation } from './conversation.ts';
import { factLines, type Look, ownParagraph } from './look.ts';
import { plainLine } from './plain-text.ts';
import { explain } from './why.ts';

/** What a command works on. */
export interface CommandContext {
  readonly account: Account;
  readonly signedIn: SignedIn;
  readonly conversation: Conversation;
  readonly look: Look;
  readonly write: (text: string) => void;
}

interface Command {
  readonly names: readonly string[];
  readonly does: string;
  /** Gives true when the program ends after it. */
  readonly run: (context: CommandContext) => boolean | Promise<boolean>;
}

const text = (value: unknown): string => (typeof value === 'string' ? plainLine(value) : '');

function whoami({ signedIn, look, write }: CommandContext): boolean {
  const { identity } = signedIn;
  const ends = identity.expiresAt.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  const facts: [string, string][] = [
    ['e-mail', text(identity.claims.email)],
    ['subject', plainLine(identity.subject)],
    ['roles', identity.roles.map((role) => plainLine(role)).join(', ') || 'none'],
    ['organization', text(identity.organization)],
    ['may', identity.scopes.map((scope) => plainLine(scope)).join(', ')],
    ['issuer', plainLine(identity.issuer)],
    ['client', plainLine(identity.client)],
    ['token', `until ${ends}, then renewed by itself`],
  ];
  const lines = factLines(
    facts.filter(([, value]) => value !== ''),
    look,
  );
  write(`  ${look.strong(nameOf(signedIn))}\n${lines.join('\n')}\n\n`);
  return false;
}

async function logout({ account, signedIn, look, write }: CommandContext): Promise<boolean> {
  const outcome = await account.signOut();
  const browser = `A browser that signed in at ${plainLine(signedIn.identity.issuer)} stays signed in there.`;
  write(`${ownParagraph(`${look.strong(nameOf(signedIn))} ${whatBecame(outcome)}`, look)}\n`);
  write(`${look.quiet(ownParagraph(browser, look))}\n`);
  return true;
}

function whatBecame({ signedOut, revoked }: Awaited<ReturnType<Account['signOut']>>): string {
  if (!signedOut) return 'was signed out already.';
  if (revoked) return 'is signed out. The tokens are revoked and deleted.';
  return 'is signed out here. The issuer could not be told: an access token ends within 10 minutes.';
}

const commands: readonly Command[] = [
  {
    names: ['/why'],
    does: 'arguments and proof of the tools behind the last answer',
    run: ({ conversation, look, write }) => {
      write(`${explain(conversation.runs(), look)}\n`);
      return false;
    },
  },
  { names: ['/whoami'], does: 'as whom everything here runs', run: whoami },
  { names: ['/logout'], does: 'sign out here and end the tokens', run: logout },
  { names: ['/help'], does: 'this list', run: help },
  { names: ['/exit', '/quit'], does: 'leave and stay signed in; Ctrl-C twice or Ctrl-D do the same', run: () => true },
];

function help({ look, write }: CommandContext): boolean {
  const lines = factLines(
    commands.map(({ names, does }) => [names[0] ?? '', does]),
    look,
  );
  write(`${lines.join('\n')}\n${look.quiet('    Ctrl-C stops an answer. Everything else you type is a question.')}\n\n`);
  return false;
}

/** Runs a line that begins with a slash. Gives true when the program ends after it. */
export async function runCommand(line: string, context: CommandContext): Promise<boolean> {
  const [name = ''] = line.split(/\s/);
  const command = commands.find(({ names }) => names.includes(name.toLowerCase()));
  if (command) return command.run(context);
  context.write(`  There is no ${plainLine(name, 40)}. /help lists what there is.\n\n`);
  return false;
}
