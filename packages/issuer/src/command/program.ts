/** The commands that speak to an issuer over HTTP. They know its admin API by the table of routes, and nothing else of it. */
import type { Command } from 'commander';
import { type ActingFlags, acting, withActingFlags } from './acting.ts';
import { renew } from './renew.ts';
import { type SetupFlags, setUp } from './setup.ts';
import { type LoginFlags, type LogoutFlags, logIn, logOut, whoAmI } from './sign-in.ts';
import { addTableCommands } from './table-commands.ts';
import type { Terminal } from './terminal.ts';

/** Adds them all. What the program has already is left as it is. */
export function addIssuerCommands(program: Command, terminal: Terminal): void {
  program
    .commandsGroup('Manage an issuer, over its admin API:')
    .command('setup')
    .description(
      'Give the issuer on this machine its first administrator, once: a service user whose token this machine keeps, or, with --email, a person.',
    )
    .summary('give the issuer on this machine its first administrator')
    .option('--code-file <file>', 'the file that the issuer wrote (SAFECONDUCT_DATA/setup.json, else .safeconduct/setup.json)')
    .option('--email <address>', 'make a person with this e-mail address. The password is asked for, or read from SAFECONDUCT_PASSWORD')
    .option('--name <text>', 'the name of the person')
    .option('--password-file <file>', 'a file with the password; - reads standard input')
    .option('--print-token', 'show the token of the service user, this once', false)
    .option('--json', 'answer in JSON', false)
    .action((flags: SetupFlags) => acting(terminal, flags, () => setUp(terminal, flags)));
  withActingFlags(program.command('login').description('sign in at an issuer'))
    .option('--device', 'sign in on another device', false)
    .option('--token-file <file>', 'keep a personal access token instead; - reads standard input')
    .action((flags: LoginFlags) => acting(terminal, flags, () => logIn(terminal, flags)));
  withActingFlags(program.command('logout').description('sign out, here and at the issuer'))
    .option('--forget-token', 'remove the personal access token that is kept for the issuer, too', false)
    .action((flags: LogoutFlags) => acting(terminal, flags, () => logOut(terminal, flags)));
  withActingFlags(program.command('whoami').description('say as whom commands act')).action((flags: ActingFlags) =>
    acting(terminal, flags, () => whoAmI(terminal, flags)),
  );
  withActingFlags(program.command('renew').description('replace the personal access token that this machine keeps by a new one')).action(
    (flags: ActingFlags) => acting(terminal, flags, () => renew(terminal, flags)),
  );
  addTableCommands(program, terminal);
}
