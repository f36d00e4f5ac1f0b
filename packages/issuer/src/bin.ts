#!/usr/bin/env node
/**
 * The `safeconduct` command. Secrets come from the environment or files, never from arguments, which everybody can list.
 *
 * The commands of the first part work on this machine: on the database, or by running the issuer. All others, in `command/`,
 * speak to an issuer over HTTP.
 */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { addIssuerCommands } from './command/program.ts';
import { commandEnvironment } from './config.ts';
import { dialectNames } from './dialects/table.ts';

const inJson = process.argv.includes('--json');
const usageInJson = (text: string): string =>
  JSON.stringify({ error: 'usage', error_description: text.trim().replace(/^error: ./, (start) => start.slice(7).toUpperCase()) });

const program = new Command('safeconduct')
  .description('The OpenID provider in the box: run it, and manage what it knows. Guide: docs/administration.md')
  .showHelpAfterError(inJson ? false : 'Add --help to see what it takes.')
  .configureOutput({ outputError: (text, write) => write(inJson ? `${usageInJson(text)}\n` : text) })
  .exitOverride();

const config = () => new Option('--config <file>', 'configuration in code').env('SAFECONDUCT_CONFIG').default('safeconduct.config.ts');
const json = () => new Option('--json', 'print JSON instead of text').default(false);
const dev = () => new Option('--dev', 'act on the development database of this directory').default(false);

const dialect = () =>
  new Option(
    '--dialect <name...>',
    'speak as this vendor does, at an origin of its own (several names for several). Without a configuration file, with a demo world',
  ).choices(dialectNames);
const port = () =>
  new Option('--port <number>', 'listen on this port of localhost; with --dialect, the first one does').argParser((text: string) => {
    if (/^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535) return Number(text);
    throw new InvalidArgumentError('It must be a number from 1 to 65535.');
  });

// The issuer is loaded where it is needed: the other commands start in a quarter of the time.
const local = () => import('./ops/commands.ts');

program
  .commandsGroup('Run an issuer, on this machine:')
  .command('dev')
  .description('run on this machine with the embedded database, and apply the configuration at start')
  .addOption(config())
  .addOption(dialect())
  .addOption(port())
  .action(async (flags, command: Command) =>
    (await local()).developing({ ...flags, optional: command.getOptionValueSource('config') === 'default' }),
  );
program
  .command('start')
  .description('run in production')
  .action(async () => (await local()).serving());
program
  .command('migrate')
  .description('bring the database schema up to date')
  .addOption(dev())
  .addOption(json())
  .action(async (flags) => (await local()).migrating(flags));
program
  .command('apply')
  .description('make the database say what the configuration says')
  .addOption(config())
  .addOption(dev())
  .addOption(json())
  .action(async (flags) => (await local()).applyFile(flags));
program
  .command('audit')
  .description('the audit log, checked on the database itself')
  .command('verify')
  .description('find events that were changed, removed, moved or slipped in')
  .option('--expect <position:hash:signature>', 'an end of the log that was noted earlier')
  .addOption(dev())
  .addOption(json())
  .action(async (flags) => (await local()).verifying(flags));
program
  .command('keys')
  .description('the keys that sign tokens')
  .command('rotate')
  .description('let the next key sign now, if it was published for long enough. Works on the database itself')
  .option('--compromised', 'remove the signing key at once: every token it signed stops working', false)
  .addOption(dev())
  .addOption(json())
  .action(async (flags) => (await local()).rotating(flags));

const { stdin: input, stdout: output, stderr: errors } = process;
addIssuerCommands(program, { environment: commandEnvironment(), input, output, errors });

// Whoever reads may stop reading, as `head` does.
output.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  // What was typed is wrong (2), or help was asked for (0).
  process.exitCode = error.exitCode === 0 ? 0 : 2;
}
