import { parseArgs } from 'node:util';

/** What the command line and the environment ask for. */
export interface ChatOptions {
  /** Exactly as the issuer writes itself. */
  readonly issuer: string;
  /** Address of the API, such as `http://localhost:3000/api`; also what access tokens are for. */
  readonly api: string;
  /** True: device grant, false: browser, undefined: what works here. */
  readonly device: boolean | undefined;
  readonly colour: boolean;
  /** False keeps tokens in a file of mode 0600 although the system has a keyring. */
  readonly keyring: boolean;
  /** File that keeps what was asked; undefined keeps it in memory. */
  readonly historyFile: string | undefined;
  readonly help: boolean;
}

/** An option that cannot be used. The message says what to write. */
export class OptionError extends Error {
  override readonly name = 'OptionError';
}

/** How to call the program. */
export const usage = `Talk to the shop assistant as yourself.

  npm run chat                      sign in through the browser, then talk
  npm run chat -- --device          sign in on any device, with a code
  npm run chat -- --no-device       sign in through the browser, wherever this runs
  npm run chat -- --issuer URL      the OpenID provider (SAFECONDUCT_ISSUER, http://localhost:8080)
  npm run chat -- --api URL         the shop's API (SHOP_URL with /api, http://localhost:3000/api)
  npm run chat -- --no-keyring      tokens in a file of mode 0600 alone
  npm run chat -- --no-color        no colours (also NO_COLOR)

SHOP_CHAT_HISTORY=FILE keeps what you asked for the next time.
`;

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the command line and the environment. Throws `OptionError`. */
export function readOptions(parameters: readonly string[], environment: Environment, isTerminal: boolean): ChatOptions {
  const { device, issuer, api, color, keyring, help } = parse(parameters);
  const shop = address(environment.SHOP_URL || 'http://localhost:3000', 'SHOP_URL');
  return {
    issuer: address(issuer ?? (environment.SAFECONDUCT_ISSUER || 'http://localhost:8080'), '--issuer'),
    api: api === undefined ? `${new URL(shop).origin}/api` : withoutSlash(address(api, '--api')),
    device,
    colour: color !== false && isTerminal && !environment.NO_COLOR && environment.TERM !== 'dumb',
    keyring: keyring !== false,
    historyFile: environment.SHOP_CHAT_HISTORY || undefined,
    help: help === true,
  };
}

function parse(parameters: readonly string[]) {
  try {
    return parseArgs({
      args: [...parameters],
      allowNegative: true,
      options: {
        device: { type: 'boolean' },
        issuer: { type: 'string' },
        api: { type: 'string' },
        color: { type: 'boolean' },
        keyring: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new OptionError(`${error instanceof Error ? error.message : 'unknown option'}. Try --help.`);
  }
}

const withoutSlash = (url: string): string => url.replace(/\/+$/, '');

function address(value: string, name: string): string {
  if (/^https?:\/\//.test(value) && URL.canParse(value)) return value;
  throw new OptionError(`${name} is "${value}": write an http(s) address, such as http://localhost:3000`);
}
