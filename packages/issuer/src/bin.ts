#!/usr/bin/env node
/** The `safeconduct` command. Secrets come from the environment or files, never from arguments, which everybody can list. */
import { Command, Option } from 'commander';
import { applyFile, developing, migrating, rotating, serving, verifying } from './ops/commands.ts';

const program = new Command('safeconduct')
  .description('The OpenID provider in the box. Settings: docs/configuration.md')
  .showHelpAfterError();

const config = () => new Option('--config <file>', 'configuration in code').env('SAFECONDUCT_CONFIG').default('safeconduct.config.ts');
const json = () => new Option('--json', 'print JSON instead of text').default(false);
const dev = () => new Option('--dev', 'act on the development database of this directory').default(false);

program
  .command('dev')
  .description('run on this machine with the embedded database, and apply the configuration at start')
  .addOption(config())
  .option('--port <number>', 'listen on http://localhost:<number>')
  .action(developing);
program.command('start').description('run in production').action(serving);
program.command('migrate').description('bring the database schema up to date').addOption(dev()).addOption(json()).action(migrating);
program
  .command('apply')
  .description('make the database say what the configuration says')
  .addOption(config())
  .addOption(dev())
  .addOption(json())
  .action(applyFile);
program
  .command('audit')
  .description('the audit log')
  .command('verify')
  .description('find events that were changed, removed, moved or slipped in')
  .option('--expect <position:hash:signature>', 'an end of the log that was noted earlier')
  .addOption(dev())
  .addOption(json())
  .action(verifying);
program
  .command('keys')
  .description('the keys that sign tokens')
  .command('rotate')
  .description('let the next key sign now, if it was published for long enough')
  .option('--compromised', 'remove the signing key at once: every token it signed stops working', false)
  .addOption(dev())
  .addOption(json())
  .action(rotating);

await program.parseAsync();
