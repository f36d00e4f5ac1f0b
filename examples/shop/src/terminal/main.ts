/** The shop assistant in the terminal: signs in, then talks. */
import { failureLine, linesOf, type SignInStep } from 'safeconduct/cli';
import type { SignedIn } from 'safeconduct/login';
import { type Account, createAccount, nameOf } from './account.ts';
import { createChatApi } from './chat-api.ts';
import { runCommand } from './commands.ts';
import { createConversation } from './conversation.ts';
import { openHistory } from './history.ts';
import { type Interrupts, interruptedExit, watchInterrupts } from './interrupts.ts';
import { createLook, type Look } from './look.ts';
import { type ChatOptions, OptionError, readOptions, usage } from './options.ts';
import { plainLine } from './plain-text.ts';
import { createPrompt } from './prompt.ts';
import { whatIsDown } from './reach.ts';
import { createSpinner, type Spinner } from './spinner.ts';

interface Terminal {
  readonly look: Look;
  readonly spinner: Spinner;
  readonly write: (text: string) => void;
  readonly interrupts: Interrupts;
}

function openTerminal({ colour }: ChatOptions): Terminal {
  const look = createLook(process.stdout, { colour });
  const spinner = createSpinner(process.stdout, look);
  const interrupts = watchInterrupts((code) => {
    spinner.stop();
    process.exit(code);
  });
  return { look, spinner, interrupts, write: (text) => process.stdout.write(text) };
}

function tellIn({ look, spinner, write }: Terminal): (step: SignInStep) => void {
  return (step) => {
    spinner.stop();
    const lines = linesOf(step).map(({ text, quiet }) => (quiet ? look.quiet(text) : text));
    write(`${lines.join('\n')}\n\n`);
  };
}

/** Signs in and says as whom. Gives the exit code instead when nobody is signed in, after it said why. */
async function enter(account: Account, { look, write, interrupts }: Terminal): Promise<SignedIn | number> {
  let signedIn: SignedIn | undefined;
  let interrupted = false;
  try {
    interrupted = await interrupts.during(async (signal) => {
      signal.addEventListener('abort', () => {
        interrupted = true;
      });
      signedIn = await account.signIn(signal);
    });
  } catch (error) {
    // Who pressed Ctrl-C knows why nobody is signed in.
    process.stderr.write(interrupted ? 'Stopped. Nobody was signed in.\n' : `${failureLine(error)}\n`);
  }
  if (!signedIn) return interrupted ? interruptedExit : 1;
  const name = nameOf(signedIn);
  const { claims, roles } = signedIn.identity;
  const details = [claims.email, ...roles].filter((value) => typeof value === 'string' && value !== name);
  write(`Signed in as ${look.strong(name)}${look.quiet(`  ${details.map((value) => plainLine(String(value), 60)).join(', ')}`)}\n`);
  return signedIn;
}

async function talk(options: ChatOptions, account: Account, signedIn: SignedIn, terminal: Terminal): Promise<void> {
  const { look, write, interrupts } = terminal;
  const api = createChatApi({ api: options.api, accessToken: account.accessToken, fetch });
  const conversation = createConversation({ api, issuer: options.issuer, ...terminal });
  await interrupts.during(async (signal) => {
    const model = await api.model(signal).catch(() => undefined); // an answer says more when the shop is in trouble
    if (model) write(`${look.quiet(`Answers come from: ${model}`)}\n`);
  });
  write(`${look.quiet('Type a question, or /why, /whoami, /logout, /help.')}\n\n`);
  const history = await openHistory(options.historyFile);
  const prompt = createPrompt({ input: process.stdin, output: process.stdout, look, history });
  try {
    for (let line = await prompt.next(); line !== undefined; line = await prompt.next()) {
      // Enter alone goes on where an answer waited for an account to be connected.
      const question = line.trim() || conversation.waiting();
      if (question === undefined) continue;
      if (question.startsWith('/')) {
        write('\n');
        if (await runCommand(question, { account, signedIn, conversation, look, write })) break;
      } else if (await interrupts.during((signal) => conversation.ask(question, signal))) {
        prompt.interrupted();
      }
    }
  } finally {
    prompt.close();
    await history.save();
  }
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2), process.env, process.stdout.isTTY === true);
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }
  const down = await whatIsDown(options, fetch);
  if (down !== undefined) {
    process.stderr.write(`${down}\n`);
    return 1;
  }
  const terminal = openTerminal(options);
  const { look, write } = terminal;
  write(`${look.seal('∩')}${look.strong(' Shop assistant')}\n\n`);
  const account = createAccount(options, { environment: process.env, tell: tellIn(terminal) });
  const signedIn = await enter(account, terminal);
  if (typeof signedIn === 'number') return signedIn;
  await talk(options, account, signedIn, terminal);
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.exitCode = 1;
  process.stderr.write(error instanceof OptionError ? `${error.message}\n` : `${failureLine(error)}\n`);
}
